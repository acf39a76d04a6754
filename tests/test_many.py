"""Where thousands of partners take part: what a page shows of them, and how one reaches all the others."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update

from bench import asked
from board.api import voting as api
from board.api.fields import PagedWide
from board.db import db, now, transaction
from board.figures import views as figures
from board.i18n import today
from board.joining.models import Invitation
from board.partners import names, verbs
from board.partners import queries as partners
from board.partners.models import Electorate, Kind, Partner
from board.proposals.models import Proposal
from board.proposals.states import State
from board.record import checks
from board.reuse import columns
from board.search import queries as searching
from board.voting import ballots, companions, company, tallies, uses, voices
from board.voting.models import Ballot, Choice, Condition, Offer, OfferKind, Reuse, ReuseStatus
from board.work.models import Claim
from board.workshops import queries as workshops
from board.workshops.models import AgendaItem, Attendance, ItemKind, Workshop
from tests import factories
from tests.conftest import Browser, counting
from tests.factories import cast, make_proposal
from tests.people import Cast
from tests.programs import API, Program, program, token
from tests.test_plans import looked_at

FEW = 3
CROWD = 8


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds so low that a handful of partners is a crowd."""
    for module in (voices, uses, companions, partners, workshops):
        monkeypatch.setattr(module, "SHOWN", FEW)
    monkeypatch.setattr(names, "CHOICES", FEW)
    monkeypatch.setattr(columns, "MOST", FEW)


def join(number: int = CROWD, called: str = "ort", **facts: object) -> list[int]:
    """So many municipalities, one after the other by name; for whoever has a context. Those of these names stay."""
    with transaction():
        there = select(Partner.id).where(Partner.slug.in_([f"{called}-{n}" for n in range(number)]))
        if known := list(db.session.scalars(there.order_by(Partner.id))):
            return known
        facts = {"sign": "OR", "kind": "municipality", "votes": True, "state": "Hessen", **facts}
        rows = [Partner(slug=f"{called}-{n}", name=f"{called.title()} {n:02}", **facts) for n in range(number)]
        db.session.add_all(rows)
        db.session.execute(update(Electorate).values(size=Electorate.size + number))
        db.session.flush()
        return [row.id for row in rows]


def all_vote(proposal_id: int, partners: list[int], people: Cast, choice: Choice = Choice.FOR) -> None:
    """Each of them casts a ballot, one after the other."""
    with transaction():
        ballots.locked(proposal_id, people.ada.actor)
        for partner_id in partners:
            db.session.add(Ballot(proposal_id=proposal_id, partner_id=partner_id, choice=choice, text_version=1,
                                  reason="Zu früh" if choice is Choice.AGAINST else "", cast_at=now()))  # fmt: skip
        db.session.flush()
        tallies.recount(proposal_id)


@pytest.fixture
def voted(app: Flask, people: Cast, few: None) -> int:
    """A proposal on which a crowd voted for, Celle against, and Aalen first of all."""
    with app.app_context():
        proposal_id = make_proposal(people)
        cast(people, proposal_id, "for")
        cast(people, proposal_id, "against", people.cleo.actor, reason="Zu teuer")
        all_vote(proposal_id, join(), people)
    return proposal_id


def rows(html: str) -> list[str]:
    """The names in the table of ballots, in their order."""
    return re.findall(r'<th scope="row">.*?<span class="name">(.*?)</span>', html)


def walked(client: Browser, path: str) -> Iterator[str]:
    """Page after page, as one follows the link to the next."""
    while path:
        text = client.get(path).text
        yield text
        link = re.search(r'id="more" href="(.*?)"', text)
        path = link[1].replace("&amp;", "&") if link else ""


# Ballots


def test_of_many_ballots_ones_own_comes_first_then_those_against_then_the_newest(
    ben: Browser, gast: Browser, voted: int
) -> None:
    for text in (ben.get(f"/proposals/FV-{voted}/ballots", partial=True).text, ben.get(f"/proposals/FV-{voted}").text):
        assert rows(text) == ["Aalen", "Celle", "Ort 07"]
        assert "3 von 10" in text
        assert f'href="/proposals/FV-{voted}/ballots/all"' in text
    assert "Ort 07" not in gast.get(f"/proposals/FV-{voted}").text


