"""The ground: settings, hosts, the cross-site check, headers, errors, rights, language, logs, health, transactions."""

import gzip
import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import UnprocessableEntity

from board import config, create_app, policy, security, templating, web
from board.accounts import verbs
from board.accounts.models import Person
from board.activity.models import Activity, act
from board.config import BadSetting
from board.db import at, db, now, transaction
from board.errors import Busy, Conflict, Denied, TooMany
from board.policy import SYSTEM
from tests.conftest import ORIGIN, Browser, bring_up_to_date, settings
from tests.people import Cast

# Settings


@pytest.mark.parametrize(("changes", "why"), [
    ({"SECRET_KEY": "changeme"}, "SECRET_KEY"), ({"SECRET_KEY": "s" * 31}, "SECRET_KEY"),
    ({"BOARD_ORIGIN": ""}, "BOARD_ORIGIN"),
    ({"BOARD_ORIGIN": "stadtrunde.example"}, "BOARD_ORIGIN"),
    ({"BOARD_ORIGIN": "https://x.example/board"}, "BOARD_ORIGIN"),
    ({"BOARD_ORIGIN": "https://x.example/"}, "BOARD_ORIGIN"), ({"PORT": "eighty"}, "PORT"), ({"PORT": "70000"}, "PORT"),
    ({"BOARD_QUORUM": "101"}, "BOARD_QUORUM"), ({"BOARD_VOTE_DAYS": "0"}, "BOARD_VOTE_DAYS"),
    ({"BOARD_DEMO": "yes"}, "BOARD_DEMO"),
    ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"), ({"BOARD_PROXIES": "-1"}, "BOARD_PROXIES"),
])  # fmt: skip
def test_bad_settings_are_refused_by_name(tmp_path: Path, changes: dict[str, str], why: str) -> None:
    with pytest.raises(BadSetting, match=why):
        settings(tmp_path, **changes)


def test_a_missing_secret_is_made_once_and_is_nobody_elses_to_read(tmp_path: Path) -> None:
    first = settings(tmp_path, SECRET_KEY="").secret_key
    assert len(first) >= config.MIN_SECRET_LENGTH
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert settings(tmp_path, SECRET_KEY="").secret_key == first
    assert first not in repr(settings(tmp_path, SECRET_KEY=""))


def test_an_emptied_secret_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("")
    with pytest.raises(BadSetting, match="secret"):
        settings(tmp_path, SECRET_KEY="")


# Hosts and the cross-site check


def test_an_unknown_host_is_refused(gast: Browser) -> None:
    answer = gast.get("/partners", headers={"Host": "evil.example", "Accept-Language": "en"})
    assert answer.status_code == 400
    assert "evil.example" not in answer.text
    assert 'lang="en"' in answer.text, "also who is refused early is answered in their language"


@pytest.mark.parametrize("path", ["/partners?q=%00", "/partners/a%00b", "/proposals?q=a%00"])
def test_a_nul_in_an_address_is_refused(gast: Browser, path: str) -> None:
    assert gast.get(path).status_code == 400


