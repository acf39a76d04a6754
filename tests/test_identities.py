"""Signing in with an identity provider, against a real one on this machine: who is let in, and who is not."""

import json
import urllib.parse
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from board import config
from board.accounts.models import Device, Identity, LoginSession, Membership, Person, Role, Suggestion
from board.activity.models import Activity
from board.db import at, db, now, transaction
from board.factors import codes, verbs
from board.identities import client
from board.identities import verbs as identities
from board.joining import letters
from board.joining import verbs as joining
from board.mail.models import Mail
from board.oidc import Provider, read
from board.partners.models import Partner
from tests.conftest import HASH, Browser, settings, sign_in
from tests.people import PASSWORD, Cast

with warnings.catch_warnings():  # The provider is written against older parts of Authlib.
    import authlib.deprecate  # noqa: F401 - it sets a filter of its own.

    warnings.simplefilter("ignore")
    import oidc_provider_mock

pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config", "ignore::authlib.deprecate.AuthlibDeprecationWarning")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider that listens."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with oidc_provider_mock.run_server_in_thread() as server:
            yield f"http://localhost:{server.server_port}"


Made = Callable[..., Flask]


@pytest.fixture
def make(board: Flask, other: Callable[..., Flask], people: Cast, issuer: str) -> Iterator[Made]:
    """The same board, with a provider called work; everybody has a password."""
    with board.app_context(), transaction():
        for person in db.session.scalars(select(Person)):
            person.password_hash = HASH

    def one(second_factor: str = "none", issuer: str = issuer, **more: str) -> Flask:
        named = {"ISSUER": issuer, "CLIENT_ID": "board", "CLIENT_SECRET": "s3cret", "LABEL": "Rathaus-Login", **more}
        changes = {f"BOARD_OIDC_WORK_{name}": value for name, value in named.items()}
        return other(BOARD_OIDC="work", BOARD_SECOND_FACTOR=second_factor, **changes)

    yield one
    client._kept.clear()


def is_(issuer: str, subject: str, **claims: object) -> None:
    """Tell the provider what it knows of somebody."""
    requests.put(f"{issuer}/users/{urllib.parse.quote(subject)}", json=claims, timeout=5).raise_for_status()


def agree(address: str, subject: str) -> str:
    """Sign in at the provider; returns the path and query to come back with."""
    answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=5)
    assert answer.status_code in {302, 303}, answer.text
    parts = urllib.parse.urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def go(browser: Any, subject: str, start: str = "/sign-in/with/work") -> Any:
    """The whole way there and back."""
    left = browser.get(start)
    assert left.status_code == 303, left.text
    return browser.get(agree(left.location, subject), headers={"Sec-Fetch-Site": "cross-site"})


def link(app: Flask, people: Cast, issuer: str, who: str = "ada", subject: str = "ada-at-work") -> None:
    """Connect somebody's account."""
    actor = getattr(people, who).actor
    with app.app_context(), transaction():
        identities.connect(db.session.get_one(Person, actor.person_id), issuer, subject, actor)


# The way there and back


def test_a_connected_person_is_let_in_and_led_to_where_they_wanted(make: Made, people: Cast, issuer: str) -> None:
    app = make()
    link(app, people, issuer)
    browser: Any = app.test_client()
    page = browser.get("/sign-in?next=/partners").text
    assert 'href="/sign-in/with/work?next=/partners"' in page
    assert "Mit Rathaus-Login anmelden" in page
    done = go(browser, "ada-at-work", "/sign-in/with/work?next=/partners")
    assert (done.status_code, done.location, done.headers["Cache-Control"]) == (303, "/partners", "no-store")
    assert "Ada" in browser.get("/account").text
    assert not browser.get_cookie("step")


def test_the_browser_is_sent_with_code_flow_pkce_state_and_nonce(make: Made, people: Cast, issuer: str) -> None:
    left = make().test_client().get("/sign-in/with/work")
    address = urllib.parse.urlsplit(left.location)
    asked = dict(urllib.parse.parse_qsl(address.query))
    assert f"{address.scheme}://{address.netloc}" == issuer
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == "http://localhost/sign-in/from/work"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 32
    cookie = left.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert asked["nonce"] not in cookie, "it is sealed"


