"""Activity: topics, sentences, pages, the feed, and who sees what."""

import re
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import select

from board import i18n
from board.activity import queries, seen, sentences
from board.activity.models import Activity
from board.activity.queries import Filters
from board.activity.topics import public_topics, topics
from board.db import db, transaction
from board.partners.models import Partner
from board.policy import ANONYMOUS, VERBS
from board.voting.ballots import cast, locked
from board.work import packages
from tests.conftest import Browser, counting
from tests.factories import comment, make_proposal
from tests.people import Cast

ATOM = "{http://www.w3.org/2005/Atom}"
UNTOLD = {f"issue.{v}" for v in ("appear", "update", "sort", "link", "undo", "propose", "package", "snooze", "dismiss")}


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


# Sentences


def test_every_verb_has_a_sentence() -> None:
    told = VERBS.keys() - UNTOLD
    assert told == sentences.SENTENCES.keys()
    nouns = {noun for kind in queries.KINDS.values() for noun in kind}
    nouns |= seen.ACCOUNT | seen.ADMINISTRATION | seen.OPERATIONS
    assert {verb.split(".")[0] for verb in told} == nouns


def test_every_sentence_is_there_in_german_and_names_the_same_things() -> None:
    german = i18n.catalogue("de")
    for message in sentences.phrases():
        assert message in german, message
        assert set(re.findall(r"%\((\w+)\)s", message)) == set(re.findall(r"%\((\w+)\)s", str(german[message])))


@pytest.mark.parametrize(
    ("verb", "details", "told"),
    [
        ("ballot.cast", {"from": None, "to": "for"}, "%(partner)s voted for %(subject)s"),
        ("ballot.cast", {"from": "for", "to": "abstain"}, sentences.RECAST),
        ("ballot.cast", {"from": "for", "to": "for"}, sentences.REASONED),
        ("offer.declare", {"from": "confirmed", "to": "declared", "kind": "lead"}, sentences.UNCONFIRMED),
        ("offer.declare", {"from": "declared", "to": "declared", "kind": "days"}, sentences.OFFER_CHANGED),
        ("reuse.record", {"from": None, "to": "live"}, "%(partner)s uses %(subject)s"),
        ("reuse.record", {"from": "live", "to": None}, sentences.REUSE_REMOVED),
        ("package.hand_back", {"seat": "support"}, "%(partner)s no longer supports %(subject)s"),
        ("package.hand_back", {"seat": "lead"}, "%(partner)s handed %(subject)s back"),
        ("package.commission", {"given": False}, sentences.UNCOMMISSIONED),
    ],
)
def test_a_sentence_says_what_changed(verb: str, details: dict[str, object], told: str) -> None:
    assert sentences.sentence(verb, details) == told


def test_hidden_sentences_name_no_partner_and_no_choice() -> None:
    for message in sentences.HIDDEN.values():
        assert "%(partner)s" not in message
        assert "%(before)s" not in message
        assert "%(after)s" not in message
    hidden = {verb for verb in VERBS if verb.split(".")[0] in {"ballot", "condition"}}
    assert hidden <= sentences.HIDDEN.keys()


# Pages


@pytest.fixture
def proposal(app: Flask, people: Cast) -> int:
    """FV-1 by Ada, with a ballot against by Cleo, a comment of Ben's and a package."""
    with app.app_context():
        number = make_proposal(people, title="Mängel & Lob melden")
        with transaction():
            cast(locked(number, people.cleo.actor), "against", "Zu teuer für uns.", by=people.cleo.actor)
        comment(people.ben.actor, "Ein geheimes Wort.", proposal_id=number)
        with transaction():
            packages.create(number, people.ada.actor, [packages.Draft("Schnittstelle bauen")])
        return number


def main(page: str) -> str:
    return page.split("<main")[1].split("</main>")[0]