def test_a_condition_brings_a_ballot_among_the_first(app: Flask, people: Cast, ben: Browser, voted: int) -> None:
    with app.app_context(), transaction():
        first = db.session.scalar(select(Partner.id).where(Partner.slug == "ort-0"))
        db.session.add(Condition(proposal_id=voted, partner_id=first, text="Nur mit Schnittstelle"))
    assert rows(ben.get(f"/proposals/FV-{voted}/ballots").text) == ["Aalen", "Ort 00", "Celle"]


def test_few_ballots_are_shown_by_name_without_a_link_to_more(
    app: Flask, ben: Browser, people: Cast, few: None
) -> None:
    with app.app_context():
        proposal_id = make_proposal(people)
        cast(people, proposal_id, "against", people.cleo.actor, reason="Zu teuer")
        cast(people, proposal_id, "for")
    text = ben.get(f"/proposals/FV-{proposal_id}/ballots", partial=True).text
    assert rows(text) == ["Aalen", "Celle"]
    assert "/ballots/all" not in text


def test_all_ballots_stand_on_pages_by_name_each_of_them_once(ben: Browser, voted: int) -> None:
    pages = [rows(text) for text in walked(ben, f"/proposals/FV-{voted}/ballots/all")]
    assert [len(page) for page in pages] == [FEW, FEW, FEW, 1]
    assert [name for page in pages for name in page] == ["Aalen", "Celle", *(f"Ort {n:02}" for n in range(CROWD))]


def test_all_ballots_are_narrowed_by_choice_and_by_name(ben: Browser, voted: int) -> None:
    here = f"/proposals/FV-{voted}/ballots/all"
    text = ben.get(f"{here}?choice=against").text
    assert rows(text) == ["Celle"]
    assert "dafür: 9" in text
    assert "ohne Votum: 1" in text
    assert [rows(page) for page in walked(ben, f"{here}?q=ort+HESSEN")] == [
        ["Ort 00", "Ort 01", "Ort 02"], ["Ort 03", "Ort 04", "Ort 05"], ["Ort 06", "Ort 07"],
    ]  # fmt: skip
    assert "Dorsten" in ben.get(f"{here}?choice=none").text
    assert "Kein Votum passt" in ben.get(f"{here}?q=Atlantis").text
    assert len(rows(ben.get(f"{here}?choice=perhaps&after=999999").text)) == FEW, "what does not exist is ignored"


def test_partners_without_a_ballot_are_shown_up_to_the_bound(app: Flask, ben: Browser, people: Cast, few: None) -> None:
    with app.app_context():
        proposal_id = make_proposal(people)
        cast(people, proposal_id, "for")
        join()
    text = ben.get(f"/proposals/FV-{proposal_id}/ballots").text
    assert "10 Partner ohne Votum" in text
    assert [name in text for name in ("Celle", "Dorsten", "Ort 00", "Ort 01")] == [True, True, True, False]
    pages = list(walked(ben, f"/proposals/FV-{proposal_id}/ballots/all?choice=none"))
    assert "Ort 07" in pages[-1]
    assert len(pages) == 4


def test_strangers_are_asked_to_sign_in_before_they_see_all_ballots(gast: Browser, voted: int) -> None:
    answer = gast.get(f"/proposals/FV-{voted}/ballots/all")
    assert answer.status_code in {303, 401}
    assert "Celle" not in answer.text


def test_more_ballots_cost_no_more_queries(app: Flask, people: Cast, ben: Browser, voted: int) -> None:
    def asked(path: str) -> int:
        app.extensions["pages"].forget()
        with counting(app) as seen:
            ben.get(path)
        return len(seen)

    paths = (f"/proposals/FV-{voted}/ballots", f"/proposals/FV-{voted}/ballots/all")
    before = [asked(path) for path in paths]
    with app.app_context():
        all_vote(voted, join(20, "dorf"), people)
    assert [asked(path) for path in paths] == before


# Use


@pytest.fixture
def used(app: Flask, people: Cast, few: None) -> int:
    """A function that a crowd runs, Celle plans and Aalen examines."""
    with app.app_context():
        proposal_id = make_proposal(people)
        partners = [*((one, ReuseStatus.LIVE) for one in join()), (people.celle, ReuseStatus.PLANNED),
                    (people.aalen, ReuseStatus.EXAMINING)]  # fmt: skip
        with transaction():
            for partner_id, status in partners:
                db.session.add(Reuse(proposal_id=proposal_id, partner_id=partner_id, status=status, contact="Amt 10"))
            db.session.flush()
            db.session.execute(update(Proposal).where(Proposal.id == proposal_id).values(n_live=CROWD))
    return proposal_id


