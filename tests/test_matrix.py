"""The matrix of reuse: rows, columns, old entries that are asked about by mail, and how use spreads."""

import re
from datetime import date, datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from board.accounts.models import Membership
from board.activity.models import Activity
from board.db import at, db, now, transaction
from board.i18n import BERLIN, set_locale, today
from board.mail.models import Mail
from board.policy import ANONYMOUS, SYSTEM
from board.proposals.states import State
from board.proposals.writing import Draft, import_
from board.reuse import asking, filters, matrix
from board.reuse.filters import Filters
from board.reuse.spread import spread
from board.voting import ballots, reuses
from board.voting.models import Reuse, ReuseStatus
from tests import factories
from tests.conftest import Browser
from tests.people import Cast, Who


def use(proposal_id: int, who: Who, status: str = "live", **said: object) -> None:
    """A record, made by the verb; one that says nothing else was confirmed today."""
    said.setdefault("confirmed_on", today())
    with transaction():
        record = reuses.Record(ReuseStatus(status), **said)  # type: ignore[arg-type]
        reuses.record(ballots.locked(proposal_id, who.actor), record, who.actor)


ENGLISH = {"Accept-Language": "en"}
OLD = {"confirmed_on": date(2026, 1, 15)}


@pytest.fixture
def shelf(app: Flask, people: Cast) -> Flask:
    """FV-1 runs in Aalen (not confirmed for long) and is piloted in Celle; FV-2 is available, FV-3 open and planned."""
    with app.app_context():
        factories.make_proposal(people, title="Müllkalender", state=State.AVAILABLE)
        factories.make_proposal(people, title="Abfahrten", state=State.AVAILABLE, topic_id=people.transport)
        factories.make_proposal(people, title="Hitzekarte")
        factories.make_proposal(people, title="Ohne Nutzung")
        use(1, people.ada, "live", release="2.1", **OLD)
        use(1, people.cleo, "pilot")
        use(3, people.cleo, "planned", planned_for="2027-Q1")
    return app


def keys(**filters: str) -> list[str]:
    return [row.key for row in matrix.matrix(Filters(**filters), ANONYMOUS).rows]


def test_rows_are_what_can_be_used_or_what_somebody_has_an_entry_for(shelf: Flask) -> None:
    with shelf.app_context():
        assert keys() == ["FV-1", "FV-3", "FV-2"]
        assert keys(sort="title") == ["FV-2", "FV-3", "FV-1"]
        assert keys(sort="confirmed")[0] in {"FV-1", "FV-3"}
        assert keys(topic="oepnv-auskunft") == ["FV-2"]
        assert keys(status="planned") == ["FV-3"]
        assert keys(partner="aalen") == ["FV-1"]
        assert keys(old="1") == ["FV-1"]
        assert keys(q="kalender") == ["FV-1"]


def test_runs_elsewhere_but_not_here(shelf: Flask, people: Cast) -> None:
    with shelf.app_context():
        found = matrix.matrix(Filters(elsewhere="1"), people.cleo.actor)
        assert [row.key for row in found.rows] == []
        use(2, people.ada)
        found = matrix.matrix(Filters(elsewhere="1"), people.cleo.actor)
        assert [row.key for row in found.rows] == ["FV-2"]


def test_ones_own_column_comes_first_then_the_chosen_one(shelf: Flask, people: Cast) -> None:
    with shelf.app_context():
        assert [c.slug for c in matrix.matrix(Filters(), ANONYMOUS).columns] == ["aalen", "celle"]
        assert [c.slug for c in matrix.matrix(Filters(), people.cleo.actor).columns] == ["celle", "aalen"]
        assert [c.slug for c in matrix.matrix(Filters(partner="celle"), ANONYMOUS).columns] == ["celle", "aalen"]
        assert matrix.matrix(Filters(kind="county"), ANONYMOUS).columns == ()


def test_columns_stand_by_name_or_by_how_much_a_partner_uses(
    shelf: Flask, people: Cast, ada: Browser, gast: Browser
) -> None:
    with shelf.app_context():
        use(2, people.cleo)  # Celle now runs one and pilots one, Aalen runs one.
        assert [c.slug for c in matrix.matrix(Filters(columns="used"), ANONYMOUS).columns] == ["celle", "aalen"]
        assert [c.slug for c in matrix.matrix(Filters(columns="used"), people.ada.actor).columns] == ["aalen", "celle"]
    page = gast.get("/reuse?columns=used").text
    assert page.index('id="column-2"') < page.index('id="column-1"')
    assert "columns=used" in page, "rows that change ask for the same columns"
    assert '<option value="used" selected>' in page
    assert 'hx-get="/reuse/FV-1"' in gast.get("/reuse?columns=unknown").text


