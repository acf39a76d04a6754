"""Sessions and devices: the list of one's own, ending them, how long they bear silence, and what ends with what."""

import re
from datetime import timedelta
from typing import Any

import argon2
import pytest
from flask import Flask
from sqlalchemy import select

from board.accounts import browsers, passwords, session, verbs
from board.accounts.models import Device, LoginSession, Person, Throttle
from board.accounts.passwords import hash_password, objection
from board.db import at, db, now, transaction
from board.policy import SYSTEM
from tests.conftest import COSTLY, Browser, counting, sign_in
from tests.people import PASSWORD, Cast
from tests.test_accounts import key, window

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def enter(client: Browser, name: str = "ada", agent: str = FIREFOX, address: str = "198.51.100.7", **more: Any) -> Any:
    """Sign in."""
    data = {"email": f"{name}@example.org", "password": PASSWORD, **more}
    return client.post("/sign-in", data=data, headers={"User-Agent": agent},
                       environ_overrides={"REMOTE_ADDR": address})  # fmt: skip


# The list


def test_the_account_lists_ones_own_sessions_coarsely_and_marks_this_one(
    app: Flask, doors: Cast, gast: Browser, ben: Browser
) -> None:
    enter(gast)
    page = gast.get("/account").text
    rows = re.findall(r'<li id="session-(\d+)">(.*?)</li>', page, re.DOTALL)
    assert len(rows) == 1, "Ben's session is none of Ada's business"
    assert "Firefox, Windows" in rows[0][1]
    assert "dieser" in rows[0][1]
    assert "140.0" not in page, "no version is kept"
    assert not re.search(r"\d\d:\d\d", rows[0][1]), "days, no times"


@pytest.mark.parametrize(("agent", "called"), [
    (FIREFOX, "Firefox, Windows"),
    ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0",
     "Edge, Windows"),
    ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
     "Chrome, Linux"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile Safari/604",
     "Safari, iPhone"),
    ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36",
     "Samsung Internet, Android"),
    ("curl/8.0", ""), ("", ""), ("<b>\x00" * 500, ""),
])  # fmt: skip
def test_a_browser_is_called_by_family_and_system(agent: str, called: str) -> None:
    assert browsers.family(agent) == called


def test_one_session_is_ended_from_the_list_and_the_others_stand(
    app: Flask, doors: Cast, ada: Browser, gast: Browser
) -> None:
    enter(gast)
    other = re.findall(r"/account/sessions/(\d+)/end", gast.get("/account").text)
    (first,) = {int(n) for n in other} - {session_of(app, gast)}
    assert gast.post(f"/account/sessions/{first}/end").status_code == 303
    assert ada.get("/account").status_code == 401
    assert gast.get("/account").status_code == 200


def test_ending_this_session_from_the_list_signs_out(app: Flask, doors: Cast, gast: Browser) -> None:
    enter(gast)
    assert gast.post(f"/account/sessions/{session_of(app, gast)}/end").location == "/"
    assert gast.get("/account").status_code == 401


@pytest.mark.parametrize("path", ["/account/sessions/{}/end", "/account/devices/{}/forget"])
def test_nobody_ends_the_sessions_or_devices_of_others(app: Flask, doors: Cast, gast: Browser, path: str) -> None:
    enter(gast, remember="y")
    cleo = sign_in(app, doors.cleo.person_id, doors.cleo.membership_id)
    for number in range(1, 4):
        cleo.post(path.format(number if number != session_of(app, cleo) else 99))
    assert gast.get("/account").status_code == 200
    with app.app_context():
        assert db.session.scalars(select(Device)).one()


def test_a_long_list_costs_no_more_than_a_short_one(app: Flask, doors: Cast, ada: Browser) -> None:
    one = statements(app, ada)
    with app.app_context(), transaction():
        db.session.add_all(LoginSession(token_hash=f"{n:064}", person_id=doors.ada.person_id) for n in range(50))
    assert statements(app, ada) == one


# What ends with what


