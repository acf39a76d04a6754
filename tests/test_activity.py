"""Activity: topics, sentences, pages, the feed, and who sees what."""

from types import SimpleNamespace

import pytest

from board.activity.topics import public_topics, topics
from board.policy import VERBS


def row(verb: str, **ids: int) -> SimpleNamespace:
    nothing = dict.fromkeys(("proposal_id", "package_id", "comment_id", "partner_id", "about_id"))
    return SimpleNamespace(verb=verb, **{**nothing, **ids})


@pytest.mark.parametrize(
    ("happened", "told"),
    [
        (row("proposal.propose", proposal_id=12, partner_id=3), {"proposals", "proposal-12", "counts-12", "partner-3"}),
        (row("proposal.accept", proposal_id=12), {"proposal-12", "counts-12"}),
        (row("ballot.cast", proposal_id=12, partner_id=3, about_id=3), {"tally-12", "ballot-12-3", "partner-3"}),
        (
            row("offer.declare", proposal_id=12, partner_id=3, about_id=3),
            {"tally-12", "coalition-12", "offers-12-3", "partner-3"},
        ),
        (row("reuse.record", proposal_id=12, about_id=3), {"reuse-12", "tally-12", "partner-3"}),
        (
            row("package.claim", proposal_id=12, package_id=7, partner_id=3),
            {"package-7", "packages-12", "counts-12", "packages", "partner-3"},
        ),
        (row("package.bid", package_id=7, partner_id=3, about_id=3), {"package-7", "packages", "partner-3"}),
        (row("comment.write", proposal_id=12, comment_id=5), {"comments-FV-12", "counts-12"}),
        (
            row("comment.write", proposal_id=12, package_id=7, comment_id=5),
            {"comments-AP-7", "package-7", "counts-12"},
        ),
        (row("partner.pause", about_id=3), {"partner-3"}),
    ],
)
def test_a_row_names_the_components_it_concerns(happened: SimpleNamespace, told: set[str]) -> None:
    assert topics(happened) == told | {"activity"}


def test_account_events_are_nobodys_news() -> None:
    for verb in VERBS:
        if verb.startswith(("session.", "person.")):
            assert topics(row(verb, partner_id=3, about_id=4)) == frozenset()


def test_strangers_do_not_learn_by_a_topic_which_partner_has_cast_its_ballot() -> None:
    cast = row("ballot.cast", proposal_id=12, partner_id=3, about_id=3)
    assert public_topics(cast) == {"activity", "tally-12"}
    assert public_topics(row("condition.state", proposal_id=12, partner_id=3, about_id=3)) == {
        "activity", "tally-12", "coalition-12",
    }  # fmt: skip
    assert "partner-3" in public_topics(row("offer.declare", proposal_id=12, partner_id=3, about_id=3))