def invited(app: Flask, people: Cast) -> str:
    """The path that somebody new was invited by, as a member of Aalen."""
    with app.app_context(), transaction():
        aalen = db.session.get_one(Partner, people.aalen)
        joining.invite("neu@aalen.example", aalen, Role.MEMBER, people.ada.actor, hours=72, locale="de")
    with app.app_context():
        mail = db.session.scalars(select(Mail).where(Mail.address == "neu@aalen.example")).one()
        return letters.invitation(mail).action.url.partition("localhost")[2]


def test_who_was_invited_joins_with_a_provider_and_without_a_password(make: Made, people: Cast, issuer: str) -> None:
    app = make()
    path, browser = invited(app, people), app.test_client()
    assert f"next={path}" in browser.get(path).text.replace("%2F", "/")
    back = go(browser, "neu-at-work", f"/sign-in/with/work?next={path}")
    assert (back.status_code, back.location) == (303, path)
    page = browser.get(path).text
    assert "Sie melden sich mit Rathaus-Login an" in page
    assert 'name="password"' not in page
    assert browser.post(path, data={"name": ""}).status_code == 422
    assert browser.post(path, data={"name": "Nele Neu"}).status_code == 303
    assert "Nele Neu" in browser.get("/account").text
    with app.app_context():
        nele = db.session.scalars(select(Person).where(Person.email == "neu@aalen.example")).one()
        assert nele.password_hash == ""
        assert db.session.scalar(select(Identity.subject).where(Identity.person_id == nele.id)) == "neu-at-work"
        assert db.session.scalar(select(Membership.partner_id).where(Membership.person_id == nele.id)) == people.aalen
    again: Any = app.test_client()
    assert go(again, "neu-at-work").status_code == 303
    assert "Nele Neu" in again.get("/account").text
    stranger: Any = app.test_client()
    for guess in ("", "x", HASH):
        stranger.post("/sign-in", data={"email": "neu@aalen.example", "password": guess})
    assert stranger.get("/account").status_code == 401


def test_a_provider_account_that_is_somebodys_here_makes_no_second_account(
    make: Made, people: Cast, issuer: str
) -> None:
    app = make()
    path, browser = invited(app, people), app.test_client()
    go(browser, "cleo-at-work", f"/sign-in/with/work?next={path}")
    link(app, people, issuer, "cleo", "cleo-at-work")
    assert browser.post(path, data={"name": "Nele Neu"}).status_code == 422  # Without the proof a password is needed.


@pytest.mark.parametrize("evil", ["//evil.example", "https://evil.example", "/\\evil"])
def test_coming_back_never_leads_to_another_site(make: Made, people: Cast, issuer: str, evil: str) -> None:
    app = make()
    link(app, people, issuer)
    assert go(app.test_client(), "ada-at-work", f"/sign-in/with/work?next={evil}").location == "/"


def test_without_a_provider_there_is_no_button_and_no_address(gast: Browser) -> None:
    assert "Dienstkonto" not in gast.get("/sign-in").text
    assert gast.get("/sign-in/with/work").status_code == gast.get("/sign-in/from/work").status_code == 404


def test_without_the_extra_there_is_none_either(make: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "NEEDED", ("a_package_that_is_not_installed",))
    browser = make().test_client()
    assert "Dienstkonto" not in browser.get("/sign-in").text
    assert browser.get("/sign-in/with/work").status_code == 404


# What is not believed


def test_another_browsers_way_back_signs_nobody_in(make: Made, people: Cast, issuer: str) -> None:
    app = make()
    link(app, people, issuer)
    hers: Any = app.test_client()
    back = agree(hers.get("/sign-in/with/work").location, "ada-at-work")
    other: Any = app.test_client()
    assert other.get(back).status_code == 400, "no state of its own"
    other.get("/sign-in/with/work")
    assert other.get(back).status_code == 400, "another state"
    assert other.get("/account").status_code == 401


