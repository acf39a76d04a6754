"""Modules and the app as YAML after the city-app schema: out for all, in with a preview, nothing lost, nobody named."""

from typing import Any

import pytest
import yaml
from flask import Flask

from board.activity.models import Activity
from board.db import db, transaction
from board.i18n import in_days
from board.modules import queries, schema
from board.policy import SYSTEM
from board.proposals.models import Proposal
from board.settings.verbs import change
from board.voting import ballots, reuses
from board.voting.models import ReuseStatus
from tests.conftest import Browser
from tests.factories import make_proposal
from tests.people import Cast

MODULE = """
name: Mängelmelder
optional: "nein"
topic: maengelmelder
short_description: Schäden melden
cost: "=150 € pro Monat (zzgl. MwSt.)"
interfaces: [REST API v2.1, "Open311"]
dependencies:
  - PostgreSQL 13+
  - "007"
external_services:
  - name: Karten
    url: https://karten.example
deployed_in_municipalities: [Berlin, Celle, Dorsten]
development_status: Production
last_update: 2025-08-25
app_name: Smart City Platform
unbekannt: {tief: [1, 2.5, true, null, ja]}
"""
APP = """
name: Gemeinsame App
app_type: Native App
contact:
  - {name: Erika Muster, email: erika@example.org}
license: {name: EUPL-1.2, url: "https://eupl.eu/1.2/de/"}
modules: ["https://git.example/abfall.yml"]
deployed_in_municipalities: [Berlin]
city-app-yml-version: "1.1"
farbe: blau
"""


@pytest.fixture
def world(app: Flask, people: Cast) -> None:
    """FV-1, available: Aalen runs it, Celle has ended it."""
    with app.app_context():
        make_proposal(people, state="available", text="Schäden\neinfach melden.")
        for who, status in ((people.ada, ReuseStatus.LIVE), (people.cleo, ReuseStatus.ENDED)):
            with transaction():
                reuses.record(ballots.locked(1, who.actor), reuses.Record(status), who.actor)


def got(browser: Browser, url: str = "/proposals/FV-1/module.yml") -> dict[str, Any]:
    """A file as a program reads it."""
    answer = browser.get(url)
    assert answer.status_code == 200
    assert answer.content_type == "application/yaml; charset=utf-8"
    found: dict[str, Any] = yaml.safe_load(answer.get_data())
    return found


def take(browser: Browser, content: str, url: str = "/proposals/FV-1/module/import", do: str = "import") -> Any:
    """Send a file."""
    return browser.post(url, data={"content": content, "do": do, "source": "https://git.example/modul.yml"})


def test_a_proposal_is_a_module_of_the_schema(world: None, gast: Browser) -> None:
    found = got(gast)
    assert found["name"] == "Mängel melden"
    assert found["topic"] in schema.TOPICS
    assert found["description"] == "Schäden\neinfach melden."
    assert (found["development_status"], found["deployed_in_municipalities"]) == ("Stable", ["Aalen"])
    assert found.keys() <= set(schema.MODULE), "the schema allows no other field"
    assert list(found) == [name for name in schema.MODULE if name in found]
    assert got(gast, "/proposals/FV-1/used-by.yml") == {"usedBy": ["Aalen"]}


def test_the_app_names_its_modules_and_who_runs_any(world: None, gast: Browser) -> None:
    found = got(gast, "/data/city_app.yml")
    assert found["modules"] == ["http://localhost/proposals/FV-1/module.yml"]
    assert found["deployed_in_municipalities"] == ["Aalen"]
    assert found.keys() <= set(schema.APP)
    assert 'href="/data/city_app.yml"' in gast.get("/data").text


def test_an_estimate_is_the_cost_until_a_file_says_another(world: None, app: Flask, pia: Browser) -> None:
    with app.app_context(), transaction():
        proposal = db.session.get_one(Proposal, 1)
        proposal.effort_low, proposal.effort_high = 3, 8
    said = got(pia)
    assert said["cost"] == "3 bis 8 Personentage (Schätzung)"
    take(pia, yaml.safe_dump(said, allow_unicode=True))
    with app.app_context(), transaction():
        db.session.get_one(Proposal, 1).effort_high = 9
    assert got(pia)["cost"] == "3 bis 9 Personentage (Schätzung)", "what the board said itself is not frozen"
    take(pia, "cost: 12 €")
    assert got(pia)["cost"] == "12 €"


def test_the_preview_says_what_becomes_of_each_field_and_changes_nothing(world: None, app: Flask, pia: Browser) -> None:
    before = got(pia)
    text = take(pia, MODULE, do="check").text
    for told in ("Wird aufbewahrt", "Davon dem Schema unbekannt", "app_name, unbekannt", "Bleibt, wie es auf dem Board",
                 "name, short_description, last_update", "bitten Sie sie darum", "Dorsten"):  # fmt: skip
        assert told in text, told
    assert got(pia) == before
    with app.app_context():
        assert not db.session.query(Activity).filter(Activity.verb.startswith("module")).count()


