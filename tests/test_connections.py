"""Connections to the forges as their operators see them: secrets shown once, state, log, replay, rules, backfill."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from board import i18n
from board.accounts import session
from board.accounts.models import LoginSession
from board.activity.models import Activity
from board.activity.topics import public_topics, topics
from board.connections import words
from board.connections.health import health, since
from board.db import at, db, now, transaction
from board.issues import backfills, connection_queries, connections, problems, queries, receive, rules
from board.issues.models import Backfill, Connection, ConnectionSecret, Delivery, Issue, LabelRule, Repository
from board.jobs.listed import JOBS
from board.policy import SYSTEM
from tests.conftest import Browser, counting
from tests.people import Cast
from tests.test_issues_import import Small, connected, entries, served
from tests.webhooks.forge import EVENT, SECRETS, Forge, github_issue, gitlab_issue, issue, rule_on

PING = {"zen": "Keep it light.", "hook_id": 1}
ID = "0123456789abcdef" * 2
NEW = {"provider": "gitlab", "name": "openCode", "public_id": ID, "accept_new": "y"}


def line(app: Flask, connection_id: int) -> Any:
    with app.app_context():
        return connection_queries.connection(connection_id)


def plain(text: str) -> str:
    """Without the spaces that hold a number and its word together."""
    return text.replace("\xa0", " ")


def broken(*_args: Any, **_more: Any) -> None:
    raise KeyError("Karte lädt nicht")


# Making and changing


def test_a_new_connection_shows_address_and_secret_once_and_never_again(app: Flask, pia: Browser) -> None:
    made = pia.post("/connections", data=NEW)
    assert made.status_code == 201
    assert made.headers["Cache-Control"] == "no-store"
    secret = re.search(r'value="(whsec_[^"]+)"', made.text)
    assert secret
    assert f'value="http://localhost/hooks/gitlab/{ID}"' in made.text
    again = pia.post("/connections", data=NEW)
    assert again.status_code == 409
    pages = [pia.get("/connections/1").text, pia.get("/connections").text, again.text]
    assert not [page for page in pages if secret[1] in page]
    forge = Forge.__new__(Forge)
    forge.app, forge.provider, forge.secret, forge.url = app, "gitlab", secret[1], f"/hooks/gitlab/{ID}"
    for variant in ("", "signed"):
        assert forge.post(gitlab_issue(), EVENT["gitlab"], variant=variant).status_code == 200


def test_pages_are_never_kept_and_what_touches_secrets_asks_again_who_one_is(app: Flask, pia: Browser) -> None:
    forge = Forge(app, "github")
    for url in ("", f"/{forge.id}", f"/{forge.id}/deliveries", f"/{forge.id}/rules"):
        answer = pia.get(f"/connections{url}")
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    with app.app_context(), transaction():
        db.session.execute(update(LoginSession).values(proved_at=now() - session.FRESH - timedelta(minutes=1)))
    one = f"/{forge.id}"
    for url in (
        "", f"{one}/edit", f"{one}/rotate", f"{one}/secrets/1/retire", f"{one}/delete", f"{one}/deliveries/replay",
        f"{one}/deliveries/1/replay", f"{one}/rules", f"{one}/rules/1/enable",
    ):  # fmt: skip
        assert pia.post(f"/connections{url}", data=NEW).status_code == 401, url
    assert len(line(app, forge.id).secrets) == 1


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"provider": "svn"}, {"public_id": "x"}, {"instance": "kein rechner"}], ids=str
)
def test_a_bad_form_is_kept(app: Flask, pia: Browser, wrong: dict[str, str]) -> None:
    answer = pia.post("/connections", data={**NEW, **wrong})
    assert answer.status_code == 422
    assert "openCode" in answer.text or wrong == {"name": ""}
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Connection)) == 0


@pytest.mark.parametrize(("provider", "words_"), [
    ("gitlab", "Confidential issues events"), ("github", "Branch or tag deletion"), ("gitea", "Custom Events"),
])  # fmt: skip
def test_each_forge_has_its_steps(app: Flask, pia: Browser, provider: str, words_: str) -> None:
    assert words_ in pia.post("/connections", data={**NEW, "provider": provider}).text
    assert words_ in pia.get("/connections/1").text


def test_the_token_is_encrypted_never_shown_and_forgotten_on_demand(app: Flask, pia: Browser) -> None:
    forge = Forge(app, "github", token="ein-langes-token")
    page = pia.get(f"/connections/{forge.id}/edit").text
    assert "ein-langes-token" not in page + pia.get(f"/connections/{forge.id}").text
    pia.post(f"/connections/{forge.id}/edit", data={"name": "Neu", "instance": "https://Git.Example/"})
    with app.app_context():
        kept = db.session.get_one(Connection, forge.id)
        assert (kept.name, kept.instance, kept.accept_new) == ("Neu", "git.example", False)
        assert connections.token(kept) == "ein-langes-token"
        assert b"ein-langes-token" not in (kept.token_box or b"")
    pia.post(f"/connections/{forge.id}/edit", data={"name": "Neu", "forget_token": "y"})
    assert not line(app, forge.id).has_token


def test_secrets_are_rotated_on_the_page_which_says_which_one_was_used_last(app: Flask, pia: Browser) -> None:
    forge = Forge(app, "github")
    forge.post(github_issue())
    rotated = pia.post(f"/connections/{forge.id}/rotate")
    assert (rotated.status_code, rotated.headers["Cache-Control"]) == (201, "no-store")
    found = re.search(r'id="hook-secret" value="([^"]+)"', rotated.text)
    assert found
    assert pia.post(f"/connections/{forge.id}/rotate").status_code == 409, "two are active"
    forge.secret = found[1]
    forge.post(github_issue(6))
    first, second = line(app, forge.id).secrets
    assert second.last_used_at > first.last_used_at
    page = pia.get(f"/connections/{forge.id}").text
    assert re.search(r"Geheimnis 2</b>.*?zuletzt benutzt", plain(page), re.DOTALL)
    assert pia.post(f"/connections/{forge.id}/secrets/{first.id}/retire").status_code == 303
    assert pia.post(f"/connections/{forge.id}/secrets/{second.id}/retire").status_code == 409, "the last one"
    assert forge.post(github_issue(7)).status_code == 200
    with app.app_context():
        assert db.session.get_one(ConnectionSecret, first.id).box is None


def test_deleting_asks_on_a_page_and_ends_the_address(app: Flask, dora: Browser) -> None:
    forge = Forge(app, "github")
    assert 'method="post"' in dora.get(f"/connections/{forge.id}/delete").text
    assert dora.post(f"/connections/{forge.id}/delete").status_code == 303
    assert forge.post(github_issue()).status_code == 404
    assert dora.get(f"/connections/{forge.id}").status_code == 404


def test_private_issues_hide_when_the_choice_is_taken_back_or_the_connection_deleted(app: Flask, pia: Browser) -> None:
    for number, url, form in ((1, "/edit", {"name": "x"}), (2, "/delete", {})):
        forge = Forge(app, "github", show_private=True)
        forge.post(github_issue(title="Nur intern", repository={"id": number, "private": True}))
        with app.app_context():
            assert db.session.scalar(select(func.count()).where(Issue.visible)) == 1
        assert pia.post(f"/connections/{forge.id}{url}", data=form).status_code == 303
        with app.app_context():
            assert db.session.scalar(select(func.count()).where(Issue.visible)) == 0
            assert not db.session.scalar(select(Issue.id).where(Issue.title != ""))


def test_a_repository_that_another_connection_shows_stays_visible(app: Flask, pia: Browser) -> None:
    forges = [Forge(app, "github", show_private=True) for _ in range(2)]
    for forge in forges:
        forge.post(github_issue(repository={"private": True}))
    pia.post(f"/connections/{forges[0].id}/delete")
    with app.app_context():
        assert db.session.scalar(select(Issue.visible))


# How it is


def test_the_state_tells_the_first_delivery_the_ping_and_their_age(app: Flask, pia: Browser) -> None:
    forge = Forge(app, "github")
    url = f"/connections/{forge.id}/state"
    assert "Wartet auf die erste Übermittlung" in pia.get(url, partial=True).text
    with at(now() - timedelta(hours=3)):
        forge.post(PING, "ping")
    page = plain(pia.get(url, partial=True).text)
    assert "Der Test der Git-Plattform ist angekommen" in page
    assert "vor 3 Std." in page
    assert "letzte Übermittlung vor 3 Std." in plain(pia.get("/connections").text)
    assert "last delivery 3 h ago" in plain(pia.get("/connections", headers={"Accept-Language": "en"}).text)


def test_the_first_delivery_and_each_ping_are_news_for_operators_alone(app: Flask) -> None:
    forge = Forge(app, "github")

    def heard() -> list[Activity]:
        with app.app_context():
            return list(db.session.scalars(select(Activity).where(Activity.verb == "connection.hear")))

    forge.post(PING, "ping")
    assert len(heard()) == 1
    forge.post(github_issue())
    assert len(heard()) == 1, "an ordinary delivery writes no such row"
    forge.post({**PING, "hook_id": 2}, "ping")
    assert len(heard()) == 2
    with at(now() + timedelta(days=2)):
        forge.post(github_issue(6))
    assert len(heard()) == 3, "heard again after a silent day"
    assert topics(heard()[0]) == {"connections"}
    assert public_topics(heard()[0]) == frozenset()


def test_a_connection_that_fails_is_refused_or_falls_silent_warns(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    forge = Forge(app, "github", accept_new=False, repositories=[("stadt/app", 4712)])
    with app.app_context():
        assert health(line(app, forge.id)).kind == "waiting"
        forge.post(github_issue())
        assert health(line(app, forge.id)).kind == "good"
        with at(now() + timedelta(days=15)):
            (warning,) = health(line(app, forge.id)).warnings
            assert "Seit 15 Tagen still" in plain(warning)
        app.test_client().post(forge.url, json={})
        assert "Signatur" in health(line(app, forge.id)).warnings[0]
        forge.post(github_issue(7, repository={"id": 99, "full_name": "stadt/neu"}))
        (warning,) = health(line(app, forge.id)).warnings
        assert "wartet auf Ihre Wahl" in warning
        monkeypatch.setattr(receive, "apply", broken)
        forge.post(github_issue(8, body="Zu AP-1"))  # Not on the fast lane.
        assert len(health(line(app, forge.id)).warnings) == 2
        with transaction():
            connections.disable(connections.locked(forge.id), SYSTEM)
        assert health(line(app, forge.id)).kind == "off"


def test_ages_are_told_to_the_minute(app: Flask) -> None:
    with app.app_context():
        ages = ((0, "gerade eben"), (5, "vor 5 Min."), (190, "vor 3 Std."), (4400, "vor 3 Tagen"))
        assert [plain(since(now() - timedelta(minutes=m))) for m, _told in ages] == [told for _m, told in ages]


def test_waiting_repositories_are_accepted_with_what_was_ignored_meanwhile(app: Flask, pia: Browser) -> None:
    forge = Forge(app, "gitlab", accept_new=False)
    for number in (1, 2):
        assert forge.post(gitlab_issue(number), "Issue Hook").json["reason"] == "unknown_repository"
    (repository,) = line(app, forge.id).repositories
    assert (repository.standing, repository.external_id) == ("waiting", 4712)
    page = pia.post(f"/connections/{forge.id}/repositories/{repository.id}/accept", partial=True).text
    assert "2 Übermittlungen wurden nachgeholt" in plain(page)
    assert "angenommen" in page
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Issue)) == 2
    pia.post(f"/connections/{forge.id}/repositories/{repository.id}/refuse")
    assert forge.post(gitlab_issue(3), "Issue Hook").json["reason"] == "unknown_repository"


# The log


@pytest.fixture
def logged(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Forge:
    """A connection whose log holds an applied issue, a ping, a confidential issue and a failure."""
    forge = Forge(app, "gitlab")
    forge.post(gitlab_issue(title="Sichtbar"), "Issue Hook")
    forge.post(gitlab_issue(6, title="Geheimes", confidential=True), "Confidential Issue Hook")
    with monkeypatch.context() as patch:
        patch.setattr(receive, "apply", broken)
        forge.post(gitlab_issue(7, title="Später", description="Zu AP-1"), "Issue Hook")  # Not on the fast lane.
    return forge


def test_the_log_tells_each_delivery_in_words_with_duration_and_secret(pia: Browser, logged: Forge) -> None:
    page = pia.get(f"/connections/{logged.id}/deliveries").text
    for told in ("Ein neues Issue wurde übernommen.", "Das Issue ist vertraulich", "Ein Fehler des Boards (KeyError)"):
        assert told in page
    assert re.search(r"\d+(,\d)? ms", plain(page))
    assert "Nr. 1" in plain(page)
    assert "Geheimes" not in page
    english = pia.get(f"/connections/{logged.id}/deliveries", headers={"Accept-Language": "en"}).text
    assert "A new issue was taken in." in english


def test_the_log_is_filtered_by_the_address(pia: Browser, logged: Forge) -> None:
    def rows(query: str) -> int:
        return pia.get(f"/connections/{logged.id}/deliveries?{query}").text.count("<tr id=")

    assert rows("") == 3
    assert rows("status=failed") == 1
    assert rows("event=Confidential+Issue+Hook") == 1
    assert rows("repository=1&status=processed") == 1
    assert rows("status=unheard&before=x&repository=-1") == 3
    assert rows("before=2") == 1
    assert "Keine Übermittlung passt" in pia.get(f"/connections/{logged.id}/deliveries?event=Wiki").text


def test_the_log_is_paged_by_key_and_asks_as_much_for_many_as_for_one(app: Flask, pia: Browser) -> None:
    forge = Forge(app, "github")
    url = f"/connections/{forge.id}/deliveries"

    def fill(n: int) -> None:
        with app.app_context(), transaction():
            start = db.session.scalar(select(func.count()).select_from(Delivery)) or 0
            for i in range(start, start + n):
                db.session.add(Delivery(connection_id=forge.id, body_hash=str(i), event="issues", status="processed"))

    def asked() -> int:
        with counting(app) as statements:
            assert pia.get(url).status_code == 200
        return sum("connection" in s or "delivery" in s for s in statements)  # Not what the frame keeps.

    fill(1)
    one = asked()
    fill(69)
    assert asked() == one
    page = pia.get(url).text
    assert page.count("<tr id=") == 50
    more = re.search(r'id="more" href="([^"]+)"', page)
    assert more
    rest = pia.get(more[1].replace("&amp;", "&")).text
    assert rest.count("<tr id=") == 20
    assert 'id="more"' not in rest


def test_the_stored_body_is_shown_redacted_and_a_confidential_one_not_at_all(pia: Browser, logged: Forge) -> None:
    page = pia.get(f"/connections/{logged.id}/deliveries/1").text
    assert "Sichtbar" in page
    assert "example.org" not in page
    page = pia.get(f"/connections/{logged.id}/deliveries/2").text
    assert "Geheimes" not in page
    assert "Ein Inhalt ist nicht aufbewahrt" in page


def test_words_of_an_issue_that_became_confidential_leave_log_and_rules(app: Flask, pia: Browser) -> None:
    forge = Forge(app, "gitlab")
    for words_ in ({"title": "Geheimgang"}, {"title": "Geheimgang unten", "updated_at": "2026-03-02 10:00:00 UTC"}):
        forge.post(gitlab_issue(**words_, labels=[{"title": "Geheimlabel"}]), "Issue Hook")
    with app.app_context(), transaction():
        rules.put(SYSTEM, forge.id, "geheimlabel", "dismiss")
    urls = ("/deliveries", "/deliveries/1", "/deliveries/2", "/deliveries/3", "/rules", "/rules/1", "", "/state")
    assert "Geheimgang" in pia.get(f"/connections/{forge.id}/rules/1").text
    late = gitlab_issue(title="Geheimgang", confidential=True, updated_at="2026-03-03 10:00:00 UTC")
    forge.post(late, "Confidential Issue Hook")
    for url in urls:
        page = pia.get(f"/connections/{forge.id}{url}")
        assert page.status_code == 200
        assert "Geheimgang" not in page.text
        assert "Geheimlabel" not in page.text


def test_one_delivery_or_all_failed_ones_are_replayed(app: Flask, pia: Browser, logged: Forge) -> None:
    answer = pia.post(f"/connections/{logged.id}/deliveries/3/replay", partial=True)
    assert answer.status_code == 200
    assert "Wiederholt: übernommen." in answer.text
    assert pia.post(f"/connections/{logged.id}/deliveries/2/replay").status_code == 409, "not kept"
    with app.app_context(), transaction():
        db.session.get_one(Delivery, 3).status = "failed"
    told = pia.post(f"/connections/{logged.id}/deliveries/replay", follow_redirects=True).text
    assert "1 Übermittlung wiederholt, davon 1 mit Erfolg." in plain(told)


def test_deliveries_and_rules_of_another_connection_are_not_there(app: Flask, pia: Browser, logged: Forge) -> None:
    other = Forge(app, "github")
    with app.app_context(), transaction():
        rules.put(SYSTEM, logged.id, "iOS", "dismiss")
    assert pia.get(f"/connections/{other.id}/deliveries/1").status_code == 404
    assert pia.post(f"/connections/{other.id}/deliveries/1/replay").status_code == 404
    assert pia.get(f"/connections/{other.id}/rules/1").status_code == 404
    assert pia.post(f"/connections/{other.id}/rules/1/enable").status_code == 404
    assert pia.post(f"/connections/{other.id}/secrets/1/retire").status_code == 404
    assert pia.post(f"/connections/{other.id}/repositories/1/accept").status_code == 404


def test_every_reason_has_its_words_in_both_languages() -> None:
    german = i18n.catalogue("de")
    assert not [text for text in words.phrases() if text not in german]
    source = "".join(p.read_text() for p in (Path(receive.__file__).parent).rglob("*.py"))
    codes = set(re.findall(r'(?:Outcome\(Status\.\w+|_idle\(reading|Reading\(event, (?:action|"")), "(\w+)"', source))
    codes |= set(re.findall(r'Malformed\("(\w+)"\)', source)) | {"no_issue", "deleted", "transferred"}
    assert len(codes) > 15
    assert codes <= words.REASONS.keys(), codes - words.REASONS.keys()


def test_the_page_says_which_of_two_secrets_was_really_used_last(app: Flask, pia: Browser) -> None:
    forge = Forge(app, "github")
    old = forge.secret
    forge.post(github_issue(1))
    with app.app_context(), transaction():
        new = connections.rotate(connections.locked(forge.id), SYSTEM)
    for number, secret in enumerate((old, new, old, old, new, old), 2):
        forge.secret = secret
        with at(now() + timedelta(seconds=number)):
            assert forge.post(github_issue(number)).status_code == 200
        page = pia.get(f"/connections/{forge.id}").text
        first, second = page.split('id="secrets"')[1].split("Geheimnis 2")[:2]
        if number > 2:
            assert ("zuletzt benutzt" in first, "zuletzt benutzt" in second) == (secret == old, secret == new), number


# Label rules


def add_rule(pia: Browser, forge: Forge, **form: Any) -> Any:
    return pia.post(f"/connections/{forge.id}/rules", data=form)


def mark_of(page: str) -> str:
    """What the page of a trial gives to whoever has seen it."""
    found = re.search(r'name="tried" value="([0-9a-f]{32})"', page)
    assert found is not None
    return found[1]


def switch_on(pia: Browser, forge: Forge, number: int, **form: str) -> Any:
    """As a person does it: look at what it would do, then switch it on there."""
    url = f"/connections/{forge.id}/rules/{number}"
    form["tried"] = mark_of(pia.get(url).text)
    return pia.post(f"{url}/enable", data=form, follow_redirects=True)


def test_a_rule_that_was_not_tried_as_it_is_cannot_be_switched_on(app: Flask, people: Cast, pia: Browser) -> None:
    forge = Forge(app, "github")
    forge.post(github_issue(1, labels=[{"name": "bug"}]))
    url = f"/connections/{forge.id}/rules/1"

    def on() -> bool | None:
        with app.app_context():
            return db.session.scalar(select(LabelRule.enabled).order_by(LabelRule.id))

    add_rule(pia, forge, label="bug", effect="topic", topic=str(people.defects))
    add_rule(pia, forge, label="iOS", effect="dismiss")
    other = mark_of(pia.get(f"/connections/{forge.id}/rules/2").text)
    for form in ({}, {"tried": ""}, {"tried": "ä" * 32}, {"tried": other}, {"stored": "1"}):
        refused = pia.post(f"{url}/enable", data=form)
        assert refused.status_code == 409, form
        assert on() is False
        assert "stadt/app#1" in refused.text, "it shows what it would do"
    assert "in ihrer jetzigen Fassung" in plain(refused.text)
    old = mark_of(refused.text)
    add_rule(pia, forge, label="bug", effect="topic", topic=str(people.transport))
    assert pia.post(f"{url}/enable", data={"tried": old}).status_code == 409, "it was changed since"
    assert on() is False
    switch_on(pia, forge, 1)
    assert on()


def test_a_rule_is_a_draft_until_it_was_tried_and_switched_on(app: Flask, people: Cast, pia: Browser) -> None:
    forge = Forge(app, "github")
    forge.post(github_issue(1, labels=[{"name": "aalen"}]))
    forge.post(github_issue(2, labels=[{"name": "bug"}]))
    made = add_rule(pia, forge, label="Aalen", effect="partner", partner=str(people.aalen))
    assert made.status_code == 303
    trial = pia.get(made.headers["Location"]).text
    assert "stadt/app#1" in trial
    assert "stadt/app#2" not in trial
    forge.post(github_issue(3, labels=[{"name": "Aalen"}]))

    def named() -> list[int]:
        with app.app_context():
            return list(db.session.scalars(select(Issue.number).where(Issue.partner_id.is_not(None))))

    assert named() == [], "a draft does nothing"
    switch_on(pia, forge, 1)
    assert named() == [], "switched on for what comes"
    forge.post(github_issue(4, labels=[{"name": "Aalen"}]))
    assert named() == [4]
    told = switch_on(pia, forge, 1, stored="1").text
    assert "Sie hat 2 gespeicherte Issues geändert." in plain(told)
    assert sorted(named()) == [1, 3, 4]


def test_a_rule_never_overrides_a_person_and_acts_alone(app: Flask, people: Cast, pia: Browser, ada: Browser) -> None:
    forge = Forge(app, "github")
    for number in (1, 2):
        forge.post(github_issue(number, labels=[{"name": "wontfix"}]))
    ada.post("/issues/1/snooze")
    with app.app_context(), transaction():
        rule_on(forge, SYSTEM, "bug", "topic", topic_id=people.defects)
        rules.put(SYSTEM, forge.id, "wontfix", "dismiss")
    assert "stadt/app#1" not in pia.get(f"/connections/{forge.id}/rules/2").text
    switch_on(pia, forge, 2, stored="1")
    with app.app_context():
        assert [i.triage for i in db.session.scalars(select(Issue).order_by(Issue.number))] == ["snoozed", "dismissed"]


@pytest.mark.parametrize("form", [
    {"label": "", "effect": "dismiss"}, {"label": "x", "effect": "topic"}, {"label": "x", "effect": "propose"},
    {"label": "x", "effect": "partner"}, {"label": "x", "effect": "explode"},
])  # fmt: skip
def test_a_rule_without_what_it_needs_is_not_drafted(app: Flask, pia: Browser, form: dict[str, str]) -> None:
    forge = Forge(app, "github")
    assert add_rule(pia, forge, **form).status_code == 422
    with app.app_context():
        assert db.session.scalar(select(LabelRule.id)) is None


def test_a_changed_rule_is_a_draft_again_and_can_be_switched_off_and_removed(app: Flask, pia: Browser) -> None:
    forge = Forge(app, "github")
    url = f"/connections/{forge.id}/rules/1"

    def on() -> bool | None:
        with app.app_context():
            return db.session.scalar(select(LabelRule.enabled))

    add_rule(pia, forge, label="bug", effect="dismiss")
    switch_on(pia, forge, 1)
    assert on()
    pia.post(f"{url}/disable")
    assert on() is False
    switch_on(pia, forge, 1)
    assert on()
    add_rule(pia, forge, label="bug", effect="dismiss")
    assert on() is False, "drafted anew"
    pia.post(f"{url}/remove")
    assert on() is None


# Fetching


def test_a_fetch_is_asked_for_by_a_button_run_by_a_job_and_told(app: Flask, pia: Browser) -> None:
    forge = Forge(app, "github", repositories=[("stadt/app", 4712)], instance="nirgends.example")
    answer = pia.post(f"/connections/{forge.id}/backfill", partial=True)
    assert "wartet, bis er an der Reihe ist" in answer.text
    assert pia.post(f"/connections/{forge.id}/backfill").status_code == 409, "one at a time"
    with app.app_context():
        assert backfills.run_asked() == 1
        assert backfills.run_asked() == 0
        row = db.session.scalars(select(Backfill)).one()
        assert row.ended_at
        assert problems.told(row.problem) == ["stadt/app: nirgends.example steht nicht in BOARD_FORGES"]
    assert "steht nicht in BOARD_FORGES" in pia.get(f"/connections/{forge.id}/state", partial=True).text


def test_the_clock_asks_only_forges_that_may_be_called_and_never_twice(app: Flask) -> None:
    known = Forge(app, "gitlab", repositories=[("stadt/app", 1)], instance="gitlab.opencode.de")
    Forge(app, "gitlab", repositories=[("stadt/app", 1)], instance="nirgends.example")
    off = Forge(app, "github", repositories=[("stadt/app", 2)], instance="github.com")
    Forge(app, "gitea")
    with app.app_context():
        with transaction():
            connections.disable(connections.locked(off.id), SYSTEM)
        assert backfills.reconcile() == 1
        assert backfills.reconcile() == 0
        assert db.session.scalars(select(Backfill.connection_id)).all() == [known.id]


@pytest.mark.parametrize("provider", ["github", "gitlab", "gitea"])
def test_the_reconcile_makes_up_for_what_the_webhook_missed(
    app: Flask, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(Small(provider, entries(provider))) as host, app.app_context():
        monkeypatch.setitem(app.config, "BOARD", replace(app.config["BOARD"], forges=(f"http://{host}",)))
        connected(provider, host)
        for new, unchanged in ((5, 0), (0, 1)):
            assert backfills.reconcile() == 1
            assert backfills.run_asked() == 1
            row = db.session.scalars(select(Backfill).order_by(Backfill.id.desc()).limit(1)).one()
            assert (row.problem, row.n_new, row.n_unchanged) == ("", new, unchanged)
        assert {job.name for job in JOBS} >= {"reconcile", "backfills"}


def test_a_fetch_that_a_dead_process_began_is_taken_over_later(app: Flask) -> None:
    forge = Forge(app, "gitlab")
    with app.app_context():
        with transaction():
            backfills.ask(connections.locked(forge.id), SYSTEM)
            row = db.session.scalars(select(Backfill)).one()
            row.began_at, row.next_at = now(), now() + backfills.LEASE
        assert backfills.run_asked() == 0
        with at(now() + timedelta(minutes=16)):
            assert backfills.run_asked() == 1


def fetching(app: Flask, monkeypatch: pytest.MonkeyPatch, host: str, provider: str = "github") -> int:
    """A connection to a small forge, whose fetch was asked for and comes in turns of one page."""
    monkeypatch.setitem(app.config, "BOARD", replace(app.config["BOARD"], forges=(f"http://{host}",)))
    monkeypatch.setattr(backfills, "TURN_SECONDS", 0)
    connection_id = connected(provider, host)
    with transaction():
        backfills.ask(connections.locked(connection_id), SYSTEM, full=True)
    return connection_id


@pytest.mark.parametrize("same", [False, True], ids=["one after the other", "all at the same moment"])
def test_a_long_fetch_goes_on_in_the_next_turn_where_it_stopped(
    app: Flask, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    made = entries("github")[:5]
    small = Small("github", [one | {"updated_at": "2026-03-01T10:00:00Z"} for one in made] if same else made)
    with served(small) as host, app.app_context():
        connection_id = fetching(app, monkeypatch, host)
        assert backfills.run_asked() == 0
        assert len(queries.listed()) == 2, "one page, then it is the others' turn"
        fetch = connection_queries.latest_backfill(connection_id)
        assert fetch is not None
        assert (fetch.ended_at, fetch.n_new) == (None, 2)
        db.session.close()
        turns = 1
        while backfills.run_asked() == 0:
            turns += 1
            assert turns < 9
        row = db.session.scalars(select(Backfill)).one()
        assert (row.n_new, row.problem, row.position) == (5, "", {})
        assert len(queries.listed()) == 5
        told = select(func.count()).select_from(Activity).where(Activity.verb == "connection.fetch")
        assert db.session.scalar(told) == 2, "it is told when it begins and when it ends"


def test_a_fetch_that_must_wait_lets_the_others_work_and_comes_back(
    app: Flask, monkeypatch: pytest.MonkeyPatch, pia: Browser
) -> None:
    small = Small("github", entries("github"))
    small.before = lambda h: (small.say(h, {}, {"Retry-After": "90"}, 429), True)[1]
    with served(small) as host, app.app_context():
        connection_id = fetching(app, monkeypatch, host)
        assert backfills.run_asked() == 0
        calls = len(small.calls)
        assert backfills.run_asked() == 0
        assert len(small.calls) == calls, "not before the forge wants to be asked again"
        small.before = lambda _h: False
        monkeypatch.setattr(backfills, "TURN_SECONDS", 60)
        with at(now() + timedelta(seconds=91)):
            assert backfills.run_asked() == 1
        assert len(queries.listed()) == 5
        small.before = lambda h: (small.say(h, {}, status=404), True)[1]
        with transaction():
            backfills.ask(connections.locked(connection_id), SYSTEM)
        backfills.run_asked()
    assert "127.0.0.1 antwortet mit Status 404" in plain(pia.get(f"/connections/{connection_id}").text)
    english = pia.get(f"/connections/{connection_id}", headers={"Accept-Language": "en"}).text
    assert "stadt/app: 127.0.0.1 " in plain(english)


# Scripts


def test_a_connection_is_added_listed_and_rotated_without_a_browser(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    args = ["connection", "add", "gitlab", "--name", "openCode", "--repository", "stadt/app#4712"]
    made = json.loads(run(args=[*args, "--secret", SECRETS["gitlab"], "--json"]).output)
    assert made["secrets"] == [SECRETS["gitlab"]]
    assert made["url"].endswith(f"/hooks/gitlab/{made['public_id']}")
    (listed,) = json.loads(run(args=["connection", "list", "--json"]).output)
    assert listed["repositories"] == [{"name": "stadt/app", "id": 4712, "standing": "known"}]
    assert "secret" not in json.dumps(listed).replace('"secrets": 1', "")
    rotated = json.loads(run(args=["connection", "rotate", "openCode", "--json"]).output)
    assert rotated["secrets"][0] != SECRETS["gitlab"]
    assert run(args=["connection", "rotate", "openCode"]).exit_code == 1, "two are active"
    answer = app.test_client().post(
        f"/hooks/gitlab/{made['public_id']}", json=issue("gitlab"),
        headers={"X-Gitlab-Token": rotated["secrets"][0], "X-Gitlab-Event": "Issue Hook"},
    )  # fmt: skip
    assert answer.status_code == 200
    with app.app_context():
        assert db.session.scalars(select(Repository.name)).one() == "stadt/app"


# Sentences


def test_the_history_of_a_connection_stands_on_its_page_and_nowhere_public(
    app: Flask, pia: Browser, dora: Browser, gast: Browser
) -> None:
    dora.post("/connections", data=NEW)
    page = pia.get("/connections/1").text
    assert "Git-Verbindung angelegt" in page
    assert "Dora" in page
    for reader in (gast, pia):
        assert "Git-Verbindung" not in gast.get("/activity").text
        assert "Git-Verbindung" not in reader.get("/activity?kind=issues").text.split("<main")[1]
    assert "Git-Verbindung angelegt" in dora.get("/account").text