def test_a_way_back_works_once_and_not_for_ever(make: Made, people: Cast, issuer: str) -> None:
    app = make()
    link(app, people, issuer)
    browser: Any = app.test_client()
    back = agree(browser.get("/sign-in/with/work").location, "ada-at-work")
    with at(now() + timedelta(minutes=11)):
        assert browser.get(back).status_code == 400
    browser.get(back)
    assert browser.get(back).status_code == 400


@pytest.mark.parametrize("query", ["", "error=access_denied", "code=wrong", "code=%00", "error=<script>"])
def test_what_the_provider_refuses_is_told_in_clear_words(make: Made, people: Cast, query: str) -> None:
    browser: Any = make().test_client()
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.get("/sign-in/with/work").location).query))
    answer = browser.get(f"/sign-in/from/work?state={asked['state']}&{query}")
    assert answer.status_code in {400, 403, 502}
    assert "Rathaus-Login" in answer.text or answer.status_code == 400
    assert "<script>" not in answer.text
    assert browser.get("/account").status_code == 401


@dataclass
class Forged:
    """A provider of our own in the shape of the real one, which says what a test wants."""

    issuer: str
    claims: dict[str, object]


@pytest.fixture
def forged(people: Cast) -> Iterator[tuple[Forged, str]]:
    """A provider whose tokens are signed rightly and say whatever `claims` says."""
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from joserfc import jwt
    from joserfc.jwk import RSAKey

    key = RSAKey.generate_key(2048, {"kid": "one"})
    says = Forged("", {})

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, content: object, status: int = 200, **headers: str) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        def do_GET(self) -> None:
            here = says.issuer
            if "openid" in self.path:
                self._answer({"issuer": says.claims.get("described", here), "authorization_endpoint": f"{here}/go",
                              "token_endpoint": says.claims.get("tokens_at", f"{here}/token"),
                              "jwks_uri": f"{here}/keys", "authorization_response_iss_parameter_supported":
                              bool(says.claims.get("names_itself"))})  # fmt: skip
            else:
                self._answer({"keys": [key.as_dict(private=False)]})

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            moment = int(now().timestamp())
            base: dict[str, object] = {"iss": says.issuer, "aud": "board", "sub": "ada-at-work", "iat": moment,
                                       "exp": moment + 60}  # fmt: skip
            claims = {n: v for n, v in (base | says.claims).items() if v is not None}
            token = jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)
            if says.claims.get("unsigned"):
                token = token.rsplit(".", 1)[0] + "." + "A" * 342
            self._answer({"access_token": "a", "token_type": "Bearer", "id_token": token})

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    says.issuer = f"http://localhost:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield says, says.issuer
    server.shutdown()
    server.server_close()


BELIEVED: dict[str, object] = {}
FORGERIES: list[dict[str, object]] = [
    {"nonce": "another"}, {"nonce": None}, {"iss": "http://localhost:1"}, {"aud": "another"}, {"aud": None},
    {"exp": 1_000_000_000}, {"exp": None}, {"sub": None}, {"iat": 9_000_000_000}, {"unsigned": True},
    {"aud": ["board", "another"]}, {"aud": ["board", "another"], "azp": "another"},
    {"described": "https://another.example"}, {"tokens_at": "https://another.example/token"},
    {"tokens_at": "http://127.0.0.1:9/token"},
]  # fmt: skip


@pytest.mark.parametrize("lie", FORGERIES, ids=str)
def test_what_a_provider_must_not_say_signs_nobody_in(
    make: Made, people: Cast, forged: tuple[Forged, str], lie: dict[str, object]
) -> None:
    says, issuer = forged
    assert _tried(make, people, says, issuer, lie) in {400, 502}


def test_what_it_may_say_signs_in(make: Made, people: Cast, forged: tuple[Forged, str]) -> None:
    says, issuer = forged
    assert _tried(make, people, says, issuer, BELIEVED) == 303
    assert _tried(make, people, says, issuer, {"aud": ["board", "another"], "azp": "board"}) == 303