def test_a_change_of_what_one_signs_in_with_ends_all_other_sessions_and_devices(
    app: Flask, doors: Cast, gast: Browser
) -> None:
    enter(gast, remember="y")
    elsewhere = app.test_client()
    enter(elsewhere, remember="y")  # type: ignore[arg-type]
    with app.app_context(), transaction():
        verbs.end_others(doors.ada.person_id, session_of(app, gast))
    assert elsewhere.get("/account").status_code == 401
    assert gast.get("/account").status_code == 200
    with app.app_context():
        assert db.session.scalars(select(Device)).one().id == 1


def test_signing_out_everywhere_forgets_all_devices(app: Flask, doors: Cast, gast: Browser) -> None:
    enter(gast, remember="y")
    gast.post("/sign-out-everywhere")
    with app.app_context():
        assert db.session.scalars(select(Device)).all() == []


def test_a_closed_account_has_no_device_left(app: Flask, doors: Cast, gast: Browser) -> None:
    enter(gast, remember="y")
    with app.app_context(), transaction():
        verbs.disable(db.session.get_one(Person, doors.ada.person_id), SYSTEM)
    assert gast.get("/account").status_code == 401
    with app.app_context():
        assert db.session.scalars(select(Device)).all() == []


# Silence


def test_on_a_remembered_device_a_session_bears_thirty_days_of_silence(app: Flask, doors: Cast, gast: Browser) -> None:
    enter(gast, remember="y")
    begun = now()
    for days in (13, 26):
        with at(begun + timedelta(days=days)):
            assert gast.get("/account").status_code == 200
    with at(begun + timedelta(days=31)):
        assert gast.get("/account").status_code == 401, "after thirty days it is a device like any other"


@pytest.mark.parametrize("who", ["pia", "dora"])
def test_who_may_do_more_bears_half_an_hour_also_on_a_remembered_device(
    app: Flask, doors: Cast, gast: Browser, who: str
) -> None:
    enter(gast, who, remember="y")
    with at(now() + timedelta(minutes=31)):
        assert gast.get("/account").status_code == 401


def test_being_appointed_shortens_the_silence_at_once(app: Flask, doors: Cast, gast: Browser) -> None:
    enter(gast, "ben", remember="y")
    with app.app_context(), transaction():
        verbs.appoint(db.session.get_one(Person, doors.ben.person_id), SYSTEM, admin=True)
    with at(now() + timedelta(minutes=31)):
        assert gast.get("/account").status_code == 401


def test_live_streams_ask_whether_a_session_stands_at_least_every_thirty_seconds(
    app: Flask, doors: Cast, gast: Browser
) -> None:
    from board.live import hub

    assert hub.SESSION_SECONDS + 1 <= 30
    enter(gast, remember="y")
    number = session_of(app, gast)
    with app.app_context():
        assert session.alive({number}) == {number}
    number_of_device = re.search(r"/account/devices/(\d+)/forget", gast.get("/account").text)
    assert number_of_device
    gast.post(f"/account/devices/{number_of_device[1]}/forget")
    with app.app_context():
        assert session.alive({number}) == set()


# The throttle and one's own device


def test_ones_own_device_gets_in_whatever_happens_at_its_address_and_on_its_account(
    app: Flask, doors: Cast, gast: Browser
) -> None:
    enter(gast)
    gast.post("/sign-out")
    with app.app_context(), transaction():
        crowd = [key(app, "address", "198.51.100.7"), key(app, "account", "ada@example.org")]
        db.session.query(Throttle).delete()
        db.session.add_all(Throttle(key=k, window=window(), failures=200) for k in crowd)
    assert enter(gast).status_code == 303
    stranger = app.test_client()
    assert enter(stranger).status_code == 429  # type: ignore[arg-type]


def test_ones_own_device_is_throttled_too(app: Flask, doors: Cast, gast: Browser) -> None:
    enter(gast)
    gast.post("/sign-out")
    for _try in range(30):
        assert enter(gast, password="wrong and long enough").status_code == 422
    assert enter(gast).status_code == 429


# Known and unknown accounts


