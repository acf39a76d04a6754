"""Partners: the list, each one's page, the electorate."""

import re

import pytest
from flask import Flask
from sqlalchemy import func, select

from board.accounts import verbs as accounts
from board.activity.models import Activity
from board.db import db, transaction
from board.errors import Conflict, Denied, Refusal
from board.partners import queries, verbs
from board.partners.models import Electorate, Kind, Partner
from board.partners.verbs import Facts
from board.policy import SYSTEM
from board.proposals.models import Proposal
from tests import factories
from tests.conftest import Browser, counting
from tests.people import Cast

ULM = Facts("ulm", "Ulm", "UL", Kind.MUNICIPALITY, votes=True, ags="08421000", state="Baden-Württemberg")


def join(app: Flask, *facts: Facts) -> list[int]:
    """These partners join; returns their ids."""
    with app.app_context(), transaction():
        return [verbs.create(SYSTEM, one).id for one in facts]


def electorate(app: Flask) -> tuple[int, int]:
    """Size and version, the size checked against the partners."""
    with app.app_context():
        row = db.session.get_one(Electorate, Electorate.ONLY)
        counted = db.session.scalar(select(func.count()).where(Partner.votes, Partner.paused_at.is_(None)))
        assert row.size == counted
        return row.size, row.version


def statements(app: Flask, client: Browser, path: str) -> int:
    """How many statements a page costs."""
    with counting(app) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


# The list


def test_the_list_shows_partners_by_kind_to_everybody(app: Flask, people: Cast, gast: Browser) -> None:
    join(app, ULM, Facts("kreis", "Landkreis Probe", "LP", Kind.COUNTY, votes=True, fictional=True))
    page = gast.get("/partners").text
    assert "6 Partner gestalten gemeinsam" in page
    assert "5 davon sind stimmberechtigt" in page
    order = [page.index(f">{name}<") for name in ("Aalen", "Celle", "Dorsten", "Ulm", "Landkreis Probe", "Werk GmbH")]
    assert order == sorted(order)
    assert page.count("erfunden") == 1
    assert "Ada" not in page


