"""The list of proposals: filters, pages, totals, what is new, and what it costs."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from board.accounts.models import Person
from board.activity.models import Activity
from board.db import db, now, transaction
from board.i18n import end_of, today
from board.partners.models import Kind, Partner
from board.partners.verbs import Facts, edit
from board.policy import SYSTEM
from board.proposals import filters, rows
from board.proposals.models import Proposal
from board.proposals.states import State
from board.proposals.writing import Draft, import_
from board.voting import reuses
from board.voting.ballots import locked
from board.voting.models import ReuseStatus
from tests.conftest import Browser, counting
from tests.factories import cast, estimate, make_proposal, offer
from tests.people import Cast

KEYS = re.compile(r'href="/proposals/(FV-\d+)"')
BALLOTS = re.compile(r'<section class="ballot" id="ballot-(\d+)"(.*?)</section>')


def keys(answer: Any) -> list[str]:
    """The keys of the rows, in order."""
    return KEYS.findall(answer.text)


def make(app: Flask, people: Cast, n: int = 1, **words: Any) -> list[int]:
    """Some proposals, oldest first."""
    with app.app_context():
        return [make_proposal(people, **{"title": f"Vorschlag {i + 1}"} | words) for i in range(n)]


def test_the_list_shows_newest_first_to_everybody(app: Flask, people: Cast, gast: Browser, ada: Browser) -> None:
    make(app, people, 3)
    for client in (gast, ada):
        assert keys(client.get("/proposals")) == ["FV-3", "FV-2", "FV-1"]


def test_totals_are_totals(app: Flask, people: Cast, gast: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "PAGE", 2)
    make(app, people, 3)
    make(app, people, 2, state="accepted")
    text = gast.get("/proposals").text
    assert "5 Vorschläge, 3 in Abstimmung" in text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("state=accepted", ["FV-2"]),
        ("topic=oepnv-auskunft", ["FV-3"]),
        ("partner=celle", ["FV-3"]),
        ("q=STRASSE", ["FV-1"]),
        ("q=busse+live", ["FV-3"]),
        ("q=fv-2", ["FV-2"]),
        ("q=%25", []),
        ("q=nichts", []),
        ("sort=due", ["FV-3", "FV-1"]),
    ],
)
def test_filters_narrow(app: Flask, people: Cast, gast: Browser, query: str, found: list[str]) -> None:
    make(app, people, text="Löcher in der Straße", vote_by=today() + timedelta(days=9))
    make(app, people, state="accepted")
    with app.app_context():
        make_proposal(people, by=people.cleo.actor, title="Busse live", topic_id=people.transport, vote_by=today())
    answer = gast.get(f"/proposals?{query}", follow_redirects=True)
    assert answer.status_code == 200
    assert keys(answer) == found


def test_addresses_are_normalised(app: Flask, people: Cast, gast: Browser) -> None:
    make(app, people)
    answer = gast.get("/proposals?q=++&state=&topic=unknown&sort=newest&n=1&x=1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/proposals")
    assert gast.get("/proposals?state=open&q=a&n=51").headers["Location"] == "/proposals?q=a&state=open&n=100"
    assert gast.get("/proposals?sort=due").headers["Location"] == "/proposals?state=open&sort=due"


@pytest.mark.parametrize("after", ["x", "1~", "~1", "-1", "9" * 40, "2026-13-01~1", "²~1", "1~1~1", "NaN~1"])
@pytest.mark.parametrize("sort", list(filters.SORTS))
def test_a_broken_place_begins_at_the_beginning(app: Flask, people: Cast, gast: Browser, sort: str, after: str) -> None:
    make(app, people)
    answer = gast.get("/proposals", query_string={"sort": sort, "after": after}, follow_redirects=True)
    assert answer.status_code == 200


@pytest.mark.parametrize("sort", list(filters.SORTS))
def test_pages_by_key_show_everything_once(
    app: Flask, people: Cast, gast: Browser, sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "PAGE", 2)
    make(app, people, 5)
    if sort == "effort":
        with app.app_context():
            for number in range(1, 6):
                estimate(people, number, 1, number // 2 + 1)
    seen: list[str] = []
    url = f"/proposals?sort={sort}"
    for _page in range(4):
        answer = gast.get(url, follow_redirects=True)
        seen += keys(answer)
        more = re.search(r'id="more" href="([^"]+)"', answer.text)
        if more is None:
            break
        url = more[1].replace("&amp;", "&")
    assert sorted(seen) == [f"FV-{i}" for i in range(1, 6)]


def test_show_more_answers_rows_only_and_remembers_them(
    app: Flask, people: Cast, gast: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "PAGE", 2)
    make(app, people, 5)
    first = gast.get("/proposals")
    assert 'hx-replace-url="/proposals?n=4"' in first.text
    more = gast.get("/proposals?after=4", partial=True, target="list")
    assert keys(more) == ["FV-3", "FV-2"]
    assert "<html" not in more.text
    assert keys(gast.get("/proposals?n=4")) == ["FV-5", "FV-4", "FV-3", "FV-2"]


def test_my_partners_missing_ballots_are_found_and_then_all_is_done(app: Flask, people: Cast, ben: Browser) -> None:
    make(app, people, state="accepted")
    assert "hat alles beantwortet" in ben.get("/proposals?state=open&mine=missing").text
    make(app, people)
    answer = ben.get("/proposals?state=open&mine=missing")
    assert keys(answer) == ["FV-2"]
    assert "Votum: <b>von Aalen steht aus</b>" in answer.text


def test_strangers_have_no_filters_of_their_own(app: Flask, people: Cast, gast: Browser, rolf: Browser) -> None:
    make(app, people)
    assert gast.get("/proposals?mine=missing&elsewhere=1").headers["Location"] == "/proposals"
    assert rolf.get("/proposals?mine=missing").headers["Location"] == "/proposals"


def test_what_runs_elsewhere_is_found(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context(), transaction():
        import_(SYSTEM, Draft("Läuft", people.defects), state="available").n_live = 1  # type: ignore[arg-type]
        import_(SYSTEM, Draft("Ruht", people.defects), state="available")  # type: ignore[arg-type]
    assert keys(ada.get("/proposals?elsewhere=1")) == ["FV-1"]


def test_three_kinds_of_nothing_differ(app: Flask, people: Cast, ada: Browser) -> None:
    assert "nothing-yet" in ada.get("/proposals").text
    make(app, people, state="withdrawn")
    assert "all-done" in ada.get("/proposals?state=open&mine=missing").text
    assert "nothing-matches" in ada.get("/proposals?q=xyz").text


def test_a_list_searches_once_for_its_number_and_its_rows(app: Flask, people: Cast, gast: Browser) -> None:
    with app.app_context():
        make_proposal(people, title="Mängel melden")
    with counting(app) as seen:
        assert "Mängel melden" in gast.get("/proposals?q=melden&sort=active").text
    searched = [one for one in seen if re.search("proposal_fts.* MATCH|to_tsquery", one)]
    assert len(searched) == 1


def test_each_chip_names_its_field_and_value_and_removes_itself(app: Flask, people: Cast, gast: Browser) -> None:
    make(app, people)
    text = gast.get("/proposals?q=vor&state=open&topic=maengelmelder").text
    assert 'href="/proposals?q=vor&amp;state=open">Thema: <b>Mängelmelder</b>' in text
    assert 'href="/proposals?q=vor&amp;topic=maengelmelder">Stand: <b>in Abstimmung</b>' in text


def test_new_ones_are_announced_not_inserted(app: Flask, people: Cast, gast: Browser) -> None:
    make(app, people, 2)
    assert "hidden" in gast.get("/proposals/news?after=2", partial=True).text
    assert "2 neue Vorschläge anzeigen" in gast.get("/proposals/news?after=0", partial=True).text
    assert "hidden" in gast.get("/proposals/news?after=0&state=accepted", partial=True).text
    assert gast.get("/proposals/news?after=x" + "9" * 50, partial=True).status_code == 200


def test_an_unchanged_list_is_not_sent_twice(app: Flask, people: Cast, gast: Browser, ada: Browser) -> None:
    make(app, people)
    for client in (gast, ada):
        tag = client.get("/proposals").headers["ETag"]
        assert client.get("/proposals", headers={"If-None-Match": tag}).status_code == 304
    with app.app_context():
        make_proposal(people)
    assert ada.get("/proposals", headers={"If-None-Match": tag}).status_code == 200


def test_a_changed_row_is_rendered_anew(app: Flask, people: Cast, pia: Browser, gast: Browser) -> None:
    (number,) = make(app, people)
    assert "in Abstimmung</span>" in gast.get("/proposals").text
    pia.post(f"/proposals/FV-{number}/decline", data=decision())
    assert "abgelehnt</span>" in gast.get("/proposals").text


@pytest.mark.parametrize("who", ["ada", "ben"])
def test_a_ballot_in_the_list_is_the_one_at_its_own_address(
    app: Flask, people: Cast, request: pytest.FixtureRequest, who: str
) -> None:
    client = request.getfixturevalue(who)
    numbers = make(app, people, 7, vote_by=today() + timedelta(days=9))
    numbers += [number for state in ("accepted", "withdrawn") for number in make(app, people, 2, state=state)]
    with app.app_context():
        for number, choice in zip(numbers, ("for", "for", "abstain", "against"), strict=False):
            cast(people, number, choice)
        with transaction():
            one, other = (update(Proposal).where(Proposal.id == number) for number in (numbers[1], numbers[5]))
            db.session.execute(one.values(text_version=7, version=7))
            db.session.execute(other.values(consent_until=end_of(today() + timedelta(days=3)), version=7))
    for _ in range(2):
        app.extensions["pages"].forget()
        listed = dict(BALLOTS.findall(client.get("/proposals").text.replace("\n", "")))
        assert [*listed] == [str(number) for number in reversed(numbers)]
        for number, ballot in listed.items():
            answer = client.get(f"/proposals/FV-{number}/ballot", partial=True)
            assert BALLOTS.findall(answer.text.replace("\n", "")) == [(number, ballot)]


def test_what_never_had_a_vote_says_who_built_and_runs_it_and_follows(app: Flask, people: Cast, gast: Browser) -> None:
    with app.app_context(), transaction():
        number = import_(SYSTEM, Draft("Läuft", people.defects), state=State.AVAILABLE, builders=[people.celle]).id
        import_(SYSTEM, Draft("Ruht", people.defects), state=State.AVAILABLE)
    listed = gast.get("/proposals").text
    assert "gebaut von Celle" in listed
    assert listed.count("Noch ist kein Einsatz erfasst.") == 1
    for who in (people.ada, people.cleo):
        with app.app_context(), transaction():
            reuses.record(locked(number, who.actor), reuses.Record(ReuseStatus.LIVE), who.actor)
    assert "im Einsatz: Aalen, Celle" in gast.get("/proposals").text
    assert "an 2 Orten" not in gast.get("/proposals").text, "said once"
    with app.app_context(), transaction():
        aalen = db.session.get_one(Partner, people.aalen)
        known = Facts(aalen.slug, "Aalen am Kocher", aalen.sign, Kind(aalen.kind), aalen.votes, ags=aalen.ags)
        edit(aalen, known, SYSTEM)
    assert "im Einsatz: Aalen am Kocher, Celle" in gast.get("/proposals").text


def decision() -> dict[str, str]:
    """A decision form."""
    return {
        "body": "Lenkungskreis",
        "decided_on": today().isoformat(),
        "reason": "Beschluss 12",
        "without_estimate": "Klein",
    }


@pytest.mark.parametrize("warm", [False, True])
@pytest.mark.parametrize("who", ["gast", "ada"])
def test_twenty_rows_cost_no_more_queries_than_one(
    app: Flask, people: Cast, request: pytest.FixtureRequest, who: str, warm: bool
) -> None:
    client = request.getfixturevalue(who)
    counts = []
    for n in (1, 19):
        make(app, people, n)
        rows.kept.clear()
        if warm:
            client.get("/proposals")
        counts.append(queries(app, client, "/proposals"))
    assert counts[0] == counts[1]


def queries(app: Flask, client: Browser, url: str) -> int:
    """How many statements a page takes."""
    with counting(app) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_what_is_new_since_the_last_visit_stands_in_the_row(app: Flask, people: Cast, ada: Browser) -> None:
    make(app, people, 2)
    with app.app_context():
        seen = db.session.scalar(select(func.max(Activity.id)))
        with transaction():
            db.session.execute(
                update(Person).where(Person.id == people.ada.person_id).values(seen_activity=seen, visited_at=now())
            )
        cast(people, 1, "for", by=people.cleo.actor)
        offer(people, 1, "lead", by=people.cleo.actor)
    text = ada.get("/proposals").text
    assert text.count('class="since"') == 1
    assert "+1 dafür, Celle bietet Federführung an" in text