def entries(html: str) -> list[str]:
    """The names in the list of entries, in their order."""
    return re.findall(r'<li id="use-.*?<span class="name">(.*?)</span>', html)


def test_of_many_entries_of_use_ones_own_comes_first_then_the_furthest(
    ben: Browser, ada: Browser, gast: Browser, used: int
) -> None:
    text = ben.get(f"/proposals/FV-{used}/reuse", partial=True).text
    assert entries(text) == ["Aalen", "Ort 07", "Ort 06"]
    assert "3 von 10" in text
    assert entries(gast.get(f"/proposals/FV-{used}").text) == ["Ort 07", "Ort 06", "Ort 05"]
    assert 'value="examining" selected' in ada.get(f"/proposals/FV-{used}/reuse").text, "it is in its form"


def test_all_entries_of_use_stand_on_pages_by_name_and_contacts_are_told_inside_only(
    ben: Browser, gast: Browser, used: int
) -> None:
    here = f"/proposals/FV-{used}/reuse/all"
    for client in (ben, gast):
        pages = list(walked(client, here))
        assert [name for page in pages for name in entries(page)] == [
            "Aalen", "Celle", *(f"Ort {n:02}" for n in range(CROWD)),
        ]  # fmt: skip
        assert len(pages) == 4
        assert ("Amt 10" in pages[0]) == (client is ben)
    assert entries(gast.get(f"{here}?status=planned").text) == ["Celle"]
    assert entries(gast.get(f"{here}?q=ort+06&status=live").text) == ["Ort 06"]
    assert "Kein Eintrag passt" in gast.get(f"{here}?q=Atlantis").text


@pytest.fixture
def unasked(app: Flask, used: int) -> int:
    """The function that a crowd runs came as available: nobody was ever asked to vote on it."""
    with app.app_context(), transaction():
        db.session.execute(update(Proposal).where(Proposal.id == used).values(state=State.AVAILABLE))
    return used