def test_population_is_written_as_the_reader_writes_numbers(app: Flask, people: Cast, gast: Browser) -> None:
    join(app, Facts("ulm", "Ulm", "UL", Kind.MUNICIPALITY, ags="08421000", population=126790))
    assert "126.790" in gast.get("/partners/ulm").text
    assert "126,790" in gast.get("/partners/ulm", headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize(("query", "found"), [
    ("q=CEL", {"Celle"}), ("kind=provider", {"Werk GmbH"}), ("q=wuerttemb", {"Ulm"}), ("q=württemb", {"Ulm"}),
    ("kind=nonsense", {"Aalen", "Celle", "Dorsten", "Ulm", "Werk GmbH"}), ("q=%25&kind=county", set()),
    ("q=" + "x" * 5000, set()), ("q=<b>", set()),
])  # fmt: skip
def test_kind_and_words_narrow_the_list(app: Flask, people: Cast, gast: Browser, query: str, found: set[str]) -> None:
    join(app, ULM)
    page = gast.get(f"/partners?{query}").text
    assert set(re.findall(r'<span class="name">([^<]+)</span>', page)) == found
    assert ("Kein Partner passt dazu" in page) == (not found)
    assert "<b>&lt;b&gt;" in page if "<b>" in query else True


def test_an_empty_board_says_so(app: Flask) -> None:
    assert "Noch kein Partner" in app.test_client().get("/partners", headers={"Accept-Language": "de"}).text


def test_the_list_costs_the_same_however_long_it_is(app: Flask, people: Cast, gast: Browser) -> None:
    few = statements(app, gast, "/partners")
    join(app, *(Facts(f"ort-{n}", f"Ort {n}", "OR", Kind.MUNICIPALITY, votes=True) for n in range(20)))
    assert statements(app, gast, "/partners") == few


def test_the_list_counts_what_partners_do(app: Flask, people: Cast) -> None:
    with app.app_context():
        package = factories.make_package(people)
        factories.claim(package, people.cleo.actor)
        lines = {line.slug: line for _kind, group in queries.overview().groups for line in group}
    assert (lines["aalen"].proposes, lines["aalen"].leads) == (1, 0)
    assert (lines["celle"].proposes, lines["celle"].leads) == (0, 1)


def test_what_partners_do_is_counted_up_to_a_bound(
    app: Flask, people: Cast, gast: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MANY", 2)
    with app.app_context():
        for n in range(5):
            factories.make_proposal(people, title=f"Vorschlag {n}")
        lines = {line.slug: line for _kind, group in queries.overview().groups for line in group}
    assert lines["aalen"].proposes == 3, "one more than the bound: no list grows with what it counts"
    monkeypatch.undo()
    assert 'data-label="Vorschläge"><span>5</span>' in gast.get("/partners").text


def test_the_list_is_not_sent_again_until_something_changed(app: Flask, people: Cast, gast: Browser) -> None:
    tag = gast.get("/partners").headers["ETag"]
    assert gast.get("/partners", headers={"If-None-Match": tag}).status_code == 304
    join(app, ULM)
    assert gast.get("/partners", headers={"If-None-Match": tag}).status_code == 200


# One partner


def test_a_partners_page_shows_its_facts_with_sources(app: Flask, people: Cast, gast: Browser) -> None:
    sources = (("Einwohnerzahl (destatis.de)", "https://www.destatis.de/x"), ("Böse", "javascript:alert(1)"))
    known = {"official_name": "Chemnitz, Stadt", "ags": "04011000", "contact": "app@c.example", "cohort": 1}
    facts = Facts("chemnitz", "Chemnitz", "CH", Kind.MUNICIPALITY, True, sources=sources, **known)
    join(app, facts)
    page = gast.get("/partners/chemnitz").text
    for shown in (
        "Chemnitz, Stadt",
        ">04011000<",
        "Staffel 1",
        'href="mailto:app@c.example"',
        "ein Votum je Vorschlag",
    ):
        assert shown in page
    assert '<a href="https://www.destatis.de/x" rel="noopener noreferrer">Einwohnerzahl (destatis.de)</a>' in page
    assert "javascript:alert" not in page


def test_who_voted_how_is_for_partners_who_are_signed_in(app: Flask, people: Cast, gast: Browser, ben: Browser) -> None:
    with app.app_context():
        proposal = factories.make_proposal(people, title="Parkplätze finden")
        factories.cast(people, proposal, "against", people.cleo.actor, "Wir haben schon eine Lösung.")
    stranger, partner = gast.get("/partners/celle").text, ben.get("/partners/celle").text
    assert "Parkplätze finden" not in stranger
    assert "sehen angemeldete Partner" in stranger
    assert "Parkplätze finden" in partner
    assert "dagegen" in partner
    assert "Cleo" not in stranger


def test_a_partners_page_shows_what_it_proposed_leads_and_offers(app: Flask, people: Cast, gast: Browser) -> None:
    with app.app_context():
        proposal = factories.make_proposal(people, title="Parkplätze finden")
        factories.offer(people, proposal, "pilot", people.cleo.actor)
        factories.claim(factories.make_package(people, proposal, title="Sensoren anbinden"), people.cleo.actor)
    assert "Parkplätze finden" in gast.get("/partners/aalen").text
    celle = gast.get("/partners/celle").text
    assert "Sensoren anbinden" in celle
    assert "Pilotierung" in celle
    assert "Noch kein Vorschlag." in celle


def test_a_partner_that_has_done_nothing_yet_shows_empty_sections(people: Cast, gast: Browser) -> None:
    page = gast.get("/partners/dorsten").text
    assert page.count('class="empty nothing-yet compact"') >= 3
    works = gast.get("/partners/werk").text
    assert "Noch kein Angebot, ein Arbeitspaket auszuführen." in works
    assert "Vorgeschlagen" not in works


@pytest.mark.parametrize("slug", ["nirgendwo", "AALEN", "aalen'", "%00", "a" * 3000])
def test_an_unknown_partner_is_not_found(people: Cast, gast: Browser, slug: str) -> None:
    assert gast.get(f"/partners/{slug}").status_code in {400, 404}


# The electorate


def test_who_joins_with_a_vote_belongs_to_the_electorate(app: Flask, people: Cast) -> None:
    size, version = electorate(app)
    join(app, ULM, Facts("dienst", "Dienst", "DI", Kind.PROVIDER))
    assert electorate(app) == (size + 1, version + 2)


def test_a_paused_partner_leaves_the_electorate_and_its_ballots_count_no_more(app: Flask, people: Cast) -> None:
    with app.app_context():
        open_one, decided = factories.make_proposal(people), factories.make_proposal(people, title="Zweiter")
        for proposal in (open_one, decided):
            factories.cast(people, proposal, "for")
            factories.cast(people, proposal, "for", people.cleo.actor)
        with transaction():
            accepted = db.session.get_one(Proposal, decided, with_for_update=True)
            accepted.accept(
                people.pia.actor,
                body="Rat",
                decided_on=accepted.created_at.date(),
                reason="Gut.",
                without_estimate="Klein",
            )
    size, version = electorate(app)
    for _twice in range(2):
        with app.app_context(), transaction():
            verbs.pause(db.session.get_one(Partner, people.celle, with_for_update=True), SYSTEM)
        assert electorate(app) == (size - 1, version + 1)
        assert votes(app, open_one, decided) == [1, 2]
    for _twice in range(2):
        with app.app_context(), transaction():
            verbs.resume(db.session.get_one(Partner, people.celle, with_for_update=True), SYSTEM)
        assert electorate(app) == (size, version + 2)
        assert votes(app, open_one, decided) == [2, 2]


def votes(app: Flask, *proposals: int) -> list[int]:
    """The ballots in favour on each."""
    with app.app_context():
        return [db.session.get_one(Proposal, id_).n_for for id_ in proposals]


def test_only_administration_takes_partners_in(app: Flask, people: Cast) -> None:
    with app.app_context(), pytest.raises(Denied), transaction():
        verbs.create(people.pia.actor, ULM)
    with app.app_context(), transaction():
        assert verbs.create(people.dora.actor, ULM).slug == "ulm"


def test_a_refused_partner_leaves_no_trace(app: Flask, people: Cast) -> None:
    before = electorate(app)
    with app.app_context(), pytest.raises(Denied), transaction():
        verbs.create(people.ada.actor, ULM)
    with app.app_context():
        assert queries.by_slug("ulm") is None
        assert db.session.scalar(select(func.count(Activity.id)).where(Activity.verb == "partner.create")) == 0
    assert electorate(app) == before


@pytest.mark.parametrize("facts", [
    Facts("Ulm!", "Ulm", "UL", Kind.MUNICIPALITY), Facts("ulm", " ", "UL", Kind.MUNICIPALITY),
    Facts("ulm", "Ulm", "ULM", Kind.MUNICIPALITY), Facts("ulm", "Ulm", "UL", Kind.PROVIDER, votes=True),
    Facts("ulm", "Ulm", "UL", Kind.MUNICIPALITY, ags="8421000"),
    Facts("ulm", "Ulm", "UL", Kind.MUNICIPALITY, ags="०८४२१०००"),
    Facts("aalen", "Aalen", "AA", Kind.MUNICIPALITY),
])  # fmt: skip
def test_facts_that_cannot_be_are_refused(app: Flask, people: Cast, facts: Facts) -> None:
    with app.app_context(), pytest.raises((Refusal, Conflict)), transaction():
        verbs.create(SYSTEM, facts)


def test_a_delegate_of_a_paused_partner_may_not_vote(app: Flask, people: Cast, cleo: Browser) -> None:
    with app.app_context():
        proposal = factories.make_proposal(people)
        with transaction():
            verbs.pause(db.session.get_one(Partner, people.celle, with_for_update=True), SYSTEM)
    answer = cleo.post(f"/proposals/FV-{proposal}/ballot", data={"choice": "for"})
    assert answer.status_code in {403, 409}
    assert votes(app, proposal) == [0]
    assert "ruht seit" in cleo.get("/partners/celle").text


def test_a_person_with_a_seat_reads_the_partners_page(app: Flask, people: Cast, rolf: Browser) -> None:
    assert rolf.get("/partners/werk").status_code == 200
    with app.app_context(), transaction():
        accounts.disable(db.session.get_one(accounts.Person, people.rolf.person_id), SYSTEM)
    assert rolf.get("/partners/werk").status_code == 200, "as a stranger"


def test_partners_stand_as_in_a_german_directory(app: Flask, people: Cast, ada: Browser) -> None:
    join(app, *(
        Facts(slug, name, "XX", Kind.MUNICIPALITY, votes=True)
        for slug, name in (("zwickau", "Zwickau"), ("oehringen", "Öhringen"), ("ohrdruf", "Ohrdruf"))
    ))  # fmt: skip
    with app.app_context():
        proposal = factories.make_proposal(people)
    for page in (f"/proposals/FV-{proposal}/sheet", "/partners"):
        told = ada.get(page).text
        places = [told.rindex(name) for name in ("Celle", "Öhringen", "Ohrdruf", "Zwickau")]
        assert places == sorted(places)