def test_the_page_says_each_entry_in_words_and_marks_old_ones(shelf: Flask, gast: Browser) -> None:
    page = gast.get("/reuse").text
    assert "Aalen: im Einsatz, Version 2.1, bestätigt am 15. Januar 2026, zu bestätigen" in page
    assert "Celle: geplant, 1. Quartal 2027" in page
    assert "1 zu bestätigen" in page.replace("\N{NO-BREAK SPACE}", " ")


@pytest.fixture
def built(shelf: Flask, people: Cast) -> Flask:
    """FV-5 was built by Aalen, which runs it, and by Celle, which has recorded nothing; FV-6 by Dorsten alone."""
    with shelf.app_context():
        with transaction():
            import_(
                SYSTEM, Draft("Parken", people.defects), state=State.AVAILABLE, builders=[people.aalen, people.celle]
            )
            import_(SYSTEM, Draft("Laden", people.defects), state=State.ACCEPTED, builders=[people.dorsten])
        use(5, people.ada, contact="digital@aalen.example", link="https://aalen.example/parken")
    return shelf


def test_who_built_a_function_is_marked_and_nobody_claims_that_they_use_it(
    built: Flask, people: Cast, gast: Browser
) -> None:
    row = gast.get("/reuse/FV-5", partial=True).text
    assert "Aalen: im Einsatz, hat es gebaut, bestätigt am" in row
    assert "Celle: hat es gebaut, Nutzung nicht erfasst" in row
    assert row.count("reuse-live") == 1
    assert "hat es gebaut" not in gast.get("/reuse/FV-1", partial=True).text
    assert "Celle: has built it, use not recorded" in gast.get("/reuse/FV-5", partial=True, headers=ENGLISH).text
    with built.app_context():
        found = matrix.matrix(Filters(), ANONYMOUS)
        assert [c.id for c in found.columns if c.id == people.dorsten] == [people.dorsten], "a builder has a column"
        assert "FV-6" in [row.key for row in found.rows], "and what it built a row"
        assert found.entries == 4, "a builder without a record is no entry"
        assert [row.key for row in matrix.matrix(Filters(partner="celle"), ANONYMOUS).rows if row.id > 4] == ["FV-5"]


def test_an_entry_leads_to_its_contact_address_and_source(built: Flask, people: Cast, cleo: Browser) -> None:
    page = cleo.get("/reuse/FV-5", partial=True).text
    entry = f"use-5-{people.aalen}"
    assert f'href="/proposals/FV-5#{entry}"' in page
    shown = cleo.get("/proposals/FV-5").text.partition(f'id="{entry}"')[2].partition("</li>")[0]
    assert "digital@aalen.example" in shown
    assert "https://aalen.example/parken" in shown
    assert 'href="/proposals/FV-6#builders"' in cleo.get("/reuse/FV-6", partial=True).text
    assert 'id="builders"' in cleo.get("/proposals/FV-6").text


def test_a_builder_records_its_own_use_from_its_mark(built: Flask, cleo: Browser) -> None:
    own = cleo.get("/reuse/FV-5", partial=True).text.partition('id="uses-5-own"')[2].partition("</td>")[0]
    assert "hat es gebaut, Nutzung nicht erfasst" in own
    assert "Nachnutzung durch Celle erfassen" in own
    assert "<a" not in own, "no link within the link"


def test_only_delegates_edit_and_only_their_own_column(shelf: Flask, ada: Browser, ben: Browser) -> None:
    assert 'id="uses-2-own"' in ada.get("/reuse").text
    assert "-own" not in ben.get("/reuse").text
    row = ada.get("/reuse/FV-1?kind=county", partial=True).text
    assert row.count("<td") == 2  # Their own column and the sum.
    assert ada.get("/reuse/FV-99").status_code == 404


def test_a_quarter_holds_only_while_the_use_is_planned(shelf: Flask, people: Cast) -> None:
    with shelf.app_context():
        use(3, people.cleo, "pilot", planned_for="2027-Q1")
        assert db.session.scalar(select(Reuse.planned_for).where(Reuse.proposal_id == 3)) == ""


@pytest.mark.parametrize(
    ("field", "value"), [("planned_for", "2027-Q5"), ("link", "ftp://x"), ("link", "javascript:x")]
)
def test_bad_plans_and_addresses_are_told_in_place(shelf: Flask, ada: Browser, field: str, value: str) -> None:
    answer = ada.post("/proposals/FV-2/reuse", data={"status": "planned", field: value}, partial=True, target="reuse-2")
    assert answer.status_code == 422
    assert f'id="reuse-2-{field}-error"' in answer.text


