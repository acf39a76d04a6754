"""The administration: people, partners, topics, settings, system, history; nothing of it for anybody else."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from board.accounts.models import LoginSession, Membership, Person
from board.activity.models import Activity
from board.admin.queries import PAGE
from board.db import db, transaction
from tests.conftest import Browser, sign_in
from tests.people import Cast


def get(app: Flask, person_id: int) -> Person:
    """A person as stored."""
    with app.app_context():
        return db.session.get_one(Person, person_id)


def last(app: Flask) -> tuple[str, Any]:
    """The last entry of the log."""
    with app.app_context():
        row = db.session.execute(select(Activity.verb, Activity.details).order_by(Activity.id.desc())).first()
        assert row
        return row.verb, row.details


def count_statements(app: Flask, client: Browser, address: str) -> int:
    """How many statements a page costs."""
    statements: list[str] = []

    def note(*args: Any) -> None:
        statements.append(args[2])

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    assert client.get(address).status_code == 200
    event.remove(engine, "before_cursor_execute", note)
    return len(statements)


# People


def crowd(app: Flask, people: Cast, n: int) -> None:
    """Many more people of Aalen."""
    with app.app_context(), transaction():
        for i in range(n):
            person = Person(email=f"m{i}@example.org", name=f"Mensch {i:03}")
            db.session.add(person)
            db.session.flush()
            db.session.add(Membership(person_id=person.id, partner_id=people.aalen))


def test_people_are_found_and_paged_by_key_whatever_their_number(app: Flask, people: Cast, dora: Browser) -> None:
    few = count_statements(app, dora, "/admin/people")
    crowd(app, people, PAGE + 20)
    assert count_statements(app, dora, "/admin/people") == few
    first = dora.get("/admin/people")
    assert first.headers["Cache-Control"] == "no-store"
    more = re.search(r'id="more" href="([^"]+)"', first.text)
    assert more
    second = dora.get(more[1].replace("&amp;", "&"))
    names = [re.findall(r"Mensch \d{3}", page.text) for page in (first, second)]
    assert set(names[0]).isdisjoint(names[1])
    assert len(set(names[0]) | set(names[1])) == PAGE + 20
    found = dora.get("/admin/people?q=m7@").text
    assert "Mensch 007" in found
    assert "Ada" not in found
    assert "Niemand passt" in dora.get("/admin/people?q=%25").text


@pytest.mark.parametrize(("stand", "shown", "hidden"), [
    ("admin", "Dora", "Ada"), ("product_owner", "Pia", "Ada"), ("disabled", "Ben", "Ada"), ("nowhere", "Niemo", "Pia"),
    ("active", "Ada", "Ben"), ("erased", "gelöschte Person", "Ada"), ("", "Ben", "gelöschte Person"),
])  # fmt: skip
def test_people_are_narrowed(app: Flask, people: Cast, dora: Browser, stand: str, shown: str, hidden: str) -> None:
    with app.app_context(), transaction():
        db.session.add(Person(email="niemo@example.org", name="Niemo"))
    dora.post(f"/admin/people/{people.ben.person_id}/disable")
    dora.post(f"/admin/people/{people.rolf.person_id}/erase")
    table = dora.get(f"/admin/people?stand={stand}").text.partition("<tbody>")[2]
    assert shown in table
    assert hidden not in table


def test_an_administrator_appoints_closes_opens_and_the_log_tells_it_without_names(
    app: Flask, people: Cast, dora: Browser, ben: Browser
) -> None:
    page = f"/admin/people/{people.ben.person_id}"
    assert dora.post(f"{page}/appoint", data={"is_product_owner": "y"}).status_code == 303
    assert get(app, people.ben.person_id).is_product_owner
    assert last(app) == ("person.appoint", {"person": people.ben.person_id, "product_owner": True, "admin": None})
    assert dora.post(f"{page}/disable").status_code == 303
    assert ben.get("/account").status_code == 401
    assert dora.post(f"{page}/enable").status_code == 303
    assert ben.get("/account").status_code == 401, "sessions stay ended"
    assert last(app) == ("person.enable", {"person": people.ben.person_id})
    dora.post(f"{page}/enrol", data={"partner": people.celle, "role": "delegate"})
    assert last(app) == ("person.enrol", {"person": people.ben.person_id, "role": "delegate"})
    shown = dora.get(page).text
    assert "Celle" in shown
    assert "ben@example.org" in shown


def test_nobody_is_left_without_an_administrator(app: Flask, people: Cast, dora: Browser) -> None:
    own = f"/admin/people/{people.dora.person_id}"
    assert dora.post(f"{own}/appoint").status_code == 409
    assert dora.post(f"{own}/disable").status_code == 409
    assert "einzige Administration" in dora.post(f"{own}/erase").text
    dora.post(f"/admin/people/{people.pia.person_id}/appoint", data={"is_admin": "y", "is_product_owner": "y"})
    pia = sign_in(app, people.pia.person_id, None)
    assert pia.post(f"{own}/disable").status_code == 303
    assert dora.get("/admin").status_code == 401


def test_an_erased_person_cannot_be_opened_and_sees_no_forms(app: Flask, people: Cast, dora: Browser) -> None:
    page = f"/admin/people/{people.ben.person_id}"
    assert dora.post(f"{page}/erase").status_code == 303
    assert dora.post(f"{page}/enable").status_code == 409
    shown = dora.get(page).text
    assert "gelöscht am" in shown
    assert "erased.invalid" not in shown
    assert "Konto löschen" not in shown
    assert dora.get("/admin/people/999999").status_code == 404
    assert dora.post("/admin/people/999999/erase").status_code == 404
    with app.app_context():
        assert not db.session.scalar(select(func.count()).where(LoginSession.person_id == people.ben.person_id))


def test_a_provider_gets_no_delegate_and_a_bad_form_is_kept(people: Cast, dora: Browser) -> None:
    page = f"/admin/people/{people.ben.person_id}"
    answer = dora.post(f"{page}/enrol", data={"partner": people.provider, "role": "delegate"})
    assert answer.status_code == 409
    assert re.search(rf'<option selected value="{people.provider}"', answer.text)
    assert dora.post(f"{page}/enrol", data={"partner": "999", "role": "member"}).status_code == 422