CROSS_SITE: list[tuple[dict[str, str], bool, int]] = [
    ({"Sec-Fetch-Site": "same-origin"}, True, 303),
    ({"Sec-Fetch-Site": "same-site"}, True, 403),
    ({"Sec-Fetch-Site": "cross-site"}, True, 403),
    ({"Sec-Fetch-Site": "none"}, True, 403),
    ({"Sec-Fetch-Site": "same-origin", "Origin": ORIGIN}, True, 303),
    ({"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN}, True, 403),
    ({"Origin": ORIGIN}, True, 303),
    ({"Origin": "http://evil.example"}, True, 403),
    ({"Origin": "http://localhost:8001"}, True, 403),
    ({"Origin": "https://localhost"}, True, 403),
    ({"Origin": "http://localhost.evil.example"}, True, 403),
    ({"Origin": "null"}, True, 403),
    ({}, True, 403),
    ({"HX-Request": "true", "HX-Request-Type": "partial"}, True, 403),
    ({}, False, 422),
]


@pytest.mark.parametrize(("headers", "cookie", "status"), CROSS_SITE)
def test_only_our_own_pages_may_change_something(
    ada: Browser, app: Flask, headers: dict[str, str], cookie: bool, status: int
) -> None:
    bare = FlaskClient(app, use_cookies=False)
    answer = bare.post(
        "/account/preferences" if cookie else "/sign-in",
        data={"locale": "en"},
        headers=headers,
        environ_overrides={"HTTP_COOKIE": f"session={ada.get_cookie('session').value}"} if cookie else {},
    )
    assert answer.status_code == status


# Headers


@pytest.mark.parametrize("path", ["/partners", "/nowhere", "/account", "/healthz", "/partners?q=%00", "/sign-in"])
def test_every_answer_carries_the_headers(gast: Browser, path: str) -> None:
    check_headers(gast.get(path))


def test_static_files_carry_the_headers_and_are_kept_for_ever(gast: Browser) -> None:
    answer = gast.get(templating.static_url("css/board.css"))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    check_headers(answer)
    answer.close()


def test_static_texts_go_packed_to_whoever_takes_that_and_are_the_same(gast: Browser) -> None:
    url = templating.static_url("css/board.css")
    plain, packed = (gast.get(url, headers={"Accept-Encoding": kind}, buffered=True) for kind in ("identity", "gzip"))
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 3
    assert {plain.headers["Vary"], packed.headers["Vary"]} == {"Accept-Encoding"}
    check_headers(packed)
    known = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    again = gast.get(url, headers=known, buffered=True)
    part = gast.get(url, headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"}, buffered=True)
    head = gast.head(url, headers={"Accept-Encoding": "gzip"})
    assert (again.status_code, again.data, head.data) == (304, b"", b"")
    assert (part.status_code, part.data, "Content-Encoding" in part.headers) == (206, plain.data[:10], False)


def test_a_refusal_by_method_and_a_crash_carry_the_headers(trouble: Browser) -> None:
    check_headers(trouble.post("/partners"))
    check_headers(trouble.get("/trouble/crash"))
    assert "GET" in trouble.post("/partners").headers["Allow"]


def test_over_https_browsers_are_told_to_stay_there(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, BOARD_ORIGIN="https://stadtrunde.example"))
    client = app.test_client()
    for path in ("/healthz", templating.static_url("css/board.css")):
        answer = client.get(path, headers={"Host": "stadtrunde.example"})
        assert answer.status_code == 200, path
        assert "max-age=31536000" in answer.headers["Strict-Transport-Security"], path
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", path
        answer.close()


def check_headers(answer: Any) -> None:
    """CSP without exceptions, and the others."""
    for name, value in security.HEADERS.items():
        assert answer.headers[name] == value
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


# Errors


@pytest.fixture
def trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A board with routes that fail in every way."""
    ways: dict[str, Exception] = {
        "422": UnprocessableEntity(), "409": Conflict("Aalen war schneller."),
        "403": Denied("Nein."), "429": TooMany("Warten.", seconds=77),
        "503": Busy(),
        "crash": ZeroDivisionError("inner secret"),
        "away": OperationalError("SELECT 1", {}, Exception("inner secret")),
    }  # fmt: skip
    monkeypatch.setitem(policy.PAGES, "trouble", policy.anyone)
    app = create_app(settings(tmp_path))
    bring_up_to_date(app)

    def fail(way: str) -> str:
        raise ways[way]

    app.add_url_rule("/trouble/<way>", "trouble", fail, methods=["GET", "POST"])
    app.add_url_rule("/undeclared", "undeclared", lambda: "never")
    app.test_client_class = Browser
    return app.test_client()  # type: ignore[return-value]


ERRORS = [
    ("GET", "/trouble/409", 409, "Aalen war schneller."), ("GET", "/trouble/403", 403, "Nein."),
    ("GET", "/trouble/429", 429, "Warten."), ("GET", "/trouble/503", 503, "ausgelastet"),
    ("GET", "/trouble/422", 422, "Angaben"),
    ("GET", "/trouble/crash", 500, "schiefgegangen"), ("GET", "/trouble/away", 503, "ausgelastet"),
    ("GET", "/nowhere", 404, "nichts"), ("POST", "/partners", 405, "nicht aufrufen"),
    ("GET", "/account", 401, "melden Sie sich"),
    ("GET", "/partners?q=%00", 400, "nicht verständlich"), ("GET", "/undeclared", 401, "melden Sie sich"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "status", "told"), ERRORS)
def test_every_error_is_a_page_that_says_what_happened(
    trouble: Browser, method: str, path: str, status: int, told: str
) -> None:
    answer = trouble.open(path, method=method)
    assert answer.status_code == status
    assert told in answer.text
    assert "<h1>" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert "inner secret" not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(("method", "path", "status", "told"), ERRORS)
def test_every_error_is_a_small_alert_for_htmx(
    trouble: Browser, method: str, path: str, status: int, told: str
) -> None:
    answer = trouble.open(path, method=method, partial=True)
    assert answer.status_code == status
    assert told in answer.text
    assert "<html" not in answer.text
    assert (answer.headers["HX-Retarget"], answer.headers["HX-Reswap"]) == ("#flash", "innerHTML")
    assert answer.headers["Cache-Control"] == "no-store"


def test_waiting_is_told_in_seconds(trouble: Browser) -> None:
    assert trouble.get("/trouble/429").headers["Retry-After"] == "77"
    assert trouble.get("/trouble/away").headers["Retry-After"] == "5"


@pytest.mark.parametrize("partial", [False, True])
def test_a_body_that_is_too_large_is_refused(ada: Browser, partial: bool) -> None:
    answer = ada.post("/account/preferences", data={"locale": "x" * (1024 * 1024 + 1)}, partial=partial)
    assert answer.status_code == 413
    assert "zu groß" in answer.text


def test_when_even_the_error_page_fails_a_plain_one_is_left(trouble: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: object, **_kwargs: object) -> str:
        raise RuntimeError("inner secret")

    monkeypatch.setattr(templating, "render", broken)
    answer = trouble.get("/trouble/crash")
    assert answer.status_code == 500
    assert "Something went wrong on our side." in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert "inner secret" not in answer.text
    check_headers(answer)


# Rights


def test_a_stranger_is_asked_to_sign_in_and_led_back(gast: Browser) -> None:
    answer = gast.get("/account?x=1")
    assert answer.status_code == 401
    assert "/sign-in?next=%2Faccount%3Fx%3D1" in answer.text


def test_a_request_from_another_site_is_refused_and_changes_nothing(ada: Browser) -> None:
    assert ada.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert ada.get("/account").status_code == 200


def test_a_board_that_is_not_public_asks_everybody_to_sign_in(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, BOARD_PUBLIC="0"))
    bring_up_to_date(app)
    app.test_client_class = Browser
    client = app.test_client()
    assert client.get("/partners").status_code == 401
    assert client.get("/sign-in").status_code == client.get("/healthz").status_code == 200


@pytest.mark.parametrize("address", [
    "//evil.example", "/\\evil.example", "https://evil.example/", "javascript:alert(1)", "/\t/evil.example", "/\n/evil",
    "", None, "evil", "/\x00", "/ x", "\\/evil", "http:///evil",
])  # fmt: skip
def test_an_address_elsewhere_is_no_path_of_ours(address: str | None) -> None:
    assert web.safe_path(address) is None


@pytest.mark.parametrize("address", ["/", "/proposals?q=a&b=%2F%2Fevil#ballot-12", "/partners/ulm"])
def test_a_path_of_ours_is_followed(address: str) -> None:
    assert web.safe_path(address) == address


# Addresses


@pytest.mark.parametrize(("path", "to"), [
    ("/proposals/FV-02", "/proposals/FV-2"), ("/proposals/fv-2?x=1&y=%C3%A4", "/proposals/FV-2?x=1&y=%C3%A4"),
    ("/packages/AP-007", "/packages/AP-7"),
])  # fmt: skip
def test_a_key_has_one_address(gast: Browser, path: str, to: str) -> None:
    answer = gast.get(path)
    assert (answer.status_code, answer.location) == (301, to)


@pytest.mark.parametrize("key", ["FV-0", "FV--1", "FV-1e5", "FV-" + "9" * 10, "FV-²", "FV-", "AP-1", "12"])
def test_what_is_no_key_is_not_found(gast: Browser, key: str) -> None:
    assert gast.get(f"/proposals/{key}").status_code == 404


# Logs and health


def test_the_log_tells_what_happened_and_nothing_personal(
    board: Flask, ada: Browser, tmp_path: Path, log_kept: None, capsys: pytest.CaptureFixture[str]
) -> None:
    app = create_app(settings(tmp_path, board.config["SQLALCHEMY_DATABASE_URI"], BOARD_LOG="info"))
    client, token = Browser(app), ada.get_cookie("session").value
    client.set_cookie("session", token, domain="localhost")
    address = {"REMOTE_ADDR": "198.51.100.7"}
    path = "/partners/aalen?q=geheim@example.org"
    answer = client.get(path, headers={"X-Request-Id": "abcdefgh-1"}, environ_overrides=address)
    client.post("/sign-in", data={"email": "ada@example.org", "password": "wrong and long enough"})
    with app.app_context():
        db.engine.dispose()
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert answer.headers["X-Request-Id"] == lines[0]["request_id"] == "abcdefgh-1"
    assert [line["route"] for line in lines] == ["/partners/<slug>", "/sign-in"]
    assert all({"method", "status", "ms"} <= line.keys() for line in lines)
    everything = json.dumps(lines)
    for secret in ("geheim", "@", "198.51.100", "wrong and", token, "aalen"):
        assert secret not in everything


@pytest.mark.parametrize("given", ["short", "x" * 65, "a b c d e f g", "<script>alert</script>"])
def test_a_strange_request_id_is_replaced(gast: Browser, given: str) -> None:
    assert gast.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"] != given


def test_health_and_readiness_are_told_plainly(gast: Browser) -> None:
    assert (gast.get("/healthz").text, gast.get("/readyz").text) == ("ok\n", "ready\n")


def test_a_board_without_its_database_lives_but_is_not_ready(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, f"sqlite:///{tmp_path}/none/board.sqlite"))
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    answer = client.get("/partners")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


# Transactions


def test_a_transaction_is_all_or_nothing_with_its_activity(app: Flask, people: Cast) -> None:
    with app.app_context():
        before = db.session.scalar(select(func.count(Activity.id)))
        with pytest.raises(ZeroDivisionError), transaction():  # noqa: PT012
            verbs.appoint(db.session.get_one(Person, people.ben.person_id), SYSTEM, admin=True)
            raise ZeroDivisionError
        assert db.session.scalar(select(func.count(Activity.id))) == before
        assert not db.session.get_one(Person, people.ben.person_id).is_admin


def test_a_transaction_does_not_nest(app: Flask, people: Cast) -> None:
    with app.app_context(), transaction(), pytest.raises(RuntimeError, match="nest"), transaction():
        pass  # pragma: no cover


def test_what_was_loaded_before_is_refused_by_verbs(app: Flask, people: Cast) -> None:
    with app.app_context():
        stale = db.session.get_one(Person, people.ben.person_id)
        with pytest.raises(RuntimeError, match="inside transaction"), transaction():
            act(SYSTEM, "person.appoint", stale)


def test_a_verb_outside_a_transaction_is_refused(app: Flask, people: Cast) -> None:
    with app.app_context(), pytest.raises(RuntimeError, match="inside transaction"):
        act(SYSTEM, "person.appoint", db.session.get_one(Person, people.ben.person_id))


def test_after_a_transaction_the_next_one_can_begin(app: Flask, people: Cast) -> None:
    with app.app_context():
        for _attempt in range(3):
            with pytest.raises(Denied), transaction():
                act(people.ben.actor, "person.create", db.session.get_one(Person, people.ben.person_id))
        with transaction():
            verbs.appoint(db.session.get_one(Person, people.ben.person_id), SYSTEM, admin=True)


def test_a_naive_time_never_reaches_the_database(app: Flask, people: Cast) -> None:
    with app.app_context(), pytest.raises(Exception, match="naive"), transaction():  # noqa: PT012
        person = db.session.get_one(Person, people.ben.person_id)
        person.visited_at = datetime(2026, 1, 1)  # noqa: DTZ001
        db.session.flush()


def test_times_come_back_in_utc_and_the_clock_can_be_moved(app: Flask, people: Cast) -> None:
    moment = datetime(2026, 5, 4, 12, tzinfo=UTC)
    with app.app_context(), at(moment), transaction():
        verbs.disable(db.session.get_one(Person, people.ben.person_id), SYSTEM)
    with app.app_context():
        assert db.session.get_one(Person, people.ben.person_id).disabled_at == moment != now()


# Messages across a redirect


def test_a_message_is_told_once_on_the_next_page(app: Flask, ada: Browser, people: Cast) -> None:
    assert ada.post("/account/switch", data={"membership": people.ada.membership_id}).status_code == 303
    told = "Sie handeln jetzt im Namen von Aalen."
    ada.get("/healthz")
    ada.get("/nowhere")
    page = ada.get("/partners")
    assert told in page.text
    assert "ETag" not in page.headers
    assert told not in ada.get("/partners").text
