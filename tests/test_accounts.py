"""Signing in and out, the throttle, acting for a partner, preferences, last visits, `flask user`."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from board import create_app, policy
from board.accounts import queries, session, throttle, verbs
from board.accounts.models import LoginSession, Membership, Person, Role, Throttle
from board.accounts.passwords import objection
from board.activity.models import Activity
from board.db import at, db, now, transaction
from board.errors import Conflict, Denied, Refusal
from board.partners.models import Partner
from board.policy import SYSTEM
from tests.conftest import Browser, settings, sign_in
from tests.factories import make_proposal
from tests.people import PASSWORD, Cast


def enter(client: Browser, email: str = "ada@example.org", password: str = PASSWORD, **more: object) -> object:
    """Sign in by the form."""
    address = more.pop("address", "198.51.100.7")
    data = {"email": email, "password": password, **more}
    return client.post("/sign-in", data=data, environ_overrides={"REMOTE_ADDR": address})


def sessions(app: Flask) -> dict[int, bool]:
    """Session id → still standing."""
    with app.app_context():
        return {row.id: row.ended_at is None for row in db.session.scalars(select(LoginSession))}


# Signing in


def test_signing_in_leads_to_where_one_came_from_and_remembers_the_person(doors: Cast, gast: Browser) -> None:
    answer = enter(gast, "  Ada@Example.org ", next="/partners?q=ulm")
    assert (answer.status_code, answer.location) == (303, "/partners?q=ulm")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Ada" in gast.get("/account").text
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "evil", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "/\t/evil.example",
             "/\n/evil.example", "\\\\evil.example", " //evil.example", "evil.example", "///evil.example"],
)  # fmt: skip
def test_signing_in_never_leads_to_another_site(doors: Cast, gast: Browser, evil: str) -> None:
    assert enter(gast, next=evil).location == "/"


@pytest.mark.parametrize(("email", "password"), [
    ("ada@example.org", "wrong and long enough"), ("nobody@example.org", PASSWORD), ("ada@example.org", PASSWORD + " "),
])  # fmt: skip
def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(
    doors: Cast, gast: Browser, email: str, password: str
) -> None:
    answer = enter(gast, email, password)
    assert answer.status_code == 422
    assert "E-Mail-Adresse und Passwort passen nicht zusammen." in answer.text
    assert f'value="{email}"' in answer.text
    assert password not in answer.text
    assert gast.get_cookie("session") is None


@pytest.mark.parametrize("data", [{}, {"email": "ada@example.org"}, {"email": "x" * 300, "password": "y" * 300}])
def test_an_incomplete_sign_in_is_told_at_its_fields(doors: Cast, gast: Browser, data: dict[str, str]) -> None:
    answer = gast.post("/sign-in", data=data)
    assert answer.status_code == 422
    assert "aria-invalid" in answer.text


def test_a_text_with_nul_signs_nobody_in_and_breaks_nothing(doors: Cast, gast: Browser) -> None:
    assert enter(gast, "ada@example.org\x00", "\x00" * 20).status_code == 422


def test_a_disabled_person_cannot_sign_in_and_is_out_at_once(app: Flask, doors: Cast, ada: Browser) -> None:
    with app.app_context(), transaction():
        verbs.disable(db.session.get_one(Person, doors.ada.person_id), SYSTEM)
    assert ada.get("/account").status_code == 401
    assert enter(ada).status_code == 422


def test_each_sign_in_begins_a_new_session_and_ends_the_old_one_of_this_browser(
    app: Flask, doors: Cast, gast: Browser
) -> None:
    enter(gast)
    first = gast.get_cookie("session").value
    enter(gast, "cleo@example.org")
    assert gast.get_cookie("session").value != first
    assert list(sessions(app).values()) == [False, True]


def test_a_session_given_by_somebody_else_is_not_taken_over(doors: Cast, gast: Browser) -> None:
    gast.set_cookie("session", "a" * 43, domain="localhost")
    enter(gast)
    assert gast.get_cookie("session").value != "a" * 43


# The throttle


def test_an_address_may_fail_thirty_times_then_waits(app: Flask, doors: Cast, gast: Browser) -> None:
    with app.app_context(), transaction():
        db.session.add(Throttle(key=key(app, "address", "198.51.100.7"), window=window(), failures=29))
    assert enter(gast, password="wrong and long enough").status_code == 422
    answer = enter(gast)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= throttle.WINDOW_SECONDS
    assert 'value="ada@example.org"' in answer.text
    assert enter(gast, address="203.0.113.9").status_code == 303


def test_a_right_password_is_no_failure(app: Flask, doors: Cast, gast: Browser) -> None:
    enter(gast)
    with app.app_context():
        assert set(db.session.scalars(select(Throttle.failures))) == {0}


def test_an_account_under_attack_refuses_the_attackers_but_lets_its_owner_in(
    app: Flask, doors: Cast, gast: Browser
) -> None:
    with app.app_context(), transaction():
        db.session.add(Throttle(key=key(app, "account", "ada@example.org"), window=window(), failures=100))
    assert enter(gast, password="wrong and long enough").status_code == 429
    assert enter(gast).status_code == 429, "this address has failed before"
    assert enter(gast, address="203.0.113.9").status_code == 303
    assert enter(gast, "cleo@example.org").status_code == 303


def test_waiting_helps(app: Flask, doors: Cast, gast: Browser) -> None:
    with app.app_context(), transaction():
        db.session.add(Throttle(key=key(app, "address", "198.51.100.7"), window=window(), failures=30))
    assert enter(gast).status_code == 429
    with at(now() + timedelta(seconds=throttle.WINDOW_SECONDS)):
        assert enter(gast).status_code == 303


def test_the_throttle_keeps_no_address_and_no_account(app: Flask, doors: Cast, gast: Browser) -> None:
    enter(gast, password="wrong and long enough")
    with app.app_context():
        keys = list(db.session.scalars(select(Throttle.key)))
    assert len(keys) == 3
    assert all(len(k) == 64 and "ada" not in k for k in keys)


def test_a_whole_ipv6_network_counts_as_one_address() -> None:
    assert throttle.network("2001:db8::1") == throttle.network("2001:db8::ffff:2") != throttle.network("2001:db8:1::1")
    assert throttle.network("::ffff:192.0.2.1") == throttle.network("192.0.2.1")
    assert throttle.network("") == ""


def key(app: Flask, *parts: str) -> str:
    """The keyed hash under which the throttle counts."""
    return throttle._key(app.config["BOARD"].secret_key, *parts)


def window() -> int:
    """The running window."""
    return int(now().timestamp()) // throttle.WINDOW_SECONDS


# Passwords


@pytest.mark.parametrize("weak", [
    "short", "passwortpasswort", "aaaaaaaaaaaaaaaaaaaa", "1234567890123456", "gemeinsam-stadt-app", "ada@example.org1",
    "Stadtrunde2026Ada", "x" * 257,
])  # fmt: skip
def test_weak_passwords_are_refused(weak: str) -> None:
    assert objection(weak, "ada@example.org", "Ada Lovelace")


@pytest.mark.parametrize("good", ["Vier Äpfel tanzen leise", "f8#kQ2!mZ7&wL0x", "z" * 6 + "kann ich gut behalten"])
def test_long_words_in_a_row_are_fine(good: str) -> None:
    assert not objection(good, "ada@example.org", "Ada Lovelace")


# Sessions


def test_signing_out_ends_this_session_only(app: Flask, doors: Cast, ada: Browser, gast: Browser) -> None:
    enter(gast)
    assert gast.post("/sign-out").status_code == 303
    assert gast.get("/account").status_code == 401
    assert ada.get("/account").status_code == 200


def test_signing_out_everywhere_ends_all_sessions(app: Flask, doors: Cast, ada: Browser, gast: Browser) -> None:
    enter(gast)
    assert 'Geräte und Sitzungen</h3> <span class="count">2</span>' in ada.get("/account").text
    assert ada.post("/sign-out-everywhere").status_code == 303
    assert ada.get("/account").status_code == gast.get("/account").status_code == 401


@pytest.mark.parametrize(
    ("who", "idle"),
    [("ada", session.IDLE), ("pia", session.IDLE_PRIVILEGED), ("dora", session.IDLE_PRIVILEGED)],
)
def test_a_session_ends_after_silence_sooner_for_the_privileged(
    app: Flask, people: Cast, who: str, idle: timedelta
) -> None:
    person, begun = getattr(people, who), now()
    client = sign_in(app, person.person_id, person.membership_id)
    with at(begun + idle - timedelta(minutes=1)):
        assert client.get("/account").status_code == 200
    with at(begun + idle * 2 - timedelta(minutes=2)):
        assert client.get("/account").status_code == 200, "use renews it"
    with at(begun + idle * 3):
        answer = client.get("/account")
    assert answer.status_code == 401
    assert "Ihre Sitzung ist beendet" in answer.text


def test_what_the_browser_asks_by_itself_keeps_no_session_alive(app: Flask, pia: Browser) -> None:
    begun = now()
    with at(begun + timedelta(minutes=29)):
        pia.get("/account", partial=True)
        pia.get("/live/topics?after=0")
    with at(begun + timedelta(minutes=31)):
        assert pia.get("/account").status_code == 401
        with app.app_context():
            assert session.alive({1}) == set()


def test_a_form_sent_after_the_session_ended_is_answered_in_place(ada: Browser) -> None:
    with at(now() + timedelta(days=1)):
        answer = ada.post("/account/preferences", data={"locale": "en"}, partial=True, target="ballot-12",
                          headers={"Referer": "http://localhost/proposals/FV-12?x=1"})  # fmt: skip
    assert answer.status_code == 401
    assert answer.headers["HX-Retarget"] == "#flash"
    assert "/sign-in?next=%2Fproposals%2FFV-12%3Fx%3D1" in answer.text


# Acting for a partner


def test_a_form_of_another_partners_tab_is_refused(ada: Browser, people: Cast) -> None:
    answer = ada.post("/account/preferences", data={"acting_for": people.celle, "locale": "en"})
    assert answer.status_code == 409
    assert "Sie handeln inzwischen im Namen von Aalen" in answer.text
    assert 'lang="de"' in ada.get("/account").text


def test_a_form_of_the_partner_one_acts_for_is_taken(ada: Browser, people: Cast) -> None:
    assert ada.post("/account/preferences", data={"acting_for": people.aalen, "locale": "en"}).status_code == 303


def test_a_form_of_a_person_without_partner_says_so(pia: Browser, people: Cast) -> None:
    assert pia.post("/account/preferences", data={"acting_for": "", "locale": "en"}).status_code == 303
    assert pia.post("/account/preferences", data={"acting_for": people.aalen, "locale": "en"}).status_code == 409


def test_a_person_with_two_partners_switches_between_them(app: Flask, ada: Browser, people: Cast) -> None:
    with app.app_context(), transaction():
        person, celle = db.session.get_one(Person, people.ada.person_id), db.session.get_one(Partner, people.celle)
        seat = verbs.enrol(person, celle, Role.MEMBER, SYSTEM).id
    answer = ada.post("/account/switch", data={"membership": seat}, headers={"Referer": "http://localhost/partners"})
    assert answer.location == "/partners#content"
    page = ada.get("/account").text
    assert "Sie handeln jetzt im Namen von Celle." in page
    assert "Im Namen von Aalen handeln" in page


@pytest.mark.parametrize("wanted", ["", "x", "999999", "9" * 30, "-1", "²"])
def test_nobody_acts_for_a_partner_they_do_not_belong_to(ada: Browser, people: Cast, wanted: str) -> None:
    assert ada.post("/account/switch", data={"membership": wanted or people.cleo.membership_id}).status_code == 404
    assert ada.post("/account/switch", data={"membership": people.cleo.membership_id}).status_code == 404


def test_an_ended_membership_acts_for_nobody(app: Flask, ada: Browser, people: Cast) -> None:
    with app.app_context(), transaction():
        db.session.get_one(Membership, people.ada.membership_id).ended_at = now()
    assert "Sie gehören keinem Partner an." in ada.get("/account").text


def test_administrators_cannot_cast_ballots_by_being_administrators(people: Cast) -> None:
    dora = people.dora.actor
    assert not dora.may_vote
    assert not policy.page_allowed(dora, "voting.cast")
    ballot = type("Row", (), {"partner_id": people.aalen})()
    voting = [v for v in policy.VERBS if v.split(".")[0] in {"ballot", "offer", "condition", "reuse"}]
    assert voting
    assert not any(policy.allowed(dora, verb, ballot) for verb in voting)


def test_only_administration_and_command_line_make_people(app: Flask, people: Cast) -> None:
    with app.app_context(), pytest.raises(Denied), transaction():
        verbs.create(people.ada.actor, "eve@example.org", "Eve", "Vier Äpfel tanzen leise")
    with app.app_context():
        assert queries.by_email("eve@example.org") is None


def test_a_provider_has_no_delegate(app: Flask, people: Cast) -> None:
    with app.app_context(), transaction():
        person, works = db.session.get_one(Person, people.rolf.person_id), db.session.get_one(Partner, people.provider)
        with pytest.raises(Conflict):
            verbs.enrol(person, works, Role.DELEGATE, SYSTEM)


def test_an_address_is_given_once(app: Flask, people: Cast) -> None:
    with app.app_context(), pytest.raises(Conflict), transaction():
        verbs.create(SYSTEM, "ADA@example.org", "Ada", "Vier Äpfel tanzen leise")
    with app.app_context(), pytest.raises(Refusal), transaction():
        verbs.create(SYSTEM, "no address", "Ada", "Vier Äpfel tanzen leise")


# Language and appearance


def test_a_person_chooses_language_and_appearance(ada: Browser) -> None:
    ada.post("/account/preferences", data={"locale": "en"})
    ada.post("/account/preferences", data={"theme": "dark"})
    page = ada.get("/account").text
    assert 'lang="en" data-kern-theme="dark"' in page
    assert "My account" in page


@pytest.mark.parametrize("data", [{}, {"locale": "fr"}, {"theme": "<b>"}, {"x": "y"}])
def test_choices_that_do_not_exist_are_refused(ada: Browser, data: dict[str, str]) -> None:
    assert ada.post("/account/preferences", data=data).status_code == 400


def test_a_link_chooses_language_and_appearance_for_people_without_account(gast: Browser) -> None:
    assert "Set-Cookie" not in gast.get("/").headers
    answer = gast.get("/sign-in?next=/partners&lang=en&theme=dark&q=%C3%A4")
    assert (answer.status_code, answer.location) == (303, "/sign-in?next=%2Fpartners&q=%C3%A4")
    assert {c.split("=")[0] for c in answer.headers.getlist("Set-Cookie")} == {"lang", "theme"}
    assert 'lang="en" data-kern-theme="dark"' in gast.get("/sign-in").text


@pytest.mark.parametrize("path", ["/?lang=fr", "/?theme=", "/?lang=en%00"])
def test_other_values_choose_nothing(gast: Browser, path: str) -> None:
    answer = gast.get(path)
    assert answer.status_code in {200, 400}
    assert "Set-Cookie" not in answer.headers


def test_a_choosing_link_leads_nowhere_else(gast: Browser) -> None:
    answer = gast.get("//evil.example/?lang=en")
    assert not answer.headers.get("Location", "/").startswith("//")
    assert "evil.example" not in (answer.headers.get("Location") or "").split("/")[:3]


def test_the_browsers_language_is_spoken_until_somebody_chooses(gast: Browser) -> None:
    assert 'lang="en"' in gast.get("/sign-in", headers={"Accept-Language": "en-GB,fr;q=0.5"}).text
    assert 'lang="de"' in gast.get("/sign-in", headers={"Accept-Language": "fr"}).text


# Last visits


def test_after_half_an_hour_away_a_new_visit_begins(app: Flask, ada: Browser, people: Cast) -> None:
    begun = now()
    first = newest(app)
    with at(begun + timedelta(minutes=10)):
        ada.get("/account")
    assert seen(app, people) == 0, "the very first visit shows nothing as new"
    happen(app, people)
    with at(begun + timedelta(minutes=35)):
        ada.get("/account")
    assert seen(app, people) == 0, "25 minutes later it is the same visit"
    last = newest(app)
    happen(app, people)
    with at(begun + timedelta(minutes=66)):
        ada.get("/account")
    assert seen(app, people) == last > first
    with at(begun + timedelta(minutes=68)):
        ada.get("/account")
    assert seen(app, people) == last, "it stays for the whole visit"


def test_a_visit_is_noted_at_most_once_a_minute(app: Flask, ada: Browser, people: Cast) -> None:
    before = visited(app, people)
    assert before
    ada.get("/account")
    with at(before + timedelta(seconds=50)):
        ada.get("/account")
    assert visited(app, people) == before
    with at(before + timedelta(seconds=70)):
        ada.get("/account")
    assert visited(app, people) > before


def happen(app: Flask, people: Cast) -> None:
    """Something happens on the board."""
    with app.app_context(), transaction():
        verbs.appoint(db.session.get_one(Person, people.ben.person_id), SYSTEM, product_owner=False)


def newest(app: Flask) -> int:
    """The newest activity."""
    with app.app_context():
        return db.session.scalar(select(Activity.id).order_by(Activity.id.desc()).limit(1)) or 0


def seen(app: Flask, people: Cast) -> int:
    """What Ada had seen when her visit began."""
    with app.app_context():
        return db.session.get_one(Person, people.ada.person_id).seen_activity


def visited(app: Flask, people: Cast) -> object:
    """When Ada was here."""
    with app.app_context():
        return db.session.get_one(Person, people.ada.person_id).visited_at


def test_ones_own_activity_is_shown_to_oneself_only(app: Flask, people: Cast, ada: Browser, ben: Browser) -> None:
    with app.app_context():
        make_proposal(people, title="Parkplätze finden")
    assert "Parkplätze finden" in ada.get("/account").text
    assert "Parkplätze finden" not in ben.get("/account").text


# The demo's door


def test_outside_the_demo_nobody_enters_without_password(doors: Cast, gast: Browser) -> None:
    assert gast.post("/sign-in", data={"demo": "ada@example.org"}).status_code == 403
    assert gast.get_cookie("session") is None
    assert "gemeinsam-stadt-app" not in gast.get("/sign-in").text


def test_in_the_demo_one_click_signs_in(board: Flask, doors: Cast, tmp_path: object) -> None:
    demo = create_app(settings(tmp_path, board.config["SQLALCHEMY_DATABASE_URI"], BOARD_DEMO="1"))  # type: ignore[arg-type]
    demo.test_client_class = Browser
    with demo.app_context(), transaction():
        db.session.get_one(Person, doors.cleo.person_id).email = "cleo@demo.example"
    client = demo.test_client()
    page = client.get("/sign-in").text
    assert 'value="cleo@demo.example"' in page
    assert "gemeinsam-stadt-app" in page
    assert client.post("/sign-in", data={"demo": "cleo@demo.example", "next": "/account"}).location == "/account"
    assert "Celle" in client.get("/account").text
    assert client.post("/sign-in", data={"demo": "nobody@demo.example"}).status_code == 404
    assert client.post("/sign-in", data={"demo": "ada@example.org"}).status_code == 404, "a real person has a password"
    with demo.app_context():
        db.engine.dispose()


def test_the_demos_people_with_their_public_password_enter_no_real_board(
    doors: Cast, app: Flask, gast: Browser
) -> None:
    with app.app_context(), transaction():
        db.session.get_one(Person, doors.cleo.person_id).email = "cleo@demo.example"
    assert gast.post("/sign-in", data={"email": "cleo@demo.example", "password": PASSWORD}).status_code == 422
    assert gast.post("/sign-in", data={"email": "ada@example.org", "password": PASSWORD}).status_code == 303


# The command line


def run(app: Flask, *args: str, typed: str = "") -> tuple[int, str]:
    """A command, with what is typed."""
    result = app.test_cli_runner().invoke(args=["user", *args], input=typed)
    return result.exit_code, result.output.replace("\N{NO-BREAK SPACE}", " ")


def test_the_command_line_makes_the_first_administrator(app: Flask, people: Cast, gast: Browser) -> None:
    code, said = run(app, "add", "--email", "Eva@Example.org", "--name", "Eva", "--admin", "--partner", "aalen",
                     "--role", "delegate", "--password-stdin", typed="Vier Äpfel tanzen leise\n")  # fmt: skip
    assert (code, said) == (0, "eva@example.org can sign in now.\n")
    assert enter(gast, "eva@example.org", "Vier Äpfel tanzen leise").status_code == 303
    with app.app_context():
        verbs_written = set(db.session.scalars(select(Activity.verb).where(Activity.source == "system")))
    assert verbs_written == {"person.create", "person.enrol", "person.appoint"}
    assert "eva@example.org\tEva\tadministrator\taalen: delegate" in run(app, "list")[1]


def test_the_command_line_asks_for_the_password_twice(app: Flask, people: Cast) -> None:
    typed = "Vier Äpfel tanzen leise\n" * 2
    code, said = run(app, "add", "--email", "eva@example.org", "--name", "Eva", typed=typed)
    assert code == 0
    assert "Äpfel" not in said


@pytest.mark.parametrize(("args", "typed", "why"), [
    (("--email", "eva@example.org", "--name", "Eva"), "short\n", "at least 15 characters"),
    (("--email", "ada@example.org", "--name", "Ada"), "Vier Äpfel tanzen leise\n", "already here"),
    (("--email", "eva@example.org", "--name", "Eva", "--partner", "no"), "Vier Äpfel tanzen leise", "no partner 'no'"),
    (("--email", "nothing", "--name", "Eva"), "Vier Äpfel tanzen leise\n", "no e-mail address"),
])  # fmt: skip
def test_the_command_line_says_what_is_wrong(
    app: Flask, people: Cast, args: tuple[str, ...], typed: str, why: str
) -> None:
    code, said = run(app, "add", *args, "--password-stdin", typed=typed)
    assert code == 1
    assert why in said
    with app.app_context():
        assert queries.by_email("eva@example.org") is None


def test_the_command_line_closes_an_account(app: Flask, people: Cast, ada: Browser) -> None:
    assert run(app, "disable", "ada@example.org")[0] == 0
    assert ada.get("/account").status_code == 401
    assert run(app, "disable", "nobody@example.org")[0] == 1
