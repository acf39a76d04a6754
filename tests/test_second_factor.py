"""The second factor: setting it up, the second step of signing in, recovery codes, showing again that it is oneself."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select, update

from board import policy
from board.accounts import session
from board.accounts.models import Authenticator, LoginSession, Person, RecoveryCode
from board.accounts.passwords import hash_password
from board.activity.models import Activity
from board.db import at, db, now, transaction
from board.factors import codes, verbs
from board.joining.models import Invitation
from board.policy import SYSTEM
from board.settings.current import current
from tests.conftest import HASH, Browser, sign_in
from tests.factories import make_proposal
from tests.people import PASSWORD, Cast
from tests.test_rights import ROWS, WHO, ask, everything, forms, furnish


@pytest.fixture
def strict(other: Callable[..., Flask], doors: Cast) -> Flask:
    """The same board, where delegates, product owners and administrators need a second factor."""
    return other(BOARD_SECOND_FACTOR="delegate,product_owner,administrator")


def enter(client: Browser, name: str = "ada", **more: Any) -> Any:
    """The first step."""
    return client.post("/sign-in", data={"email": f"{name}@example.org", "password": PASSWORD, **more})


def equip(app: Flask, people: Cast, who: str = "ada") -> tuple[str, list[str]]:
    """Give somebody an app; returns its secret and the recovery codes."""
    secret = codes.new_secret()
    with app.app_context(), at(now() - timedelta(minutes=10)), transaction():
        actor = getattr(people, who).actor
        person = db.session.get_one(Person, actor.person_id)
        return secret, verbs.set_up(person, secret, shown(secret, now()), actor)


def shown(secret: str, when: datetime | None = None) -> str:
    """What the app shows."""
    return pyotp.TOTP(secret).at(when or now())


def secret_on(page: str) -> tuple[str, str]:
    """The key in words and the sealed box on the page of setting up."""
    key = re.search(r'class="key-text">([A-Z2-7 ]+)<', page)
    box = re.search(r'name="box" value="([^"]+)"', page)
    assert key
    assert box
    return key[1].replace(" ", ""), box[1]


# Setting up


def test_an_app_is_taken_once_it_shows_a_right_code_and_recovery_codes_are_shown_once(
    app: Flask, doors: Cast, ada: Browser
) -> None:
    page = ada.get("/account/second-factor")
    secret, box = secret_on(page.text)
    assert page.headers["Cache-Control"] == "no-store"
    assert 'src="data:image/svg+xml' in page.text
    assert "style=" not in page.text
    assert counted(app, Authenticator) == 0, "looking stores nothing"
    assert ada.post("/account/second-factor", data={"box": box, "code": "000000"}).status_code == 422
    assert counted(app, Authenticator) == 0
    before = ada.get_cookie("session").value
    done = ada.post("/account/second-factor", data={"box": box, "code": shown(secret)})
    found = re.findall(r"<code>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>", done.text)
    assert (done.status_code, len(set(found)), done.headers["Cache-Control"]) == (200, 10, "no-store")
    assert ada.get_cookie("session").value != before, "who may do more gets another session id"
    assert found[0] not in ada.get("/account").text
    assert "10 Wiederherstellungscodes" in ada.get("/account").text


def test_the_page_of_setting_up_keeps_the_same_picture_after_a_wrong_code(doors: Cast, ada: Browser) -> None:
    secret, box = secret_on(ada.get("/account/second-factor").text)
    again = ada.post("/account/second-factor", data={"box": box, "code": "123"})
    assert secret_on(again.text)[0] == secret
    assert 'aria-invalid="true"' in again.text


def test_a_secret_of_another_session_is_not_taken(doors: Cast, ada: Browser, ben: Browser) -> None:
    secret, box = secret_on(ben.get("/account/second-factor").text)
    answer = ada.post("/account/second-factor", data={"box": box, "code": shown(secret)})
    assert answer.status_code == 303
    assert "bitte lesen sie das neue bild" in ada.get("/account/second-factor").text.lower()


def test_the_secret_is_not_readable_in_the_database_nor_the_recovery_codes(app: Flask, doors: Cast) -> None:
    secret, found = equip(app, doors)
    with app.app_context():
        box = db.session.scalars(select(Authenticator.secret_box)).one()
        hashes = list(db.session.scalars(select(RecoveryCode.code_hash)))
    assert secret.encode() not in bytes(box)
    assert not {*found} & {*hashes}


def test_whoever_is_signed_in_elsewhere_signs_in_anew_once_the_factor_is_set_up(
    app: Flask, doors: Cast, ada: Browser
) -> None:
    elsewhere = sign_in(app, doors.ada.person_id, doors.ada.membership_id)
    secret, box = secret_on(ada.get("/account/second-factor").text)
    ada.post("/account/second-factor", data={"box": box, "code": shown(secret)})
    assert elsewhere.get("/account").status_code == 401
    assert ada.get("/account").status_code == 200


# The second step of signing in


def test_the_second_step_asks_for_a_code_and_leads_to_where_one_wanted(app: Flask, doors: Cast, gast: Browser) -> None:
    secret, _codes = equip(app, doors)
    first = enter(gast, next="/partners?q=a")
    assert (first.status_code, first.location) == (303, "/sign-in/code?next=/partners?q%3Da")
    assert gast.get("/account").status_code == 401, "a password alone is no session"
    page = gast.get(first.location)
    assert 'autocomplete="one-time-code"' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    done = gast.post("/sign-in/code", data={"code": shown(secret), "next": "/partners?q=a"})
    assert (done.status_code, done.location) == (303, "/partners?q=a")
    assert gast.get("/account").status_code == 200
    assert not gast.get_cookie("step")


@pytest.mark.parametrize("evil", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_the_second_step_never_leads_to_another_site(app: Flask, doors: Cast, gast: Browser, evil: str) -> None:
    secret, _codes = equip(app, doors)
    enter(gast)
    assert gast.post("/sign-in/code", data={"code": shown(secret), "next": evil}).location == "/"


def test_a_code_works_once(app: Flask, doors: Cast, gast: Browser) -> None:
    secret, _codes = equip(app, doors)
    code = shown(secret)
    enter(gast)
    assert gast.post("/sign-in/code", data={"code": code}).status_code == 303
    other = app.test_client()
    enter(other)
    again = other.post("/sign-in/code", data={"code": code})
    assert again.status_code == 422
    assert "schon benutzt" in again.text
    with at(now() + timedelta(seconds=31)):
        assert other.post("/sign-in/code", data={"code": code}).status_code == 422, "also in the next half minute"
        assert other.post("/sign-in/code", data={"code": shown(secret)}).status_code == 303


@pytest.mark.parametrize("wrong", ["", "000000", "12345", "abcdef", "٣٣٣٣٣٣", "\x00", "9" * 40])
def test_a_wrong_code_signs_nobody_in(app: Flask, doors: Cast, gast: Browser, wrong: str) -> None:
    equip(app, doors)
    enter(gast)
    assert gast.post("/sign-in/code", data={"code": wrong}).status_code == 422
    assert gast.get("/account").status_code == 401


def test_a_code_of_long_ago_is_too_old(app: Flask, doors: Cast, gast: Browser) -> None:
    secret, _codes = equip(app, doors)
    enter(gast)
    for minutes in (-2, 2):
        code = shown(secret, now() + timedelta(minutes=minutes))
        assert gast.post("/sign-in/code", data={"code": code}).status_code == 422


def test_a_recovery_code_works_once_however_it_is_written(app: Flask, doors: Cast, gast: Browser) -> None:
    _secret, found = equip(app, doors)
    enter(gast)
    written = found[3].upper().replace("-", " ")
    assert gast.post("/sign-in/code", data={"code": written}).status_code == 303
    assert "9 Wiederherstellungscodes" in gast.get("/account").text
    other = app.test_client()
    enter(other)
    assert other.post("/sign-in/code", data={"code": found[3]}).status_code == 422


def test_a_recovery_code_is_ones_own(app: Flask, doors: Cast, gast: Browser) -> None:
    equip(app, doors)
    _secret, bens = equip(app, doors, "ben")
    enter(gast)
    assert gast.post("/sign-in/code", data={"code": bens[0]}).status_code == 422


def test_the_second_step_comes_after_the_password_of_the_same_browser_soon(
    app: Flask, doors: Cast, gast: Browser
) -> None:
    secret, _codes = equip(app, doors)
    assert gast.post("/sign-in/code", data={"code": shown(secret)}).location.startswith("/sign-in?")
    enter(gast)
    with at(now() + timedelta(minutes=11)):
        assert gast.post("/sign-in/code", data={"code": shown(secret)}).location.startswith("/sign-in?")
    gast.set_cookie("step", gast.get_cookie("step").value[:-4] + "AAAA", domain="localhost")
    assert gast.post("/sign-in/code", data={"code": shown(secret)}).location.startswith("/sign-in?")


def test_a_password_that_was_changed_meanwhile_opens_no_second_step(app: Flask, doors: Cast, gast: Browser) -> None:
    secret, _codes = equip(app, doors)
    enter(gast)
    with app.app_context(), transaction():
        db.session.get_one(Person, doors.ada.person_id).password_hash = HASH[:-8] + "changed!"
    assert gast.post("/sign-in/code", data={"code": shown(secret)}).location.startswith("/sign-in?")


def test_codes_are_throttled_like_passwords(app: Flask, doors: Cast, gast: Browser) -> None:
    secret, _codes = equip(app, doors)
    enter(gast)
    for _try in range(30):
        assert gast.post("/sign-in/code", data={"code": "000000"}).status_code == 422
    refused = gast.post("/sign-in/code", data={"code": shown(secret)})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert gast.post("/sign-in/code", data={"code": shown(secret)}, environ_overrides=elsewhere).status_code == 303


# A remembered device


def test_a_remembered_device_skips_the_code_for_thirty_days(app: Flask, doors: Cast, gast: Browser) -> None:
    secret, _codes = equip(app, doors)
    enter(gast, remember="y")
    gast.post("/sign-in/code", data={"code": shown(secret)})
    token = gast.get_cookie("device").value
    gast.post("/sign-out")
    begun = now()
    with at(begun + timedelta(days=29)):
        assert enter(gast, next="/proposals").location == "/proposals"
        assert gast.get_cookie("device").value != token, "its token changes at each sign-in"
        gast.post("/sign-out")
    with at(begun + timedelta(days=31)):
        assert enter(gast).location.startswith("/sign-in/code")


def test_without_the_tick_nothing_is_remembered(app: Flask, doors: Cast, gast: Browser) -> None:
    secret, _codes = equip(app, doors)
    enter(gast)
    gast.post("/sign-in/code", data={"code": shown(secret)})
    gast.post("/sign-out")
    assert enter(gast).location.startswith("/sign-in/code")


def test_another_persons_device_is_not_ones_own(app: Flask, doors: Cast, gast: Browser) -> None:
    secret, _codes = equip(app, doors)
    equip(app, doors, "ben")
    enter(gast, remember="y")
    gast.post("/sign-in/code", data={"code": shown(secret)})
    gast.post("/sign-out")
    assert enter(gast, "ben").location.startswith("/sign-in/code")


def test_a_forgotten_device_asks_again_and_its_session_ends(app: Flask, doors: Cast, gast: Browser) -> None:
    secret, _codes = equip(app, doors)
    enter(gast, remember="y")
    gast.post("/sign-in/code", data={"code": shown(secret)})
    number = re.search(r"/account/devices/(\d+)/forget", gast.get("/account").text)
    assert number
    gast.post(f"/account/devices/{number[1]}/forget")
    assert gast.get("/account").status_code == 401
    assert enter(gast).location.startswith("/sign-in/code")


# Who needs one


@pytest.mark.parametrize("who", ["ada", "pia", "dora"])
def test_who_needs_a_second_factor_is_led_to_it_and_can_do_nothing_else(strict: Flask, doors: Cast, who: str) -> None:
    client: Any = strict.test_client()
    assert enter(client, who, next="/partners").location == "/partners"
    led = client.get("/partners")
    assert (led.status_code, led.location) == (303, "/account/second-factor?next=/partners")
    for path in ("/", "/account", "/proposals", "/activity.atom", "/live", "/live/topics"):
        assert client.get(path).location.startswith("/account/second-factor"), path
    assert client.post("/proposals", data={"title": "x"}).status_code == 403
    fragment = client.get("/proposals", partial=True)
    assert (fragment.status_code, fragment.headers["HX-Retarget"]) == (403, "#flash")
    page = client.get(led.location)
    assert "Ihre Rolle auf diesem Board braucht einen zweiten Faktor" in page.text
    secret, box = secret_on(page.text)
    done = client.post("/account/second-factor", data={"box": box, "code": shown(secret), "next": "/partners"})
    assert 'href="/partners"' in done.text
    assert client.get("/partners").status_code == 200


def test_who_needs_none_is_not_asked(strict: Flask, doors: Cast) -> None:
    client: Any = strict.test_client()
    enter(client, "ben")
    assert client.get("/proposals").status_code == 200


def test_a_delegate_anywhere_needs_one_whomever_they_act_for(strict: Flask, doors: Cast) -> None:
    assert policy.Actor(person_id=1).must_set_up is False
    with strict.app_context():
        assert current().factor_delegate
    client = sign_in(strict, doors.ada.person_id, None)
    assert client.get("/proposals").status_code == 303


def test_who_is_led_to_it_can_still_sign_out(strict: Flask, doors: Cast) -> None:
    client: Any = strict.test_client()
    enter(client)
    assert client.post("/sign-out").location == "/"


def test_where_the_role_needs_it_the_factor_cannot_be_removed(strict: Flask, app: Flask, doors: Cast) -> None:
    with strict.app_context():
        secret, _codes = equip(strict, doors)
    client: Any = strict.test_client()
    enter(client)
    client.post("/sign-in/code", data={"code": shown(secret)})
    assert client.post("/account/second-factor/remove", data={"password": PASSWORD}).status_code == 409
    assert counted(app, Authenticator) == 1


def test_a_factor_that_nobody_asks_for_can_be_removed_with_the_password(app: Flask, doors: Cast, ada: Browser) -> None:
    equip(app, doors)
    ada = sign_in(app, doors.ada.person_id, doors.ada.membership_id)
    assert ada.post("/account/second-factor/remove", data={"password": "wrong"}).status_code == 422
    assert ada.post("/account/second-factor/remove", data={"password": PASSWORD}).status_code == 303
    assert counted(app, Authenticator) == counted(app, RecoveryCode) == 0


def test_a_password_that_is_too_short_alone_keeps_the_factor(app: Flask, doors: Cast) -> None:
    with app.app_context(), transaction():
        db.session.get_one(Person, doors.ada.person_id).password_hash = hash_password("kq7Lmw2x")
    equip(app, doors)
    ada = sign_in(app, doors.ada.person_id, doors.ada.membership_id)
    answer = ada.post("/account/second-factor/remove", data={"password": "kq7Lmw2x"})
    assert answer.status_code == 400
    assert "15 Zeichen" in answer.text


def test_the_administration_resets_a_factor_that_is_lost(app: Flask, doors: Cast, gast: Browser) -> None:
    secret, _codes = equip(app, doors)
    enter(gast)
    gast.post("/sign-in/code", data={"code": shown(secret)})
    result = app.test_cli_runner().invoke(args=["user", "reset-factor", "ada@example.org"])
    assert result.exit_code == 0, result.output
    assert gast.get("/account").status_code == 401
    assert enter(gast).location == "/"
    assert app.test_cli_runner().invoke(args=["user", "reset-factor", "nobody@example.org"]).exit_code == 1


def test_nobody_resets_the_factor_of_others_but_the_administration(app: Flask, doors: Cast) -> None:
    ben = doors.ben.actor
    with app.app_context(), pytest.raises(Exception, match="nicht"), transaction():
        verbs.reset(db.session.get_one(Person, doors.ada.person_id), ben)
    with app.app_context(), transaction():
        verbs.reset(db.session.get_one(Person, doors.ada.person_id), SYSTEM)


def test_new_recovery_codes_end_the_old_ones(app: Flask, doors: Cast, gast: Browser) -> None:
    _secret, old = equip(app, doors)
    ada = sign_in(app, doors.ada.person_id, doors.ada.membership_id)
    page = ada.post("/account/recovery-codes")
    fresh = re.findall(r"<code>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>", page.text)
    assert len(fresh) == counted(app, RecoveryCode) == 10
    enter(gast)
    assert gast.post("/sign-in/code", data={"code": old[0]}).status_code == 422
    assert gast.post("/sign-in/code", data={"code": fresh[0]}).status_code == 303


# Showing again that it is oneself


@pytest.fixture
def stale(app: Flask, doors: Cast) -> Browser:
    """Pia, product owner, in a session whose proof is 13 hours old; with FV-1."""
    client = sign_in(app, doors.pia.person_id, None)
    with app.app_context():
        make_proposal(doors)
        with transaction():
            row = db.session.scalars(select(LoginSession).where(LoginSession.person_id == doors.pia.person_id)).one()
            row.proved_at = now() - session.FRESH - timedelta(minutes=1)
    return client


DECISION = {"body": "Lenkungskreis", "decided_on": "2026-01-15", "reason": "Mit „Gänsefüßchen“ & <b>Zeichen</b>.",
            "without_estimate": "Klein"}  # fmt: skip


def fields_of(page: str) -> dict[str, str]:
    """The hidden fields of the form that asks."""
    from html import unescape

    form = page[page.index('id="confirm-form"') :]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form[: form.index("</form>")])
    return {name: unescape(value) for name, value in found}


def test_recording_a_decision_asks_again_after_twelve_hours_and_loses_nothing(app: Flask, stale: Browser) -> None:
    asked = stale.post("/proposals/FV-1/accept", data=DECISION)
    assert asked.status_code == 401
    assert asked.headers["Cache-Control"] == "no-store"
    waiting = fields_of(asked.text)
    assert waiting == {"confirm_send": "/proposals/FV-1/accept", **DECISION}
    wrong = stale.post("/confirm?next=/proposals/FV-1", data={**waiting, "confirm_password": "not this one"})
    assert wrong.status_code == 422
    assert fields_of(wrong.text) == waiting
    before = stale.get_cookie("session").value
    sent = stale.post("/confirm?next=/proposals/FV-1", data={**waiting, "confirm_password": PASSWORD})
    assert (sent.status_code, sent.location) == (307, "/proposals/FV-1/accept")
    assert stale.get_cookie("session").value != before
    done = stale.post(sent.location, data={**waiting, "confirm_password": PASSWORD})
    assert done.status_code == 303
    assert "Gänsefüßchen" in stale.get("/proposals/FV-1").text


def test_with_htmx_the_question_comes_above_the_page_and_leaves_the_form_alone(stale: Browser) -> None:
    asked = stale.post("/proposals/FV-1/accept", data=DECISION, partial=True, target="proposal-1",
                       headers={"Referer": "http://localhost/proposals/FV-1"})  # fmt: skip
    assert (asked.status_code, asked.headers["HX-Retarget"]) == (401, "#flash")
    assert "<html" not in asked.text
    assert fields_of(asked.text) == {"confirm_send": "/proposals/FV-1/accept", **DECISION}
    assert 'action="/confirm?next=/proposals/FV-1"' in asked.text


def test_with_a_second_factor_it_is_the_code_that_is_asked_for(app: Flask, doors: Cast, stale: Browser) -> None:
    with app.app_context():
        secret = codes.new_secret()
        with at(now() - timedelta(minutes=5)), transaction():
            person = db.session.get_one(Person, doors.pia.person_id)
            db.session.add(Authenticator(person_id=person.id, secret_box=b"", last_step=0))
            db.session.flush()
            by = session.as_actor(person, None, None)
            mine = db.session.scalars(select(LoginSession.id).where(LoginSession.person_id == person.id)).one()
            verbs.set_up(person, secret, shown(secret, now()), policy.Actor(person_id=by.person_id, session_id=mine))
    asked = stale.post("/proposals/FV-1/accept", data=DECISION)
    assert "confirm_code" in asked.text
    assert "confirm_password" not in asked.text
    data = {**fields_of(asked.text), "confirm_password": PASSWORD}
    assert stale.post("/confirm", data=data).status_code == 422
    assert stale.post("/confirm", data={**data, "confirm_code": shown(secret)}).status_code == 307


def test_a_page_that_asks_leads_back_to_itself(stale: Browser) -> None:
    asked = stale.get("/account/second-factor?next=/partners")
    assert asked.location == "/confirm?next=/account/second-factor?next%3D/partners"
    assert stale.post(asked.location, data={"confirm_password": PASSWORD}).location == (
        "/account/second-factor?next=/partners"
    )


def test_no_link_makes_somebody_send_a_form(stale: Browser) -> None:
    page = stale.get("/confirm?next=/partners&confirm_send=/proposals/FV-1/accept&body=Rat").text
    assert "confirm_send" not in fields_of(page)
    evil = {"confirm_password": PASSWORD, "confirm_send": "//evil.example/"}
    assert stale.post("/confirm?next=//evil.example", data=evil).location == "/account"


def test_every_address_that_asks_again_does_so_before_anything_else(app: Flask, people: Cast) -> None:
    """Derived from the matrix: what `policy.FRESH` names asks, whoever may call it; nothing else does."""
    furnish(app, people)
    everybody = {who: sign_in(app, getattr(people, who).person_id, getattr(people, who).membership_id)
                 for who in WHO if who != "gast"}  # fmt: skip
    with app.app_context(), transaction():
        db.session.execute(update(LoginSession).values(proved_at=now() - session.FRESH - timedelta(minutes=1)))
    before, asked = everything(app), set()
    for method, endpoint, url, *expected in ROWS:
        for who, wanted in zip(WHO[1:], expected[1:], strict=True):
            if not policy.asks_again(endpoint) or wanted != "ok":
                continue
            asked.add(endpoint)
            answer = ask(everybody[who], method, url, forms(people).get(endpoint, {}))
            if method == "GET":
                assert (answer.status_code, answer.location.partition("=")[0]) == (303, "/confirm?next"), (url, who)
            else:
                assert answer.status_code == 401, (url, who)
                assert 'id="confirm-form"' in answer.text, (url, who)
    assert everything(app) == before
    assert {e.partition(".")[0] for e in asked} >= {"admin", "connections", "rules", "record", "privacy", "joining"}
    assert asked >= {"joining.end", "joining.undeputise", "issues.import_", "joining.invite", "admin.index"}


def test_nothing_else_asks_again(app: Flask, people: Cast) -> None:
    furnish(app, people)
    ada = sign_in(app, people.ada.person_id, people.ada.membership_id)
    with app.app_context(), transaction():
        db.session.execute(update(LoginSession).values(proved_at=None))
    for method, endpoint, url, *expected in ROWS:
        if expected[WHO.index("ada")] == "ok" and not policy.asks_again(endpoint) and endpoint not in ENDS_THE_SESSION:
            answer = ask(ada, method, url, forms(people).get(endpoint, {}))
            assert answer.status_code != 401, url
            assert not (answer.location or "").startswith("/confirm"), url


ENDS_THE_SESSION = {"accounts.sign_out", "accounts.sign_out_everywhere", "accounts.end_session",
                    "accounts.forget_device", "accounts.sign_in", "live.stream", "factors.confirm"}  # fmt: skip


def test_inviting_asks_again_after_twelve_hours_and_sends_once(app: Flask, doors: Cast, ada: Browser) -> None:
    invitation = {"email": "neu@aalen.example", "role": "member", "hours": "72", "locale": "de"}
    grow_stale(app)
    asked = ada.post("/partners/aalen/people/invite", data=invitation)
    assert asked.status_code == 401
    assert counted(app, Invitation) == 0
    waiting = fields_of(asked.text)
    assert waiting == {"confirm_send": "/partners/aalen/people/invite", **invitation}
    sent = ada.post("/confirm?next=/partners/aalen/people", data={**waiting, "confirm_password": PASSWORD})
    assert (sent.status_code, sent.location) == (307, "/partners/aalen/people/invite")
    assert ada.post(sent.location, data={**waiting, "confirm_password": PASSWORD}).status_code == 303
    assert counted(app, Invitation) == 1


def test_administering_asks_again_after_twelve_hours(app: Flask, doors: Cast, dora: Browser) -> None:
    assert dora.get("/admin").status_code == 200
    grow_stale(app)
    asked = dora.get("/admin/people?q=ada")
    assert (asked.status_code, asked.location) == (303, "/confirm?next=/admin/people?q%3Dada")
    assert dora.post("/admin/people/2/disable").status_code == 401
    assert dora.post(asked.location, data={"confirm_password": PASSWORD}).location == "/admin/people?q=ada"
    assert dora.get("/admin").status_code == 200
    with app.app_context():
        assert db.session.get_one(Person, 2).disabled_at is None


def grow_stale(app: Flask) -> None:
    """Thirteen hours pass since everybody showed who they are; they have been busy meanwhile."""
    with app.app_context(), transaction():
        db.session.execute(update(LoginSession).values(proved_at=now() - session.FRESH - timedelta(hours=1)))


def test_voting_never_asks(app: Flask, doors: Cast) -> None:
    ada = sign_in(app, doors.ada.person_id, doors.ada.membership_id)
    with app.app_context():
        make_proposal(doors)
        with transaction():
            for row in db.session.scalars(select(LoginSession)):
                row.proved_at = None
    assert ada.post("/proposals/FV-1/ballot", data={"choice": "for"}).status_code == 303
    assert not {e for e in policy.FRESH if e.startswith(("voting", "desk", "comments", "work"))}


def test_what_asks_again_is_written_beside_the_rights(board: Flask) -> None:
    blueprints = {endpoint.partition(".")[0] for endpoint in board.view_functions}
    unknown = {e for e in policy.FRESH if "." in e and e not in board.view_functions}
    assert not unknown
    decisions = {"proposals.accept", "proposals.defer", "proposals.decline"}
    assert all(map(policy.asks_again, decisions | {"admin.anything", "connections.anything", "privacy.erase"}))
    assert {"factors", "identities"} <= blueprints


def test_showing_again_is_throttled_and_logged(app: Flask, stale: Browser) -> None:
    for _try in range(30):
        stale.post("/confirm", data={"confirm_password": "not this one"})
    assert stale.post("/confirm", data={"confirm_password": PASSWORD}).status_code == 429
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert stale.post("/confirm", data={"confirm_password": PASSWORD}, environ_overrides=elsewhere).status_code == 303
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(Activity.verb == "session.confirm")) == 1


def counted(app: Flask, table: Any) -> int:
    """How many rows there are."""
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0
