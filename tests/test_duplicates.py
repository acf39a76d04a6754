"""Duplicates: two proposals become one with all that is on them, and are two again exactly as they were."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board.db import at, db, now, transaction
from board.duplicates import moving, queries, verbs
from board.duplicates.models import Duplicate
from board.errors import Conflict, Denied
from board.estimates import verbs as estimates
from board.figures import queries as figures
from board.i18n import in_days, today
from board.issues import inbox
from board.issues.models import Development, IssueLink
from board.models import metadata
from board.notifications import queries as notifications
from board.notifications.models import Watch
from board.partners.models import Partner
from board.policy import ANONYMOUS
from board.proposals import queries as proposals
from board.proposals.models import Proposal, ProposalBuilder, ProposalLink
from board.proposals.states import State
from board.record.checks import everything
from board.reuse import asking
from board.reuse.old import is_old
from board.search import queries as search
from board.voting import ballots, offers, reuses
from board.voting import queries as voting
from board.voting.models import Ballot, OfferKind, Reuse, ReuseStatus
from board.work import reshaping
from tests import factories
from tests.conftest import Browser
from tests.people import Cast
from tests.webhooks.forge import Forge, github_issue

TOUCHED = frozenset({"version", "active_at"})
LOGS = frozenset({"activity", "merger", "alembic_version", "seal", "slip"})


def board() -> dict[str, list[Any]]:
    """Everything that stands in the database, but the record and what counts changes."""
    db.session.close()
    return {
        table.name: sorted(
            repr({name: value for name, value in row.items() if name not in TOUCHED})
            for row in db.session.execute(select(table)).mappings()
            if row.get("n") != 0  # A total of nothing.
        )
        for table in metadata.sorted_tables
        if table.name not in LOGS
    }


def wrong() -> list[Any]:
    """What `flask check` finds."""
    found = [f.wrong for f in everything() if not f.ok]
    db.session.close()
    return found


def merge(people: Cast, old: int, into: int) -> None:
    """Pia merges."""
    with transaction():
        verbs.merge(*verbs.locked(old, into), people.pia.actor)


def unmerge(people: Cast, old: int) -> None:
    """Pia takes it back."""
    with transaction():
        verbs.unmerge(*verbs.locked(old), people.pia.actor)


def fill(people: Cast) -> tuple[int, int]:
    """Two proposals that say the same, with something of every kind on both, and partners that did the same on both."""
    old, into = factories.make_proposal(people, title="Mängel melden"), factories.make_proposal(people, title="Mängel")
    with at(now() - timedelta(days=5)):
        factories.cast(people, old, "against", by=people.cleo.actor)
        factories.cast(people, into, "for")
        factories.offer(people, into, "days", days=5)
        factories.offer(people, old, "lead", by=people.cleo.actor)
    factories.cast(people, old, "abstain")
    factories.cast(people, into, "for", by=people.cleo.actor)
    factories.offer(people, old, "days", days=9)
    with transaction():
        offers.confirm(ballots.locked(old, people.ada.actor), OfferKind.DAYS, "Rat", today(), people.ada.actor)
        offers.state(ballots.locked(old, people.ada.actor), offers.Wish(condition="Nur mit."), people.ada.actor)
        reuses.record(ballots.locked(old, people.ada.actor), reuses.Record(ReuseStatus.LIVE), people.ada.actor)
        reuses.record(ballots.locked(into, people.cleo.actor), reuses.Record(ReuseStatus.PLANNED), people.cleo.actor)
        estimates.make(proposals.locked(old), people.ada.actor, estimates.Figures(5, 9, in_days(30)))
        db.session.add(Watch(person_id=people.ben.person_id or 0, key=f"FV-{old}"))
        for number, urls in ((old, ("https://a.example", "https://b.example")), (into, ("https://b.example",))):
            db.session.add_all(ProposalLink(proposal_id=number, title="Quelle", url=url) for url in urls)
        partners = ((old, people.aalen), (old, people.celle), (into, people.aalen))
        db.session.add_all(ProposalBuilder(proposal_id=p, partner_id=partner) for p, partner in partners)
    factories.comment(people.ben.actor, "Hier.", proposal_id=old)
    package = factories.make_package(people, old)
    factories.comment(people.ben.actor, "Und hier.", package_id=package)
    factories.make_package(people, into, title="Texte")
    return old, into


def test_a_merger_moves_everything_and_the_later_ballot_counts(app: Flask, people: Cast) -> None:
    with app.app_context():
        old, into = fill(people)
        merge(people, old, into)
        found = db.session.get_one(Proposal, into)
        assert (found.n_for, found.n_against, found.n_abstain) == (1, 0, 1), "Celle's later, Aalen's later"
        assert (found.n_comments, found.n_packages, found.n_free, found.n_live) == (1, 2, 2, 1)
        assert (found.effort_low, found.effort_high) == (5, 9)
        assert '"days": 9' in found.coalition
        assert "Celle" in found.coalition
        urls = select(ProposalLink.url).where(ProposalLink.proposal_id == into)
        assert sorted(db.session.scalars(urls)) == ["https://a.example", "https://b.example"], "each link once"
        built = select(ProposalBuilder.partner_id).where(ProposalBuilder.proposal_id == into)
        assert set(db.session.scalars(built)) == {people.aalen, people.celle}
        gone = db.session.get_one(Proposal, old)
        assert (gone.state, gone.merged_into_id) == ("merged", into)
        assert (gone.n_comments, gone.n_packages, gone.n_live, gone.effort_high) == (0, 0, 0, 0)
        assert db.session.scalar(select(func.count()).where(Ballot.proposal_id == old)) == 2, "what was said stays"
        assert db.session.get(Watch, (people.ben.person_id, f"FV-{into}")) is not None
        assert wrong() == []


def test_taking_it_back_restores_every_row_and_every_count_exactly(app: Flask, people: Cast) -> None:
    with app.app_context():
        old, into = fill(people)
        before = board()
        merge(people, old, into)
        assert board() != before
        unmerge(people, old)
        after = board()
        for table, rows in before.items():
            assert after[table] == rows, table
        assert wrong() == []


def test_what_happened_since_stays_where_it_happened(app: Flask, people: Cast) -> None:
    with app.app_context():
        old, into = fill(people)
        merge(people, old, into)
        factories.cast(people, into, "for")
        factories.comment(people.ada.actor, "Nach der Zusammenführung.", proposal_id=into)
        factories.offer(people, into, "days", days=20)
        unmerge(people, old)
        choice = select(Ballot.choice).where(Ballot.partner_id == people.aalen)
        assert db.session.scalar(choice.where(Ballot.proposal_id == into)) == "for"
        assert db.session.scalar(choice.where(Ballot.proposal_id == old)) == "abstain"
        assert '"days": 20' in db.session.get_one(Proposal, into).coalition
        assert '"days": 9' in db.session.get_one(Proposal, old).coalition
        assert db.session.get_one(Proposal, into).n_comments == 1
        assert wrong() == []


@pytest.mark.parametrize(("state", "into_state"), [("deferred", "open"), ("open", "available"), ("accepted", "open")])
def test_decided_votes_stay_as_they_were_decided(app: Flask, people: Cast, state: str, into_state: str) -> None:
    with app.app_context():
        old, into = factories.make_proposal(people), factories.make_proposal(people)
        for number in (old, into):
            factories.cast(people, number, "for")
        words = {"body": "Rat", "decided_on": today(), "reason": "Weil."}
        for number, wanted in ((old, state), (into, into_state)):
            for verb in factories.PATHS[State(wanted)]:
                said = {"accept": words | {"without_estimate": "Klein"}, "defer": words}.get(verb, {})
                with transaction():
                    getattr(proposals.locked(number), verb)(people.pia.actor, **said)
        tally = db.session.get_one(Proposal, into).n_for
        before = board()
        merge(people, old, into)
        assert db.session.get_one(Proposal, into).n_for == tally
        unmerge(people, old)
        assert board() == before
        assert wrong() == []


def test_only_what_still_stands_can_be_merged_and_only_once(app: Flask, people: Cast) -> None:
    with app.app_context():
        one, two, three = (factories.make_proposal(people) for _n in range(3))
        withdrawn = factories.make_proposal(people, state="withdrawn")
        for old, into in ((one, one), (one, withdrawn), (withdrawn, one)):
            with pytest.raises(Conflict):
                merge(people, old, into)
        merge(people, one, two)
        with pytest.raises(Conflict):
            merge(people, one, three)
        with pytest.raises(Conflict):
            merge(people, two, one)
        merge(people, two, three)
        assert queries.leads_to(one) == three
        with pytest.raises(Conflict, match="zuerst"):
            unmerge(people, one)
        unmerge(people, two)
        unmerge(people, one)
        with pytest.raises(Conflict):
            unmerge(people, one)
        with pytest.raises(Denied), transaction():
            verbs.merge(*verbs.locked(one, two), people.ada.actor)
        assert wrong() == []


def test_a_merged_proposal_leaves_lists_counts_and_search_and_its_address_leads_on(
    app: Flask, people: Cast, gast: Browser, ada: Browser
) -> None:
    with app.app_context():
        old, into = fill(people)
        merge(people, old, into)
        assert [h.key for g in search.find("Mängel", ANONYMOUS, "proposal") for h in g.hits] == [f"FV-{into}"]
        assert search.jump(f"FV-{old}", ANONYMOUS)[0].key == f"FV-{into}"
        aalen = db.session.get_one(Partner, people.aalen)
        shown = proposals.for_partner(aalen, people.ada.actor)["proposed_ids"]
        assert old not in shown
        listed = voting.for_partner(aalen, people.ada.actor)
        assert {entry["key"] for entries in listed.values() for entry in entries} == {f"FV-{into}"}
    listed = gast.get("/proposals").text
    assert f"/proposals/FV-{old}" not in listed
    assert "1 Vorschlag" in listed
    answer = gast.get(f"/proposals/FV-{old}")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/proposals/FV-{into}#merged-{old}"
    page = gast.get(f"/proposals/FV-{into}").text
    assert "Hier aufgegangen" in page
    assert "Hier." in page, "its comment has moved"
    record = ada.get(f"/proposals/FV-{old}/merged").text
    assert "Schäden" in record
    assert "Enthaltung" in record
    assert f"Zusammenführung mit FV-{old}" in ada.get(f"/proposals/FV-{into}").text, "both ballots are in the history"
    assert "Cleo" not in gast.get(f"/proposals/FV-{old}/merged").text
    assert ada.post(f"/proposals/FV-{old}/comments", data={"text": "Zu spät."}).status_code == 409


def test_a_merged_proposal_is_counted_in_no_picture_and_nobody_is_asked_or_told_about_it(
    app: Flask, people: Cast
) -> None:
    with app.app_context():
        with at(now() - timedelta(days=400)):
            old, into = fill(people)
            with transaction():
                wish = reuses.Record(ReuseStatus.LIVE)
                reuses.record(ballots.locked(into, people.ada.actor), wish, people.ada.actor)
        with transaction():
            words = {"body": "Rat", "decided_on": today(), "reason": "Weil."}
            proposals.locked(old).defer(people.pia.actor, **words)
        assert [one.id for one in notifications.decided_since(people.ben.person_id or 0)] == [old]
        merge(people, old, into)
        assert all(row.total == (row.parts["open"]) <= 1 for row in figures.by_state(24))
        assert figures.decided().n == 0
        assert sum(row.parts["offered"] for row in figures.by_partner()) == 9, "the later offer, once"
        asked = set(db.session.scalars(select(Reuse.proposal_id).where(is_old())))
        assert asked == {into}
        stayed = db.session.scalars(select(Reuse).where(Reuse.proposal_id == old)).one()
        assert asking.asked(asking.token(stayed.id, people.ada.person_id or 0)) is None
        assert notifications.decided_since(people.ben.person_id or 0) == []
        assert inbox.similar(["Mängel melden"])[0][0].key == f"FV-{into}"
        unmerge(people, old)
        assert figures.by_state(1)[0].parts["deferred"] == 1


@pytest.mark.parametrize("how", ["issue", "by hand"])
def test_a_key_of_a_merged_proposal_or_package_means_the_survivor(
    app: Flask, people: Cast, pia: Browser, how: str
) -> None:
    forge = Forge(app, "github")
    with app.app_context():
        one, two, three = (factories.make_proposal(people) for _n in range(3))
        first, second = (factories.make_package(people, one, title=title) for title in ("Karte", "Kartenbild"))
        merge(people, one, two)
        merge(people, two, three)
        with transaction():
            reshaping.merge(first, second, people.pia.actor)
    words = f"FV-{one} und AP-{first}" if how == "issue" else "Karte leer"
    assert forge.post(github_issue(title=words)).status_code == 200
    if how == "by hand":
        for key in (f"FV-{one}", f"AP-{first}"):
            assert pia.post("/issues/1/link", data={"key": key}).status_code == 303
    with app.app_context():
        found = db.session.execute(select(IssueLink.proposal_id, IssueLink.package_id))
        assert {tuple(row) for row in found} == {(three, None), (None, second)}
        assert wrong() == []


def test_a_push_that_names_a_merged_package_shows_with_its_survivor(app: Flask, people: Cast) -> None:
    forge = Forge(app, "github")
    with app.app_context():
        first = factories.make_package(people, title="Karte")
        second = factories.make_package(people, 1, title="Kartenbild")
        with transaction():
            reshaping.merge(first, second, people.pia.actor)
    push = {
        "ref": "refs/heads/karte", "after": "1" * 40, "repository": github_issue()["repository"],
        "commits": [{"message": f"AP-{first}: Kacheln", "author": {"email": "e@example.org"}}],
    }  # fmt: skip
    assert forge.post(push, "push").status_code == 200
    with app.app_context():
        assert db.session.scalars(select(Development.package_id)).all() == [second]


def test_anybody_with_a_seat_suggests_and_product_owners_merge_dismiss_and_undo(
    app: Flask, people: Cast, ben: Browser, pia: Browser, rolf: Browser
) -> None:
    with app.app_context():
        for title in ("Mängel melden", "Mängelmelder", "Bäder"):
            factories.make_proposal(people, title=title)
    bad = ben.post("/proposals/FV-1/duplicate", data={"of": "irgendwas"}, partial=True)
    assert bad.status_code == 422
    assert "FV-12" in bad.text
    assert ben.post("/proposals/FV-1/duplicate", data={"of": "FV-1"}, partial=True).status_code == 409
    told = ben.post("/proposals/FV-1/duplicate", data={"of": "fv-2", "note": "Gleicher Bedarf."}, partial=True)
    assert told.status_code == 200
    assert "Gleicher Bedarf." in told.text
    assert rolf.post("/proposals/FV-2/duplicate", data={"of": "FV-1"}).status_code == 303, "said already, from there"
    with app.app_context():
        assert db.session.scalar(select(func.count(Duplicate.id))) == 1
    assert "Vielleicht dasselbe wie" in ben.get("/proposals/FV-2").text
    assert 'href="/proposals/FV-1/merge?into=FV-2"' in pia.get("/").text
    assert "/merge" not in ben.get("/").text
    assert pia.post("/duplicates/1/dismiss").status_code == 303
    assert "Vielleicht dasselbe wie" not in ben.get("/proposals/FV-2").text
    page = pia.get("/proposals/FV-1/merge").text
    assert "FV-2" in page, "what resembles it is offered"
    assert ">Zusammenführen</button>" in page, "the same word as on the button that led here"
    assert pia.post("/proposals/FV-1/merge", data={"into": "x"}).status_code == 422
    done = pia.post("/proposals/FV-1/merge", data={"into": "FV-2"})
    assert (done.status_code, done.headers["Location"]) == (303, "/proposals/FV-2"), "at the top, where it is told"
    assert "Rückgängig" in pia.get("/proposals/FV-2").text
    assert pia.post("/proposals/FV-1/merge", data={"into": "FV-3"}).status_code == 409
    assert pia.post("/proposals/FV-1/unmerge").status_code == 303
    assert pia.post("/proposals/FV-1/unmerge").status_code == 409
    assert pia.get("/proposals/FV-1").status_code == 200


def test_a_proposals_page_costs_the_same_with_many_mergers(app: Flask, people: Cast, statements: list[str]) -> None:
    numbers = [factories.make_proposal(people) for _n in range(8)]
    merge(people, numbers[1], numbers[0])
    statements.clear()
    queries.absorbed(numbers[0])
    one = len(statements)
    for number in numbers[2:]:
        merge(people, number, numbers[0])
    statements.clear()
    assert len(queries.absorbed(numbers[0])) == 7
    assert len(statements) == one


def test_every_table_that_hangs_on_a_proposal_is_known_to_mergers() -> None:
    hanging = {t.name for t in metadata.sorted_tables for c in t.columns if c.name == "proposal_id"}
    moved = {model.__tablename__ for model in moving.ALONE} | {model.__tablename__ for model, _k, _l in moving.PAIRED}
    stays = {
        "activity", "agenda_item", "ballot", "briefing", "decision", "decision_record", "draft", "duplicate",
        "merger", "module_file", "objection",
    }  # fmt: skip
    assert hanging == moved | stays | {"proposal_builder"}