def _tried(make: Made, people: Cast, says: Forged, issuer: str, lie: dict[str, object]) -> int:
    app = make(issuer=issuer)
    client._kept.clear()
    link(app, people, issuer)
    browser: Any = app.test_client()
    says.claims = {k: v for k, v in lie.items() if k in {"described", "tokens_at"}}
    left = browser.get("/sign-in/with/work")
    if left.status_code != 303:
        assert browser.get("/account").status_code == 401
        return int(left.status_code)
    asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(left.location).query))
    says.claims = {"nonce": asked["nonce"], **lie}
    status = int(browser.get(f"/sign-in/from/work?code=c&state={asked['state']}").status_code)
    assert browser.get("/account").status_code == (200 if status == 303 else 401)
    return status


def test_a_provider_that_is_away_is_told(make: Made, people: Cast) -> None:
    answer = make(issuer="http://localhost:9").test_client().get("/sign-in/with/work")
    assert answer.status_code == 502
    assert "zurzeit nicht erreichbar" in answer.text


# Whose identity it is


def test_who_is_not_connected_is_told_how_and_an_address_alone_connects_nobody(
    make: Made, people: Cast, issuer: str
) -> None:
    app = make()
    is_(issuer, "stranger", email="ada@example.org", email_verified=True)
    browser: Any = app.test_client()
    answer = go(browser, "stranger")
    assert answer.status_code == 403
    assert "/sign-in?next=/account/identities/work" in answer.text
    assert browser.get("/account").status_code == 401
    assert counted(app, Identity) == 0


def test_a_person_connects_their_account_after_signing_in_with_the_password(
    make: Made, people: Cast, issuer: str
) -> None:
    app = make()
    ada: Any = sign_in(app, people.ada.person_id, people.ada.membership_id)
    assert 'href="/account/identities/work"' in ada.get("/account").text
    assert go(ada, "ada-new", "/account/identities/work").location == "/account#identities"
    other: Any = app.test_client()
    assert go(other, "ada-new").location == "/"
    assert "Ada" in other.get("/account").text
    assert go(ada, "ada-new", "/account/identities/work").location == "/account#identities", "twice is harmless"


def test_an_account_of_the_provider_belongs_to_one_person(make: Made, people: Cast, issuer: str) -> None:
    app = make()
    link(app, people, issuer, "ada", "shared")
    ben: Any = sign_in(app, people.ben.person_id, people.ben.membership_id)
    assert go(ben, "shared", "/account/identities/work").status_code == 409


def test_connecting_ends_in_the_session_that_began_it(make: Made, people: Cast, issuer: str) -> None:
    app = make()
    ada: Any = sign_in(app, people.ada.person_id, people.ada.membership_id)
    back = agree(ada.get("/account/identities/work").location, "ada-new")
    ada.post("/sign-in", data={"email": "ben@example.org", "password": PASSWORD})
    assert ada.get(back).status_code in {400, 401}
    assert counted(app, Identity) == 0


def test_connecting_asks_for_a_fresh_proof(make: Made, people: Cast) -> None:
    app = make()
    ada: Any = sign_in(app, people.ada.person_id, people.ada.membership_id)
    with app.app_context(), transaction():
        db.session.scalars(select(LoginSession)).one().proved_at = None
    assert ada.get("/account/identities/work").location.startswith("/confirm?")


def test_a_connection_is_ended_by_its_owner_unless_it_is_the_only_way_in(make: Made, people: Cast, issuer: str) -> None:
    app = make()
    link(app, people, issuer)
    ada: Any = sign_in(app, people.ada.person_id, people.ada.membership_id)
    ben: Any = sign_in(app, people.ben.person_id, people.ben.membership_id)
    assert ben.post("/account/identities/1/disconnect").status_code == 404
    with app.app_context(), transaction():
        db.session.get_one(Person, people.ada.person_id).password_hash = ""
    assert ada.post("/account/identities/1/disconnect").status_code == 409
    with app.app_context(), transaction():
        db.session.get_one(Person, people.ada.person_id).password_hash = HASH
    assert ada.post("/account/identities/1/disconnect").status_code == 303
    assert go(app.test_client(), "ada-at-work").status_code == 403


def test_a_closed_account_is_not_opened_by_a_provider(make: Made, people: Cast, issuer: str) -> None:
    app = make()
    link(app, people, issuer)
    with app.app_context(), transaction():
        db.session.get_one(Person, people.ada.person_id).disabled_at = now()
    assert go(app.test_client(), "ada-at-work").status_code == 403