def test_what_comes_in_goes_out_again_with_all_that_the_board_does_not_know(world: None, pia: Browser) -> None:
    assert take(pia, MODULE).status_code == 303
    given, found = yaml.safe_load(MODULE), got(pia)
    for name in (
        "optional",
        "cost",
        "interfaces",
        "dependencies",
        "external_services",
        "development_status",
        "app_name",
    ):
        assert found[name] == given[name], name
    assert found["unbekannt"] == {"tief": [1, 2.5, True, None, "ja"]}
    assert (found["name"], found["short_description"]) == ("Mängel melden", "Schäden einfach melden.")
    assert found["deployed_in_municipalities"] == ["Aalen", "Berlin", "Dorsten"], "Celle says itself that it ended"
    take(pia, pia.get("/proposals/FV-1/module.yml").get_data(as_text=True))
    assert got(pia) == found, "the board's own file changes nothing"


@pytest.mark.parametrize("looked_up", [1, 100])
def test_a_proposal_tells_users_whom_only_its_file_names_whether_looked_up_or_compared(
    world: None, pia: Browser, gast: Browser, monkeypatch: pytest.MonkeyPatch, looked_up: int
) -> None:
    monkeypatch.setattr(queries, "LOOKED_UP", looked_up)
    assert take(pia, MODULE).status_code == 303
    assert "<dd>Berlin, Dorsten <span" in gast.get("/proposals/FV-1").text, "Celle has an entry of its own"


def test_what_the_board_has_no_word_of_its_own_for_goes_out_as_it_came_in(
    app: Flask, people: Cast, pia: Browser
) -> None:
    with app.app_context():
        make_proposal(people)  # Open: the schema has no status for that.
    take(pia, MODULE)
    assert got(pia)["development_status"] == "Production"


def test_a_file_of_something_new_becomes_a_proposal_that_was_looked_at_first(
    app: Flask, people: Cast, pia: Browser
) -> None:
    url = "/data/module/import"
    shown = take(pia, MODULE, url, do="check")
    assert shown.status_code == 200
    for told in ('value="Mängelmelder"', "Schäden melden</textarea>", "Füllt den Vorschlag unten",
                 "app_name, unbekannt", "Celle, Dorsten", '<option selected value="maengelmelder">'):  # fmt: skip
        assert told in shown.text, told
    with app.app_context():
        assert not db.session.query(Proposal).count(), "a look changes nothing"
    form = {"title": "Mängelmelder", "text": "Schäden melden", "topic": "maengelmelder", "once": "einmal",
            "vote_by": in_days(30).isoformat(), "content": MODULE, "source": "https://git.example/modul.yml",
            "do": "import"}  # fmt: skip
    for _twice in range(2):
        made = pia.post(url, data=form)
        assert (made.status_code, made.location) == (303, "/proposals/FV-1")
    given, found = yaml.safe_load(MODULE), got(pia)
    for name in given.keys() - {"last_update", "deployed_in_municipalities", "short_description"}:
        assert found[name] == given[name], name
    assert found["short_description"] == "Schäden melden"
    assert found["deployed_in_municipalities"] == ["Berlin", "Celle", "Dorsten"]
    page = pia.get("/proposals/FV-1").text
    assert "https://git.example/modul.yml" in page
    assert "Moduldatei" in page
    with app.app_context():
        verbs = [row.verb for row in db.session.query(Activity).order_by(Activity.id)]
        assert verbs[-2:] == ["proposal.propose", "module.take"], "once"


def test_a_file_of_something_known_is_led_to_its_proposal(world: None, app: Flask, pia: Browser) -> None:
    take(pia, MODULE)
    shown = take(pia, MODULE.replace("Mängelmelder", "Ganz anders"), "/data/module/import", do="check").text
    assert 'action="/proposals/FV-1/module/import"' in shown, "it came from the same address"
    shown = pia.post("/data/module/import", data={"content": "name: Mängel melden", "do": "check"}).text
    assert 'action="/proposals/FV-1/module/import"' in shown, "it has the same name"


def test_a_file_that_cannot_become_a_proposal_keeps_what_was_typed(world: None, app: Flask, pia: Browser) -> None:
    url = "/data/module/import"
    for content, wrong in (("- 1", "Es wurde nichts übernommen"), ("name: " + "x" * 121 + "\ntext: y", "120")):
        bad = pia.post(url, data={"content": content, "do": "import", "title": "x" * 121, "text": "y",
                                  "topic": "", "vote_by": ""})  # fmt: skip
        assert bad.status_code == 422, content
        assert wrong in bad.text
    again = pia.post(url, data={"content": "name: Neu", "source": "http://git.example/x", "do": "check"})
    assert again.status_code == 422
    assert "beginnt mit https://" in again.text
    with app.app_context():
        assert db.session.query(Proposal).count() == 1


