"""Settings at run time: born from the environment, changed by administrators, in force at once in every process."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board import create_app, i18n
from board.activity.models import Activity
from board.db import db, transaction
from board.errors import Denied, Missing, Refusal
from board.policy import SYSTEM, Actor
from board.settings.current import current
from board.settings.registry import DEFINITIONS, GROUPS, fits
from board.settings.verbs import change
from board.work.leases import terms
from tests import factories
from tests.conftest import Browser, bring_up_to_date, counting, settings
from tests.people import Cast


def put(app: Flask, name: str, value: Any, by: Actor = SYSTEM) -> bool:
    """Change one setting."""
    with app.app_context(), transaction():
        return change(name, value, by)


def test_a_board_is_born_as_its_environment_says(tmp_path: Path) -> None:
    app = create_app(
        settings(tmp_path, BOARD_PUBLIC="0", BOARD_QUORUM="60", BOARD_LEASE_DAYS="30", BOARD_SECOND_FACTOR="")
    )
    bring_up_to_date(app)
    with app.app_context():
        assert (current().public, current().quorum, current().lease_days, current().grace_days) == (False, 60, 30, 14)
        assert current().needs_second_factor(delegate=True, product_owner=False, admin=False)
        db.engine.dispose()


def test_the_demo_asks_nobody_for_a_second_factor(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, BOARD_DEMO="1"))
    bring_up_to_date(app)
    with app.app_context():
        assert not current().needs_second_factor(delegate=True, product_owner=True, admin=True)
        db.engine.dispose()


def test_a_second_factor_is_asked_of_those_whose_role_needs_it(app: Flask) -> None:
    put(app, "factor_admin", True)
    with app.app_context():
        asks = current().needs_second_factor
        assert not asks(delegate=True, product_owner=False, admin=False)
        assert asks(delegate=True, product_owner=False, admin=True)
        assert not asks(delegate=False, product_owner=False, admin=False)


@pytest.fixture
def neighbour(app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """Another process on the same database."""
    other = create_app(settings(tmp_path, app.config["SQLALCHEMY_DATABASE_URI"]))
    other.test_client_class = Browser
    yield other
    with other.app_context():
        db.engine.dispose()


def test_a_change_holds_in_every_process_with_the_next_request(
    app: Flask, people: Cast, gast: Browser, neighbour: Flask
) -> None:
    stranger = neighbour.test_client()
    assert stranger.get("/partners").status_code == gast.get("/partners").status_code == 200
    put(app, "public", False, people.dora.actor)
    assert stranger.get("/partners").status_code == gast.get("/partners").status_code == 401
    assert stranger.get("/sign-in").status_code == 200
    put(neighbour, "public", True, people.dora.actor)
    assert stranger.get("/partners").status_code == gast.get("/partners").status_code == 200


def test_terms_and_dates_follow_the_settings(app: Flask, people: Cast, ada: Browser) -> None:
    put(app, "lease_days", 20)
    put(app, "grace_days", 3)
    put(app, "vote_days", 7)
    with app.app_context():
        assert (terms().lease_days, terms().grace_days) == (20, 3)
    assert i18n.in_days(7).isoformat() in ada.get("/proposals/new").text
    assert "20 Tage" in ada.get("/work").text


def test_a_page_that_shows_a_setting_is_not_kept_beyond_its_change(app: Flask, people: Cast, gast: Browser) -> None:
    with app.app_context():
        factories.make_proposal(people)
    before = gast.get("/proposals")
    assert "Quorum" not in before.text
    put(app, "quorum", 50)
    again = gast.get("/proposals", headers={"If-None-Match": before.headers["ETag"]})
    assert again.status_code == 200
    assert "Quorum 50 %" in again.text
    tag = {"If-None-Match": again.headers["ETag"]}
    assert gast.get("/proposals", headers=tag).status_code == 304
    put(app, "quorum", None)
    assert "Quorum" not in gast.get("/proposals", headers=tag).text


def test_only_administrators_change_settings_and_the_log_names_the_setting_alone(app: Flask, people: Cast) -> None:
    for who in (people.ada, people.pia, people.rolf):
        with pytest.raises(Denied):
            put(app, "operator", "Stadt Aalen", who.actor)
    assert put(app, "operator", "Stadt Aalen", people.dora.actor)
    assert not put(app, "operator", "Stadt Aalen", people.dora.actor), "the same again writes nothing"
    with app.app_context():
        rows = db.session.execute(select(Activity.person_id, Activity.details)).all()
        assert rows == [(people.dora.person_id, {"setting": "operator"})]
        assert current().operator == "Stadt Aalen"


@pytest.mark.parametrize(("name", "value"), [
    ("quorum", 101), ("quorum", -1), ("quorum", "50"), ("quorum", True), ("public", 1), ("lease_days", 0),
    ("operator", "x" * 201), ("imprint_de", "x" * 50_001), ("imprint_de", 7),
])  # fmt: skip
def test_a_value_that_does_not_fit_is_refused(app: Flask, name: str, value: Any) -> None:
    with pytest.raises(Refusal):
        put(app, name, value)
    with app.app_context():
        assert current().stamp == (0, 0, None)


def test_a_setting_that_does_not_exist_is_missing(app: Flask) -> None:
    with pytest.raises(Missing):
        put(app, "surprise", True)


def test_asking_costs_one_statement_however_much_is_set(app: Flask) -> None:
    put(app, "imprint_de", "x" * 40_000)
    with app.app_context():
        current()
        with counting(app) as statements:
            assert len(current().imprint_de) == 40_000
        assert len(statements) == 1
        assert "value" not in statements[0]


def test_every_setting_is_explained_in_both_languages_and_its_initial_value_fits(app: Flask, tmp_path: Path) -> None:
    german = i18n.catalogue("de")
    config = app.config["BOARD"]
    for definition in DEFINITIONS:
        assert {definition.label, definition.sentence, GROUPS[definition.group]} <= german.keys(), definition.name
        assert fits(definition, definition.initial(config), config)
    with app.app_context():
        assert {d.name for d in DEFINITIONS} == vars(current()).keys() - {"stamp"}