@pytest.mark.parametrize(("claims", "who", "let_in"), [
    ({"email": "ben@example.org", "email_verified": True}, "ben", True),
    ({"email": "Ben@Example.org", "email_verified": True}, "ben", True),
    ({"email": "ben@example.org", "email_verified": False}, "ben", False),
    ({"email": "ben@example.org"}, "ben", False),
    ({"email": "ben@example.org", "email_verified": "true"}, "ben", False),
    ({"email": "dora@example.org", "email_verified": True}, "dora", False),
    ({"email": "nobody@example.org", "email_verified": True}, "nobody", False),
])  # fmt: skip
def test_where_the_operator_allows_it_a_verified_address_connects_but_no_administrator(
    make: Made, people: Cast, issuer: str, claims: dict[str, object], who: str, let_in: bool
) -> None:
    app = make(EMAIL="1")
    subject = f"{who}-{abs(hash(str(claims)))}"
    is_(issuer, subject, **claims)
    assert (go(app.test_client(), subject).status_code == 303) is let_in
    assert counted(app, Identity) == int(let_in)


# The second factor


def test_a_provider_that_counts_as_two_factors_is_enough_and_another_is_not(
    make: Made, people: Cast, issuer: str
) -> None:
    app = make()
    link(app, people, issuer)
    with app.app_context(), at(now() - timedelta(minutes=9)), transaction():
        secret = codes.new_secret()
        person = db.session.get_one(Person, people.ada.person_id)
        verbs.set_up(person, secret, _shown(secret), people.ada.actor)
    assert go(app.test_client(), "ada-at-work").location == "/sign-in/code?next=/"
    browser: Any = app.test_client()
    assert go(browser, "ada-at-work").location.startswith("/sign-in/code")
    assert browser.post("/sign-in/code", data={"code": _shown(secret)}).status_code == 303
    enough = make(FACTOR="1")
    assert go(enough.test_client(), "ada-at-work").location == "/"


def _shown(secret: str) -> str:
    import pyotp

    return pyotp.TOTP(secret).at(now())


def test_who_must_have_a_second_factor_is_led_to_it_unless_the_provider_counts(
    board: Flask, make: Made, people: Cast, issuer: str
) -> None:
    link(board, people, issuer)
    for counts, led in (("0", True), ("1", False)):
        browser: Any = make(second_factor="", FACTOR=counts).test_client()
        go(browser, "ada-at-work")
        assert (browser.get("/proposals").status_code == 303) is led


def test_showing_again_needs_a_provider_that_asks_anew(make: Made, people: Cast, forged: tuple[Forged, str]) -> None:
    says, issuer = forged
    app = make(issuer=issuer)
    client._kept.clear()
    link(app, people, issuer, "pia")
    pia: Any = sign_in(app, people.pia.person_id, None)
    with app.app_context(), transaction():
        db.session.scalars(select(LoginSession)).one().proved_at = None
    for said, status in (({}, 502), ({"auth_time": 1_000_000_000}, 502), ({"auth_time": int(now().timestamp())}, 303)):
        left = pia.get("/sign-in/with/work?again=1&next=/account/second-factor")
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(left.location).query))
        assert (asked["prompt"], asked["max_age"]) == ("login", "0")
        says.claims = {"nonce": asked["nonce"], **said}
        answer = pia.get(f"/sign-in/from/work?code=c&state={asked['state']}")
        assert answer.status_code == status
    assert pia.get("/account/second-factor").status_code == 200


# What groups suggest