def test_the_matrix_costs_the_same_for_one_row_and_for_many(shelf: Flask, people: Cast, statements: list[str]) -> None:
    def cost() -> int:
        statements.clear()
        matrix.matrix(Filters(), people.ada.actor)
        return len(statements)

    with shelf.app_context():
        once = cost()
        for _ in range(15):
            use(factories.make_proposal(people), people.ada)
        assert cost() == once


def signed(app: Flask, people: Cast) -> str:
    """The address that Ada's mail about the old entry holds."""
    with app.app_context():
        asking.ask_due()
        mail = db.session.scalars(select(Mail)).one()
        assert mail.person_id == people.ada.person_id
        set_locale("de")
        letter = asking.letter(mail)
        assert letter
        (item,) = letter.sections[0].items
        assert item.text == "FV-1 Müllkalender"
        return item.url.partition("localhost")[2]


def test_whoever_keeps_an_old_entry_is_asked_once_a_month(shelf: Flask, people: Cast) -> None:
    signed(shelf, people)
    with shelf.app_context():
        asking.ask_due()
        assert len(db.session.scalars(select(Mail)).all()) == 1
        with at(now() + timedelta(days=32)):
            asking.ask_due()
        assert len(db.session.scalars(select(Mail)).all()) == 2


def test_one_button_confirms_without_signing_in_and_reading_changes_nothing(
    shelf: Flask, people: Cast, gast: Browser
) -> None:
    url = signed(shelf, people)
    for _ in range(2):
        page = gast.get(url).text
        assert "Ja, das stimmt noch" in page
        assert "Müllkalender" in page
    with shelf.app_context():
        assert db.session.scalar(select(Reuse.confirmed_on).where(Reuse.id == 1)) == date(2026, 1, 15)
    assert gast.post(url).status_code == 303
    assert gast.post(url).status_code == 303
    assert "das ist bestätigt" in gast.get(url).text
    with shelf.app_context():
        row = db.session.scalars(select(Activity).where(Activity.verb == "reuse.confirm")).one()
        assert (row.person_id, row.partner_id) == (people.ada.person_id, people.aalen)
        assert db.session.scalar(select(Reuse.confirmed_on).where(Reuse.id == 1)) == today()
        assert asking.letter(db.session.scalars(select(Mail)).one()) is None


def test_the_address_ends_with_the_delegate_s_seat_and_cannot_be_forged(
    shelf: Flask, people: Cast, gast: Browser
) -> None:
    url = signed(shelf, people)
    head, _dot, tail = url.rpartition(".")
    assert gast.post(f"{head}.{tail[::-1]}").status_code == 404
    with shelf.app_context(), transaction():
        db.session.execute(update(Membership).where(Membership.id == people.ada.membership_id).values(ended_at=now()))
    assert gast.get(url).status_code == 404
    assert gast.post(url).status_code == 404


def test_use_is_counted_month_by_month_back_from_what_is_recorded_now(shelf: Flask, people: Cast) -> None:
    with shelf.app_context():
        with at(now() - timedelta(days=70)):
            use(2, people.ada)
        months = spread(12)
        assert [m.first.month for m in months][-1] == today().month
        assert (months[-1].live, months[-1].pilot, months[-1].total) == (2, 1, 3)
        assert (months[-2].live, months[-2].pilot) == (1, 0)
        assert (months[0].live, months[0].pilot) == (0, 0)


def test_a_month_of_use_begins_at_midnight_in_berlin(shelf: Flask, people: Cast) -> None:
    first = (today().replace(day=1) - timedelta(days=1)).replace(day=1)
    with shelf.app_context():
        with at(datetime.combine(first, time(0, 30), BERLIN)):
            use(2, people.ada)
        assert [month.live for month in spread(3)] == [0, 1, 2]


def test_the_picture_has_its_numbers_as_a_table(shelf: Flask, gast: Browser) -> None:
    page = gast.get("/reuse").text
    assert re.search(r'<svg[^>]*role="img" aria-label="Nutzungen aller Funktionen je Monat"', page)
    assert "Als Tabelle" in page


def test_a_large_matrix_shows_the_most_used_first_and_all_on_demand(
    shelf: Flask, people: Cast, gast: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filters, "FIRST", 2)
    page = gast.get("/reuse?sort=title").text
    assert page.count('class="uses"') == 2
    assert "gezeigt werden die 2 am meisten genutzten" in page
    assert 'href="/reuse?sort=title&amp;all=1"' in page
    whole = gast.get("/reuse?sort=title&all=1").text
    assert whole.count('class="uses"') == 3
    assert 'id="all-rows"' not in whole