def words(page: str) -> str:
    """What one reads, without markup and without the filters."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", main(page).split("</form>")[-1]))


def test_partners_read_who_did_what(ada: Browser, proposal: int) -> None:
    page = words(ada.get("/activity").text)
    assert "Aalen hat Mängel &amp; Lob melden vorgeschlagen · Ada" in page
    assert "Celle hat ein Votum abgegeben zu Mängel &amp; Lob melden: dagegen · Cleo" in page
    assert "Aalen hat das Arbeitspaket Schnittstelle bauen angelegt" in page


def test_strangers_read_no_persons_name_and_not_who_voted_how(gast: Browser, proposal: int) -> None:
    page = words(gast.get("/activity").text)
    assert "Ein Partner hat sein Votum zu Mängel &amp; Lob melden abgegeben" in page
    assert "Aalen hat Mängel &amp; Lob melden kommentiert" in page
    for name in ("Ada", "Ben", "Cleo", "Celle", "gegen"):
        assert name not in page


def test_filtering_by_partner_does_not_tell_strangers_who_voted(gast: Browser, ada: Browser, proposal: int) -> None:
    assert "Votum" not in words(gast.get("/activity?partner=celle").text).replace("Voten", "")
    assert gast.get("/activity?partner=celle&kind=ballots").text.count('id="event-') == 0
    assert "Celle hat ein Votum abgegeben" in words(ada.get("/activity?partner=celle").text)
    assert "ballot.cast" in queries._verbs(Filters(kind="ballots"), ANONYMOUS)


def test_account_events_are_on_no_public_list(app: Flask, ada: Browser, people: Cast, proposal: int) -> None:
    assert ada.post("/sign-out-everywhere").status_code == 303
    with app.app_context():
        assert db.session.scalar(select(Activity.id).where(Activity.verb == "session.end_all"))
        public = queries.page(Filters(), people.cleo.actor, limit=200)
        assert not [e for e in public.items if e.verb.startswith(("session.", "person."))]
        mine = queries.own(people.ada.person_id)
        assert "session.end_all" in {e.verb for e in mine.items}
        assert "ballot.cast" not in {e.verb for e in mine.items}


def test_filters_stand_in_the_address_and_unknown_ones_are_left_out(ada: Browser, proposal: int) -> None:
    page = words(ada.get("/activity?kind=work").text)
    assert "Schnittstelle" in page
    assert "vorgeschlagen" not in page
    for query in ("kind=x", "partner=nobody", "on=FV-99", "on=x", "before=x", "before=99999999999", "kind=partners"):
        assert ada.get(f"/activity?{query}").status_code == 200


def test_older_entries_come_by_key(app: Flask, people: Cast, ada: Browser, proposal: int) -> None:
    with app.app_context():
        for n in range(60):
            comment(people.ben.actor, f"Nummer {n}", proposal_id=proposal)
        for filters in (Filters(), Filters(kind="comments"), Filters(partner=queries.sign(Partner.slug == "aalen"))):
            seen: list[int] = []
            before = None
            while True:
                found = queries.page(filters, people.ada.actor, before, limit=7)
                seen += [e.id for e in found.items]
                before = found.before
                if before is None:
                    break
            assert seen == sorted(set(seen), reverse=True)
            assert len(seen) >= 60
    first = ada.get("/activity").text
    more = re.search(r'id="more" href="([^"]+)"', first)
    assert more
    assert "vorgeschlagen" in words(ada.get(more[1]).text)


def test_news_are_counted_and_announced(ada: Browser, cleo: Browser, proposal: int) -> None:
    refresh = re.search(r'id="news"[^>]*hx-get="([^"]+)"', ada.get("/activity").text)
    assert refresh
    assert "hidden" in ada.get(refresh[1], partial=True).text
    cleo.post(f"/proposals/FV-{proposal}/comments", data={"text": "Neu."})
    assert "1 neuen Eintrag anzeigen" in ada.get(refresh[1], partial=True).text


def test_the_page_is_not_sent_twice_while_nothing_happens(gast: Browser, proposal: int) -> None:
    answer = gast.get("/activity")
    tag = answer.headers["ETag"]
    assert gast.get("/activity", headers={"If-None-Match": tag}).status_code == 304


def test_histories_are_bounded_and_lead_to_the_rest(app: Flask, people: Cast, ada: Browser, proposal: int) -> None:
    with app.app_context():
        for n in range(12):
            comment(people.ben.actor, f"Nummer {n}", proposal_id=proposal)
        found = queries.history(proposal_id=proposal, by=people.ada.actor)
        assert len(found.items) == queries.HISTORY
        assert found.more_url == f"/activity?on=FV-{proposal}"
        assert queries.history(partner_id=people.dorsten, by=people.ada.actor).items == ()
        package = queries.history(package_id=1, by=people.ada.actor)
        assert [e.verb for e in package.items] == ["package.create"]
    assert "vorgeschlagen" in words(ada.get(found.more_url).text)


def test_many_events_cost_as_many_queries_as_one(app: Flask, people: Cast, proposal: int) -> None:
    costs = []
    with app.app_context():
        for limit in (1, 20):
            with counting(app) as statements:
                queries.page(Filters(), people.ada.actor, limit=limit)
            costs.append(len(statements))
    assert costs == [1, 1]


def test_no_activity_row_holds_more_than_ids_and_enumerations(app: Flask, people: Cast, proposal: int) -> None:
    allowed = re.compile(r"[a-z_]{1,20}")
    with app.app_context():
        for row in db.session.scalars(select(Activity)):
            for value in (row.details or {}).values():
                assert value is None or isinstance(value, (bool, int)) or allowed.fullmatch(value), (row.verb, value)
            assert "teuer" not in str(row.details)


# The feed


def test_the_feed_is_valid_atom_with_stable_ids(gast: Browser, proposal: int) -> None:
    answer = gast.get("/activity.atom")
    assert answer.content_type.startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.data)
    assert feed.tag == f"{ATOM}feed"
    for element in ("id", "title", "updated", "author"):
        assert feed.find(f"{ATOM}{element}") is not None
    entries = feed.findall(f"{ATOM}entry")
    ids = [entry.findtext(f"{ATOM}id") for entry in entries]
    assert len(set(ids)) == len(ids) > 0
    for entry in entries:
        assert entry.findtext(f"{ATOM}updated", "").endswith("+00:00")
        assert (entry.find(f"{ATOM}link").attrib["href"]).startswith("http://localhost/")  # type: ignore[union-attr]
    again = ElementTree.fromstring(gast.get("/activity.atom?lang=en").data)
    assert [e.findtext(f"{ATOM}id") for e in again.findall(f"{ATOM}entry")] == ids
    titles = [e.findtext(f"{ATOM}title") for e in again.findall(f"{ATOM}entry")]
    assert "Aalen proposed Mängel & Lob melden" in titles


def test_the_feed_shows_what_strangers_may_see_whoever_asks(ada: Browser, proposal: int) -> None:
    for url in ("/activity.atom", "/activity.atom?partner=celle", "/activity.atom?partner=aalen"):
        text = ada.get(url).text
        assert "Cleo" not in text
        assert "gegen" not in text
        assert "Ben" not in text
    assert "ballot.cast" not in ada.get("/activity.atom?partner=celle").text
    assert ada.get("/activity.atom?partner=nobody").status_code == 404


def test_the_feed_of_one_partner_is_valid_and_holds_what_concerns_it(
    gast: Browser, app: Flask, people: Cast, proposal: int
) -> None:
    with app.app_context():
        with transaction():
            db.session.get_one(Partner, people.celle).name = "Celle & <Umland>"
        make_proposal(people, by=people.cleo.actor, title="Hof & <Markt>")
    feeds = {
        name: ElementTree.fromstring(gast.get(f"/activity.atom?partner={name}").data) for name in ("aalen", "celle")
    }
    assert feeds["aalen"].findtext(f"{ATOM}id") != feeds["celle"].findtext(f"{ATOM}id")
    assert feeds["celle"].findtext(f"{ATOM}title") == "Stadtrunde: Celle & <Umland>"
    own = feeds["celle"].find(f"{ATOM}link[@rel='self']")
    assert own is not None
    assert own.attrib["href"].endswith("/activity.atom?partner=celle")
    titles = [e.findtext(f"{ATOM}title", "") for e in feeds["celle"].findall(f"{ATOM}entry")]
    assert titles
    assert all("Celle" in title for title in titles), titles
    assert "Hof & <Markt>" in titles[0]


def test_an_unchanged_feed_is_answered_with_304(gast: Browser, proposal: int) -> None:
    answer = gast.get("/activity.atom")
    by_tag = gast.get("/activity.atom", headers={"If-None-Match": answer.headers["ETag"]})
    by_date = gast.get("/activity.atom", headers={"If-Modified-Since": answer.headers["Last-Modified"]})
    assert (by_tag.status_code, by_date.status_code) == (304, 304)