def test_an_unknown_field_that_says_nothing_is_given_back_too(world: None, pia: Browser) -> None:
    take(pia, "name: Karte\nnochnichts: null\nleer: []\nstumm: ''\ncost: ''\n")
    found = got(pia)
    assert {name: found.get(name, "weg") for name in ("nochnichts", "leer", "stumm")} == {
        "nochnichts": None, "leer": [], "stumm": "",
    }  # fmt: skip
    assert "cost" not in found, "the schema has no empty field"
    assert pia.get("/proposals/FV-1").status_code == 200


def test_a_name_that_stands_twice_is_refused_at_any_depth(world: None, pia: Browser) -> None:
    bad = take(pia, "name: Karte\nfarben:\n  rot: 1\n  rot: 2\n")
    assert bad.status_code == 422
    assert "Zeile 4" in bad.text


def test_a_file_writes_no_partners_entry_and_its_words_are_seen_on_the_page(
    world: None, app: Flask, pia: Browser, gast: Browser
) -> None:
    tag = gast.get("/proposals/FV-1").headers["ETag"]
    take(pia, MODULE)
    answer = gast.get("/proposals/FV-1", headers={"If-None-Match": tag})
    assert answer.status_code == 200
    for told in ("=150 €", "PostgreSQL 13+", "Smart City Platform", "Berlin", "nur von der Datei genannt", "Karten"):
        assert told in answer.text, told
    with app.app_context():
        assert [use.status for use in db.session.query(reuses.Reuse)] == ["live", "ended"]
    assert "Die Moduldatei zu" in gast.get("/activity").text


def test_the_apps_file_round_trips_without_people(world: None, pia: Browser, gast: Browser) -> None:
    checked = take(pia, APP, "/data/app/import", do="check").text
    assert "Weggelassen, weil Personen darin stehen" in checked
    assert take(pia, APP, "/data/app/import").status_code == 303
    found = got(gast, "/data/city_app.yml")
    assert (found["name"], found["app_type"], found["farbe"]) == ("Gemeinsame App", "Native App", "blau")
    assert found["modules"] == ["http://localhost/proposals/FV-1/module.yml", "https://git.example/abfall.yml"]
    assert found["deployed_in_municipalities"] == ["Aalen", "Berlin"]
    assert "Erika" not in gast.get("/data/city_app.yml").text
    take(pia, gast.get("/data/city_app.yml").get_data(as_text=True), "/data/app/import")
    assert got(gast, "/data/city_app.yml") == found


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("", "Erwartet wird eine Datei mit Feldern"),
        ("- a\n- b", "Erwartet wird eine Datei mit Feldern"),
        ("name: a\nname: b", "Zeile 2"),
        ("a: &x [1]\nb: *x", "Zeile 2"),
        ("name: [", "Zeile 1"),
        ("a: " + "[" * 20 + "]" * 20, "zu tief"),
        ("!!python/object/apply:os.system ['true']", "Erwartet wird eine Datei mit Feldern"),
    ],
)
def test_a_file_that_is_none_or_harms_is_refused_and_kept_in_the_field(
    world: None, pia: Browser, content: str, told: str
) -> None:
    answer = take(pia, content)
    assert answer.status_code == 422
    assert told in answer.text
    assert got(pia)["name"] == "Mängel melden"


def test_only_an_https_address_is_taken_as_the_source(world: None, pia: Browser) -> None:
    data = {"content": MODULE, "do": "import", "source": "javascript:alert(1)"}
    assert pia.post("/proposals/FV-1/module/import", data=data).status_code == 422


def test_delegates_and_administrators_take_nothing_in(world: None, ada: Browser, dora: Browser, gast: Browser) -> None:
    for browser, status in ((ada, 403), (dora, 403), (gast, 401)):
        for url in ("/proposals/FV-1/module/import", "/data/app/import"):
            assert take(browser, MODULE, url).status_code == status
    assert "module/import" not in ada.get("/proposals/FV-1").text


def test_files_need_sign_in_where_reading_is_not_public(world: None, app: Flask, gast: Browser, ada: Browser) -> None:
    with app.app_context(), transaction():
        change("public", False, SYSTEM)
    for url in ("/proposals/FV-1/module.yml", "/proposals/FV-1/used-by.yml", "/data/city_app.yml"):
        assert (gast.get(url).status_code, ada.get(url).status_code) == (401, 200)