@pytest.mark.parametrize("many", [1, 100])
def test_a_row_names_the_first_three_that_run_a_function_however_they_are_found_and_counts_the_others(
    ben: Browser, gast: Browser, unasked: int, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(company, "MANY", many)
    for client, path in ((ben, "/proposals?state=available"), (gast, f"/proposals/FV-{unasked}/tally")):
        assert "im Einsatz: Ort 00, Ort 01, Ort 02 und 5 weitere" in client.get(path).text


def test_however_many_run_a_function_a_list_looks_at_few_of_them(app: Flask, people: Cast, unasked: int) -> None:
    with app.app_context():
        with transaction():
            db.session.execute(delete(Reuse))
        crowd = [{"proposal_id": unasked, "partner_id": one, "status": "live"} for one in join(2000, "dorf")]
        with transaction():
            db.session.execute(insert(Reuse), crowd)
            db.session.execute(update(Proposal).where(Proposal.id == unasked).values(n_live=len(crowd)))
        with db.engine.begin() as connection:
            asked.analyse(connection)
    _status, seen, _cpu = asked.of(app, "/proposals?state=available")
    named = [one for one in seen if "reuse" in one.statement]
    assert len(named) == 1
    with app.app_context(), db.engine.connect() as connection:
        assert looked_at(connection, named[0]) < 300


# The coalition


@pytest.fixture
def joined(app: Flask, people: Cast, few: None) -> int:
    """A proposal that a crowd will use later; Celle leads, Aalen has a condition and offers nothing."""
    with app.app_context():
        proposal_id = make_proposal(people)
        celle = ((people.celle, kind) for kind in (OfferKind.LEAD, OfferKind.DAYS))
        said = [*((one, OfferKind.USE) for one in join()), *celle]
        with transaction():
            for partner_id, kind in said:
                days = 20 if kind is OfferKind.DAYS else None
                db.session.add(Offer(proposal_id=proposal_id, partner_id=partner_id, kind=kind, days=days))
                db.session.flush()
            db.session.add(Condition(proposal_id=proposal_id, partner_id=people.aalen, text="Nur offen"))
    return proposal_id


def companions_in(html: str) -> list[str]:
    """The names in the list of who takes part, in their order."""
    return re.findall(r'<li id="companion-.*?<span class="name">(.*?)</span>', html)


def test_of_many_who_take_part_ones_own_partner_comes_first_then_leaders_then_who_spoke_last(
    ben: Browser, gast: Browser, joined: int
) -> None:
    here = f"/proposals/FV-{joined}"
    for text in (ben.get(f"{here}/coalition", partial=True).text, ben.get(here).text):
        assert companions_in(text) == ["Aalen", "Celle", "Ort 07"]
        assert "3 von 10" in text
        assert f'href="/proposals/FV-{joined}/coalition/all"' in text
    text = gast.get(f"/proposals/FV-{joined}").text
    assert companions_in(text) == ["Celle", "Ort 07", "Ort 06"]
    assert "3 von 9" in text


def test_few_who_take_part_are_shown_leaders_first_and_by_name(
    app: Flask, people: Cast, ben: Browser, joined: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(companions, "SHOWN", 10)
    text = ben.get(f"/proposals/FV-{joined}/coalition").text
    assert companions_in(text) == ["Celle", *(f"Ort {n:02}" for n in range(CROWD)), "Aalen"]
    assert "/coalition/all" not in text


def test_all_who_take_part_stand_on_pages_by_name_and_conditions_are_told_inside_only(
    ben: Browser, gast: Browser, joined: int
) -> None:
    here = f"/proposals/FV-{joined}/coalition/all"
    crowd = ["Celle", *(f"Ort {n:02}" for n in range(CROWD))]
    for client, names_ in ((ben, ["Aalen", *crowd]), (gast, crowd)):
        pages = list(walked(client, here))
        assert [name for page in pages for name in companions_in(page)] == names_
        assert ("Nur offen" in pages[0]) == (client is ben)
        assert "Federführung: 1" in pages[0]
        assert "Nachnutzung: 8" in pages[0]
    assert companions_in(gast.get(f"{here}?kind=days").text) == ["Celle"]
    assert companions_in(gast.get(f"{here}?q=ort+06&kind=use").text) == ["Ort 06"]
    assert "Niemand passt dazu" in gast.get(f"{here}?q=Atlantis").text
    nobody = gast.get(f"{here}?kind=pilot&q=ort").text
    assert f'href="{here}?q=ort">Angebot: <b>Pilotierung</b>' in nobody, "what nobody offers can be taken back as well"
    assert len(companions_in(gast.get(f"{here}?kind=gold&after=999999").text)) == FEW, "what does not exist is ignored"


def test_programs_are_told_all_who_take_part(gast: Browser, joined: int) -> None:
    assert len(gast.get(f"/api/v1/proposals/FV-{joined}/offers").get_json()["companions"]) == CROWD + 1


# A workshop


@pytest.fixture
def meeting(app: Flask, people: Cast, voted: int) -> int:
    """The proposal on which a crowd voted is on the screen of a workshop to which the crowd has come."""
    with app.app_context():
        factories.meet(people)
        with transaction():
            for partner_id in db.session.scalars(select(Partner.id).where(Partner.slug.startswith("ort-"))).all():
                db.session.add(Attendance(workshop_id=1, partner_id=partner_id))
    return voted


def test_the_screen_names_those_who_answered_last_and_counts_all(pia: Browser, meeting: int) -> None:
    for path in ("/workshops/1/screen", "/workshops/1/stage"):
        text = pia.get(path).text
        assert re.findall(r'<span class="seat">.*?</span>([^<]+)</span>', text) == ["Ort 07", "Ort 06", "Ort 05"]
        assert "und 7 weitere" in text
        assert "8 Partner sind da" in text


def test_a_workshop_names_some_that_are_there_and_counts_all(ben: Browser, pia: Browser, meeting: int) -> None:
    text = ben.get("/workshops/1").text
    assert re.findall(r'<span class="name">(Ort \d\d)</span>', text) == ["Ort 00", "Ort 01", "Ort 02"]
    assert "und 5 weitere" in text
    assert "Aalen ist dabei" in text
    assert ben.post("/workshops/1/join", data={}).status_code == 303
    assert "Aalen ist dabei" not in ben.get("/workshops/1").text


def test_of_many_entries_of_use_the_screen_shows_those_that_nobody_has_confirmed(
    app: Flask, people: Cast, pia: Browser, used: int
) -> None:
    with app.app_context():
        factories.meet(people)
        with transaction():
            last = db.session.scalar(select(Partner.id).where(Partner.slug == "ort-7"))
            old = {"confirmed_on": today() - timedelta(days=400)}
            db.session.execute(update(Reuse).where(Reuse.partner_id == last).values(old))
            item = AgendaItem(workshop_id=1, position=1, kind=ItemKind.STALE, proposal_id=used)
            db.session.add(item)
            db.session.flush()
            db.session.execute(update(Workshop).values(item_id=item.id))
    text = pia.get("/workshops/1/screen").text
    assert re.findall(r'class="name">(.*?)</span>', text[text.index('class="list"') :])[:3] == [
        "Ort 07",
        "Aalen",
        "Celle",
    ]
    assert "3 von 10" in text
    assert f'href="/proposals/FV-{used}/reuse/all"' in text


# The matrix


def heads(html: str) -> list[str]:
    """The names of the columns, in their order."""
    return re.findall(r'id="column-\d+">(.*?)</a>', html)


def test_of_many_columns_ones_own_the_chosen_one_and_those_with_most_entries_are_shown(
    app: Flask, people: Cast, ben: Browser, gast: Browser, used: int
) -> None:
    with app.app_context():
        second = make_proposal(people)
        with transaction():
            for slug in ("ort-3", "ort-5"):
                partner = db.session.scalar(select(Partner.id).where(Partner.slug == slug))
                db.session.add(Reuse(proposal_id=second, partner_id=partner, status=ReuseStatus.PILOT))
    assert heads(gast.get("/reuse").text) == ["Aalen", "Ort 03", "Ort 05"]
    assert heads(ben.get("/reuse?partner=Atlantis").text) == ["Aalen", "Ort 03", "Ort 05"]
    text = ben.get("/reuse?partner=ort+07").text
    assert heads(text) == ["Aalen", "Ort 07", "Ort 03"]
    assert "3 von 10 Partnern haben eine Spalte" in text
    assert "Eintrag von: <b>Ort 07</b>" in text
    assert heads(gast.get("/reuse?who=ort+06").text) == ["Ort 06"]
    assert heads(ben.get("/reuse?who=ort+06").text) == ["Aalen", "Ort 06"]


def test_a_row_counts_the_entries_of_all_partners_whatever_columns_are_shown(gast: Browser, used: int) -> None:
    text = gast.get("/reuse").text
    assert '<td class="number">8</td>' in text
    assert "10 Einträge" in text
    assert '<td class="number">1</td>' in gast.get("/reuse?who=ort+06").text
    assert 'hx-get="/reuse/FV-1?who=ort+06"' in gast.get("/reuse?who=ort+06").text
    assert '<td class="number">8</td>' in gast.get(f"/reuse/FV-{used}", partial=True).text


# The list of partners


def listed(html: str) -> list[str]:
    """The names in the list, in their order."""
    return re.findall(r'data-open id="partner-\d+".*?<span class="name">(.*?)</span>', html)


def test_many_partners_stand_on_pages_by_kind_and_name_each_of_them_once(
    app: Flask, people: Cast, gast: Browser, dora: Browser, few: None
) -> None:
    with app.app_context():
        join(3, "kreis", kind="county")
        join(3, "aachen", fictional=True)
    expected = ["Aalen", "Celle", "Dorsten", "Aachen 00", "Aachen 01", "Aachen 02", "Kreis 00", "Kreis 01", "Kreis 02",
                "Werk GmbH"]  # fmt: skip
    for client, path in ((gast, "/partners"), (dora, "/admin/partners")):
        pages = list(walked(client, path))
        assert [name for page in pages for name in listed(page)] == expected
        assert [len(listed(page)) for page in pages] == [3, 3, 3, 1]
        assert "10 Partner gestalten" in pages[-1] or client is dora
        assert '<span class="count">6</span>' in pages[1], "a total is a total, not the page's count"


def test_many_partners_are_found_by_parts_of_name_and_state_and_narrowed_by_kind(
    app: Flask, people: Cast, gast: Browser, dora: Browser, few: None
) -> None:
    with app.app_context():
        join()
        join(4, "kreis", kind="county", state="Thüringen")
    assert listed(gast.get("/partners?q=Thueringen+03").text) == ["Kreis 03"]
    pages = list(walked(gast, "/partners?kind=county&q=kreis"))
    assert [listed(page) for page in pages] == [["Kreis 00", "Kreis 01", "Kreis 02"], ["Kreis 03"]]
    assert "3 von 4" in pages[0]
    assert listed(dora.get("/admin/partners?q=ort+07").text) == ["Ort 07"]
    assert "Kein Partner passt dazu" in dora.get("/admin/partners?q=Atlantis").text
    assert len(listed(gast.get("/partners?after=999999").text)) == FEW, "what does not exist is ignored"


# For programs


def told(client: Program, path: str) -> Iterator[dict[str, Any]]:
    """Answer after answer, as a program follows `next`."""
    while path:
        answer = client.get(path)
        assert answer.status_code == 200
        body = answer.get_json()
        assert answer.headers.get("Link") == (f'<{body["next"]}>; rel="next"' if body["next"] else None)
        yield body
        path = body["next"]


def met(client: Program, path: str, *names: str) -> list[tuple[str, str]]:
    """Whom a list names, all its pages one after the other: (in which part of the answer, name)."""
    return [
        (name, entry.get("partner", entry)["name"])
        for body in told(client, path)
        for name in names
        for entry in body[name]
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 11])
def test_programs_read_long_lists_in_pages_each_entry_once_and_in_the_order_of_the_whole(
    app: Flask, people: Cast, voted: int, used: int, joined: int, limit: int
) -> None:
    ada = program(app, token(app, people.ada))
    lists = {
        f"{API}/proposals/FV-{voted}/ballots": ("voices", "silent"),
        f"{API}/proposals/FV-{used}/reuse": ("uses",),
        f"{API}/proposals/FV-{joined}/offers": ("companions",),
        f"{API}/partners": ("items",),
        f"{API}/partners?q=ort": ("items",),
    }
    for path, names_ in lists.items():
        whole = next(told(ada, path))
        assert whole["next"] is None
        pages = list(told(ada, f"{path}{'&' if '?' in path else '?'}limit={limit}"))
        assert all(sum(len(page[name]) for name in names_) <= limit for page in pages)
        assert {name: [one for page in pages for one in page[name]] for name in names_} == {
            name: whole[name] for name in names_
        }


def test_what_programs_read_of_long_lists_begins_with_what_matters_most(
    app: Flask, people: Cast, voted: int, used: int, joined: int
) -> None:
    ada = program(app, token(app, people.ada))
    assert met(ada, f"{API}/proposals/FV-{voted}/ballots?limit=3", "voices", "silent")[:3] == [
        ("voices", "Aalen"), ("voices", "Celle"), ("voices", "Ort 00"),
    ]  # fmt: skip
    silent = [name for part, name in met(ada, f"{API}/proposals/FV-{voted}/ballots?limit=3", "silent")]
    assert silent[0] == "Dorsten"
    assert met(ada, f"{API}/proposals/FV-{used}/reuse?limit=9", "uses")[-2:] == [("uses", "Celle"), ("uses", "Aalen")]
    companions_ = met(ada, f"{API}/proposals/FV-{joined}/offers?limit=9", "companions")
    assert (companions_[0], companions_[-1]) == (("companions", "Celle"), ("companions", "Aalen"))
    for after in ("0", "none", "none~x", "~", "1~", "9~999999", "99999999999999999999"):
        for name in ("ballots", "reuse", "offers"):
            assert ada.get(f"{API}/proposals/FV-{voted}/{name}?after={after}").status_code == 200


def test_what_a_change_answers_of_a_long_list_says_where_it_goes_on(
    app: Flask, people: Cast, joined: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "BEGIN", PagedWide(limit=2))
    ada = program(app, token(app, people.ada))
    answer = ada.put(f"{API}/proposals/FV-{joined}/offers", json={"pilot": True}).get_json()
    assert [one["partner"]["name"] for one in answer["companions"]] == ["Celle", "Aalen"]
    rest = [name for _part, name in met(ada, answer["next"], "companions")]
    assert rest == [f"Ort {n:02}" for n in range(CROWD)]


# One partner out of many


def test_activity_takes_a_name_where_there_are_too_many_partners_to_choose_from(
    app: Flask, people: Cast, gast: Browser, ben: Browser, few: None
) -> None:
    with app.app_context():
        make_proposal(people)
        join()
        join(1, "ort-07-am-see")
    plain = gast.get("/activity").text
    assert '<input type="search" name="partner"' in plain
    assert '<option value="celle"' not in plain
    assert "Partner: <b>Aalen</b>" in gast.get("/activity?partner=AALEN").text
    assert "Partner: <b>Ort 07</b>" in ben.get("/activity?partner=ort+07").text, "just this name, not one that goes on"
    asked = gast.get("/activity?partner=ort").text
    assert "Welcher Partner ist gemeint?" in asked
    assert '<a href="/activity?partner=ort-3">Ort 03</a>' in asked
    assert "Kein Partner heißt „Atlantis“." in gast.get("/activity?partner=Atlantis").text


def keys(html: str) -> set[str]:
    """The proposals of a list, table or board."""
    return set(re.findall(r'href="/(?:proposals|packages)/((?:FV|AP)-\d+)"', html))


@pytest.fixture
def proposing(app: Flask, people: Cast, few: None) -> list[int]:
    """Proposals of the partners of a crowd, one each, and a package of each that its partner leads."""
    with app.app_context():
        made = []
        for partner_id in [*join(), *join(1, "ort-07-am-see")]:
            made.append(make_proposal(people))
            package = factories.make_package(people, made[-1])
            factories.claim(package, people.ada.actor)
            with transaction():
                db.session.execute(update(Proposal).where(Proposal.id == made[-1]).values(partner_id=partner_id))
                db.session.execute(update(Claim).where(Claim.package_id == package).values(partner_id=partner_id))
        return made


@pytest.mark.parametrize("path", ["/proposals", "/proposals/table", "/proposals/pictures", "/work", "/work?view=list"])
def test_lists_take_a_name_where_too_many_partners_have_proposed_or_work(
    gast: Browser, ben: Browser, proposing: list[int], path: str
) -> None:
    ask = f"{path}{'&' if '?' in path else '?'}partner="
    plain = gast.get(path).text
    assert '<input type="search" name="partner"' in plain
    assert '<option value="ort-3"' not in plain
    found = ben.get(f"{ask}ort+07", follow_redirects=True).text
    assert "<b>Ort 07</b>" in found
    assert 'value="Ort 07"' in found
    if "pictures" not in path:
        number = proposing[7]
        assert keys(found) & {f"FV-{n}" for n in proposing} == {f"FV-{number}"} or f"AP-{number}" in keys(found)
    asked = gast.get(f"{ask}ort").text
    assert "Welcher Partner ist gemeint?" in asked
    assert re.search(r'<a href="[^"]*partner=ort-3[^"]*">Ort 03</a>', asked)
    assert "Kein Partner heißt „Atlantis“." in gast.get(f"{ask}Atlantis").text
    assert gast.get("/api/v1/proposals?partner=ort-7").get_json()["items"][0]["key"] == f"FV-{proposing[7]}"


def test_a_chosen_proposer_stays_in_the_address_of_the_list_and_an_unknown_one_is_asked_about(
    gast: Browser, proposing: list[int]
) -> None:
    answer = gast.get("/proposals?partner=Ort+07")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/proposals?partner=ort-7")
    assert gast.get("/proposals?partner=ort").status_code == 200


def test_the_picture_of_person_days_shows_those_with_most_and_its_file_all(
    app: Flask, gast: Browser, proposing: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(figures, "SHOWN", FEW)
    with app.app_context(), transaction():
        db.session.execute(update(Claim).values(days=5))
    text = gast.get("/figures").text
    assert len(re.findall(r'href="/partners/ort-', text)) in {FEW, 2 * FEW}
    assert "die ersten 3 von 9" in text
    assert len(re.findall('^"Ort', gast.get("/figures/person-days.csv").text, re.MULTILINE)) == 9


def test_forms_take_a_name_where_there_are_too_many_partners_to_choose_from(
    app: Flask, people: Cast, dora: Browser, few: None
) -> None:
    with app.app_context():
        join()
        join(1, "ort-07-am-see")
    page = f"/admin/people/{people.ben.person_id}"
    assert re.search(r'<input[^>]* name="partner"[^>]* type="text"', dora.get(page).text)
    for typed, told in (("ort", "Ort 03 (ort-3)"), ("Atlantis", "Kein Partner heißt „Atlantis“."), ("", "")):
        answer = dora.post(f"{page}/enrol", data={"partner": typed, "role": "member"})
        assert answer.status_code == 422
        assert told in answer.text
        assert f'value="{typed}"' in answer.text, "what was typed is still there"
    for typed, seated in (("Ort 07", "ort-7"), ("ort-07-am-see-0", "ort-07-am-see-0")):
        assert dora.post(f"{page}/enrol", data={"partner": typed, "role": "member"}).status_code == 303
        assert f'href="/partners/{seated}"' in dora.get(page).text or typed.title() in dora.get(page).text


def test_an_administrator_invites_to_a_partner_by_its_name_where_there_are_too_many_to_choose_from(
    app: Flask, people: Cast, dora: Browser, few: None
) -> None:
    with app.app_context():
        join()
    asked = {"email": "neu@ort.example", "role": "delegate", "hours": "48", "locale": "en"}
    form = dora.get("/invitations").text
    assert re.search(r'<input[^>]* name="partner"[^>]* type="text"', form)
    assert "Name oder Kurzform; leer: keiner (Produktverantwortung, Administration)." in form
    for typed, told in (("ort", "Ort 03 (ort-3)"), ("Atlantis", "Kein Partner heißt „Atlantis“.")):
        answer = dora.post("/invitations", data=asked | {"partner": typed})
        assert answer.status_code == 422
        assert told in answer.text
        assert f'value="{typed}"' in answer.text, "what was typed is still there"
        assert 'value="neu@ort.example"' in answer.text
        assert '<option selected value="48">' in answer.text
    for typed, invited in (("ort 07", "Ort 07"), ("ort-3", "Ort 03"), ("", "none")):
        assert dora.post("/invitations", data=asked | {"partner": typed}).status_code == 303
        with app.app_context():
            newest = db.session.scalars(select(Invitation).order_by(Invitation.id.desc()).limit(1)).one()
            partner = newest.partner_id and db.session.get_one(Partner, newest.partner_id).name
            assert (partner or "none") == invited


def test_a_host_notes_what_a_partner_says_by_its_name(app: Flask, pia: Browser, meeting: int) -> None:
    assert '<input id="now-1-partner" name="partner" ' in pia.get("/workshops/1").text
    asked = pia.post("/workshops/1/drafts", data={"partner": "ort", "choice": "for"}, partial=True, target="now-1")
    assert asked.status_code == 422
    assert "Welcher Partner ist gemeint?" in asked.text
    noted = pia.post("/workshops/1/drafts", data={"partner": "Dorsten", "choice": "for"}, partial=True, target="now-1")
    assert noted.status_code == 200
    assert "Dorsten" in noted.text


def test_few_partners_are_chosen_from_a_list(people: Cast, gast: Browser) -> None:
    text = gast.get("/activity?partner=celle").text
    assert '<option value="celle" selected>Celle</option>' in text


def test_a_search_finds_partners_whose_name_begins_with_the_words_before_those_that_hold_them(
    app: Flask, people: Cast, gast: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "RANKED", 2)
    with app.app_context():
        join(2, "alt-ostdorf")
        join(2, "ostdorf")
    found = gast.get("/search?q=ostdorf").text
    assert "/partners/ostdorf-1" in found
    assert "/partners/alt-ostdorf-0" not in found
    assert "/partners/celle" in gast.get("/search?q=cell").text


# Names


def test_a_renamed_partner_stands_where_its_new_name_belongs_and_the_check_sees_one_that_does_not(
    app: Flask, people: Cast
) -> None:
    with app.app_context():
        with transaction():
            aalen = db.session.get_one(Partner, people.aalen)
            facts = verbs.Facts(slug="aalen", name="Überlingen", sign="UE", kind=Kind.MUNICIPALITY, votes=True)
            verbs.edit(aalen, facts, people.dora.actor)
        assert db.session.get_one(Partner, people.aalen).search == "ueberlingen\n"
        assert checks.counters() == []
        with transaction():
            db.session.execute(update(Partner).where(Partner.id == people.celle).values(name="Zelle"))
        assert checks.counters() == ["Partner celle: Der Text, unter dem er gefunden wird, ist nicht sein Name."]