@pytest.mark.parametrize("name", ["ada", "nobody", "x" * 200])
def test_known_and_unknown_accounts_cost_one_hash_with_the_same_parameters(
    app: Flask, doors: Cast, gast: Browser, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked: list[str] = []
    verify = argon2.PasswordHasher.verify

    def counting(self: Any, made: str, given: str) -> bool:
        worked.append(made.rsplit("$", 2)[0])
        return verify(self, made, given)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", counting)
    answer = enter(gast, name, password="wrong and long enough")
    assert answer.status_code == 422
    assert worked == [passwords._nobody.rsplit("$", 2)[0]]


def test_boards_hash_as_the_standard_says_and_the_hash_of_nobody_is_made_alike() -> None:
    hasher, nobody = COSTLY
    assert (hasher.type, hasher.time_cost, hasher.memory_cost) == (argon2.Type.ID, 3, 64 * 1024)
    assert not hasher.check_needs_rehash(nobody)
    with pytest.raises(argon2.exceptions.VerifyMismatchError):
        hasher.verify(nobody, "nobody has this password")


def test_the_answers_for_known_and_unknown_accounts_are_alike(app: Flask, doors: Cast, gast: Browser) -> None:
    pages = []
    for name in ("ada", "eve"):
        answer = enter(gast, name, password="wrong and long enough")
        alike = answer.text.replace(f"{name}@example.org", "…")
        pages.append((answer.status_code, alike, sorted(k for k, _v in answer.headers if k != "X-Request-Id")))
    assert pages[0] == pages[1]


def test_a_hash_with_old_parameters_is_made_anew_at_sign_in(app: Flask, doors: Cast, gast: Browser) -> None:
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8192).hash(PASSWORD)
    with app.app_context(), transaction():
        db.session.get_one(Person, doors.ada.person_id).password_hash = old
    assert enter(gast).status_code == 303
    with app.app_context():
        made = db.session.get_one(Person, doors.ada.person_id).password_hash
    assert made != old
    assert not passwords.outdated(made)


# Passwords


@pytest.mark.parametrize(("password", "alone", "beside"), [
    ("kq7Lmw2x", False, True), ("kq7Lmw2", False, False), ("Sommer24", False, False), ("Passw0rt", False, False),
    ("P4ssw0rt!Sommer2026", False, False), ("Stadt-App Ulm 2026!", False, False), ("aalen-aalen-aalen", False, False),
    ("vier äpfel tanzen leise", True, True), ("nur kleine buchstaben gehen auch", True, True),
    ("x7" + "lange passwörter sind erlaubt " * 8, True, True), ("        Lz9-wortlos        ", True, True),
])  # fmt: skip
def test_length_and_common_words_decide_and_nothing_else(password: str, alone: bool, beside: bool) -> None:
    about = ("ada@example.org", "Ada Lovelace", "Aalen")
    assert (objection(password, *about) == "") is alone
    assert (objection(password, *about, second_factor=True) == "") is beside


def test_a_password_counts_to_its_last_character(app: Flask, doors: Cast, gast: Browser) -> None:
    long = "wortlos " * 31 + "ende."
    with app.app_context(), transaction():
        db.session.get_one(Person, doors.ada.person_id).password_hash = hash_password(long)
    assert enter(gast, password=long[:-1]).status_code == 422
    assert enter(gast, password=long).status_code == 303


def test_the_blocklist_is_long_and_lower_case() -> None:
    words = passwords.common()
    assert len(words) >= 300
    assert all(word == word.lower().strip() and len(word) >= 3 for word in words)
    assert {"stadtrunde", "passwort", "rathaus", "qwertz"} <= {*words}


def statements(app: Flask, client: Browser) -> int:
    """How many statements the account page costs when it is made and nothing was noted just now."""
    client.get("/account")
    app.extensions["pages"].forget()
    with counting(app) as told:
        assert client.get("/account").status_code == 200
    return len(told)


def session_of(app: Flask, client: Browser) -> int:
    """The id of a browser's session."""
    token = client.get_cookie("session").value
    with app.app_context():
        return db.session.scalars(
            select(LoginSession.id).where(LoginSession.token_hash == session.token_hash(token))
        ).one()