def test_groups_suggest_partners_and_an_administrator_confirms(make: Made, people: Cast, issuer: str) -> None:
    app = make(GROUPS="groups", PARTNERS="/staedte/celle=celle, /staedte/aalen=aalen, /staedte/nirgends=nirgends")
    link(app, people, issuer, "ben", "ben-at-work")
    is_(issuer, "ben-at-work", groups=["/staedte/celle", "/staedte/aalen", "/staedte/nirgends", "/alle", 7])
    for _again in range(2):
        go(app.test_client(), "ben-at-work")
    with app.app_context():
        asked = db.session.scalars(select(Suggestion)).one()
        assert (asked.partner_id, asked.decided_at) == (people.celle, None), "Aalen he belongs to, the others are none"
        assert seats(people) == 1, "nothing follows by itself"
    dora: Any = sign_in(app, people.dora.person_id, None)
    page = dora.get("/suggestions").text
    assert "Ben" in page
    assert "Celle" in page
    assert dora.post(f"/suggestions/{asked.id}/accept").status_code == 303
    assert dora.post(f"/suggestions/{asked.id}/refuse").status_code == 409
    assert dora.post("/suggestions/999/accept").status_code == 404
    with app.app_context():
        assert seats(people) == 2
        new = Membership.partner_id == people.celle, Membership.person_id == people.ben.person_id
        assert db.session.scalar(select(Membership.role).where(*new)) == "member"
        told = set(db.session.scalars(select(Activity.verb).where(Activity.verb.startswith("suggestion."))))
    assert told == {"suggestion.make", "suggestion.accept"}


def test_a_refused_suggestion_gives_no_seat_and_does_not_come_again(make: Made, people: Cast, issuer: str) -> None:
    app = make(GROUPS="groups", PARTNERS="celle=celle")
    link(app, people, issuer, "ben", "ben-refused")
    is_(issuer, "ben-refused", groups=["celle"])
    go(app.test_client(), "ben-refused")
    dora: Any = sign_in(app, people.dora.person_id, None)
    dora.post("/suggestions/1/refuse")
    go(app.test_client(), "ben-refused")
    assert "Es wartet kein Vorschlag" in dora.get("/suggestions").text
    with app.app_context():
        assert seats(people) == 1


def seats(people: Cast) -> int:
    """How many seats Ben has."""
    mine = Membership.person_id == people.ben.person_id, Membership.ended_at.is_(None)
    return db.session.scalar(select(func.count(Membership.id)).where(*mine)) or 0


# Settings


@pytest.mark.parametrize(("changes", "named"), [
    ({"BOARD_OIDC": "No Name"}, "BOARD_OIDC"), ({"BOARD_OIDC": "work"}, "BOARD_OIDC_WORK_ISSUER"),
    ({"BOARD_OIDC_WORK_ISSUER": "http://login.example"}, "BOARD_OIDC_WORK_ISSUER"),
    ({"BOARD_OIDC_WORK_ISSUER": "https://login.example?x"}, "BOARD_OIDC_WORK_ISSUER"),
    ({"BOARD_OIDC_WORK_FACTOR": "yes"}, "BOARD_OIDC_WORK_FACTOR"),
    ({"BOARD_OIDC_WORK_PARTNERS": "ulm"}, "BOARD_OIDC_WORK_PARTNERS"),
    ({"BOARD_SECOND_FACTOR": "everybody"}, "BOARD_SECOND_FACTOR"),
])  # fmt: skip
def test_a_bad_provider_stops_the_start_with_a_sentence(tmp_path: Path, changes: dict[str, str], named: str) -> None:
    good = {} if changes.get("BOARD_OIDC") else {
        "BOARD_OIDC": "work", "BOARD_OIDC_WORK_ISSUER": "https://login.example", "BOARD_OIDC_WORK_CLIENT_ID": "board",
        "BOARD_OIDC_WORK_CLIENT_SECRET": "s",
    }  # fmt: skip
    with pytest.raises(config.BadSetting, match=named):
        settings(tmp_path, **{**good, **changes})


def test_secrets_of_providers_are_not_printed(tmp_path: Path) -> None:
    provider = Provider("work", "https://login.example", "board", "s3cret", "Work")
    assert "s3cret" not in repr(provider)
    assert read({}) == ()


def counted(app: Flask, table: Any) -> int:
    """How many rows there are."""
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def test_the_device_is_known_after_signing_in_with_a_provider_too(make: Made, people: Cast, issuer: str) -> None:
    app = make()
    link(app, people, issuer)
    go(app.test_client(), "ada-at-work")
    assert counted(app, Device) == 1
