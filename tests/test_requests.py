"""What every request must pass and every answer carries, asked of every address there is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board import create_app, policy, security
from board.accounts.models import Throttle
from board.db import Base, db
from board.routing import MAX_DIGITS, MAX_LETTERS
from tests.conftest import ORIGIN, Browser, settings
from tests.people import Cast
from tests.test_accounts import key
from tests.test_rights import ROWS, WHO, ask, browsers, forms, furnish

everybody = browsers  # The fixture, under the name that the tests below use.
PRIVATE = ("accounts.", "factors.", "identities.", "admin.", "privacy.", "joining.")


def test_another_site_can_send_nothing_to_any_address(app: Flask, people: Cast, everybody: dict[str, Browser]) -> None:
    furnish(app, people)
    before = counts(app)
    theirs: tuple[dict[str, str], ...] = (
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site", "Origin": ORIGIN},
        {"Sec-Fetch-Site": "cross-site", "HX-Request": "true", "HX-Request-Type": "partial"},
    )  # fmt: skip
    for method, endpoint, url, *_outcomes in ROWS:
        if method != "POST" or endpoint in security.CROSS_SITE_EXEMPT:
            continue
        for headers in theirs:
            answer = everybody["ada"].post(url, data=forms(people).get(endpoint, {}), headers=headers)
            assert answer.status_code == 403, (url, headers)
    assert {"hooks.receive"} == security.CROSS_SITE_EXEMPT, "it proves itself by its signature"
    assert counts(app) == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "POST"])
def test_every_method_but_reading_is_checked(ada: Browser, method: str) -> None:
    answer = ada.open("/account/preferences", method=method, data={"locale": "en"},
                      headers={"Sec-Fetch-Site": "cross-site"})  # fmt: skip
    assert answer.status_code in {403, 405}
    assert 'lang="de"' in ada.get("/account").text


def test_looking_changes_nothing(app: Flask, people: Cast, everybody: dict[str, Browser]) -> None:
    furnish(app, people)
    before = counts(app)
    for method, _endpoint, url, *_outcomes in ROWS:
        if method == "GET":
            for who in ("gast", "ada", "dora"):
                ask(everybody[who], method, url, {})
    assert counts(app) == before


def test_whatever_belongs_to_a_person_or_the_administration_is_never_stored(
    app: Flask, people: Cast, everybody: dict[str, Browser]
) -> None:
    furnish(app, people)
    for method, endpoint, url, *expected in ROWS:
        if method == "GET" and endpoint.startswith(PRIVATE):
            for who in [who for who, wanted in zip(WHO, expected, strict=True) if wanted == "ok"]:
                assert ask(everybody[who], method, url, {}).headers["Cache-Control"] == "no-store", (url, who)


def test_no_answer_lets_other_sites_read_it(app: Flask, people: Cast, everybody: dict[str, Browser]) -> None:
    furnish(app, people)
    for method, _endpoint, url, *_outcomes in ROWS:
        if method == "GET":
            answer = everybody["ada"].get(url, headers={"Origin": "https://evil.example"})
            assert not [name for name, _value in answer.headers if name.lower().startswith("access-control")], url
            answer.close()
    asked = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = everybody["ada"].options("/proposals", headers=asked)
    assert not [name for name, _value in answer.headers if name.lower().startswith("access-control")]


def test_every_answer_carries_the_policy(app: Flask, people: Cast, everybody: dict[str, Browser]) -> None:
    furnish(app, people)
    for method, endpoint, url, *_outcomes in ROWS:
        for who in ("gast", "ada"):
            answer = ask(everybody[who], method, url, forms(people).get(endpoint, {}))
            for name, value in security.HEADERS.items():
                assert answer.headers[name] == value, (url, who)
    wanted = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    assert wanted == security.CSP
    assert (security.HEADERS["Referrer-Policy"], security.HEADERS["X-Content-Type-Options"]) == (
        "same-origin", "nosniff",
    )  # fmt: skip


def test_every_part_of_every_address_has_an_upper_bound(board: Flask, gast: Browser) -> None:
    for rule in board.url_map.iter_rules():
        for name, converter in rule._converters.items():
            assert not converter.to_python or converter.regex, (rule.rule, name)
            bound = f"{{1,{MAX_LETTERS}}}" in converter.regex or f",{MAX_DIGITS}" in converter.regex
            short = f",{MAX_DIGITS - 1}}}" in converter.regex or "{1,30}" in converter.regex
            assert bound or short or rule.endpoint == "static", (rule.rule, name, converter.regex)
    for path in ("/partners/" + "a" * 5000, "/proposals/FV-" + "9" * 5000, "/comments/" + "9" * 5000 + "/edit"):
        assert gast.get(path).status_code == 404


def counts(app: Flask) -> dict[str, int]:
    """How many rows each table has; failures of the throttle and visits aside."""
    with app.app_context():
        tables = [t for t in Base.metadata.sorted_tables if t.name != "throttle"]
        return {t.name: db.session.query(t).count() for t in tables}


# Proxies


@pytest.fixture
def behind(board: Flask, people: Cast, tmp_path: Path) -> Iterator[Any]:
    """Boards behind so many proxies."""
    made: list[Flask] = []

    def one(proxies: int) -> Any:
        app = create_app(settings(tmp_path, board.config["SQLALCHEMY_DATABASE_URI"], BOARD_PROXIES=str(proxies)))
        app.test_client_class = Browser
        made.append(app)
        return app.test_client()

    yield one
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.mark.parametrize(("proxies", "given", "counted"), [
    (0, "203.0.113.5", "198.51.100.7"), (1, "203.0.113.5", "203.0.113.5"),
    (1, "192.0.2.1, 203.0.113.5", "203.0.113.5"), (2, "192.0.2.1, 203.0.113.5, 203.0.113.6", "203.0.113.5"),
])  # fmt: skip
def test_only_so_many_proxies_are_believed_where_somebody_comes_from(
    board: Flask, behind: Any, proxies: int, given: str, counted: str
) -> None:
    behind(proxies).post("/sign-in", data={"email": "ada@example.org", "password": "wrong"},
                         headers={"X-Forwarded-For": given},
                         environ_overrides={"REMOTE_ADDR": "198.51.100.7"})  # fmt: skip
    with board.app_context():
        assert key(board, "address", counted) in set(db.session.scalars(select(Throttle.key)))


def test_a_forwarded_host_is_checked_like_any_other(behind: Any) -> None:
    assert behind(1).get("/partners", headers={"X-Forwarded-Host": "evil.example"}).status_code == 400
    assert behind(0).get("/partners", headers={"X-Forwarded-Host": "evil.example"}).status_code == 200


# Rights, as the table says


def test_the_table_of_doors_holds_only_what_strangers_need() -> None:
    assert policy.PAGES.keys() >= policy.DOORS
    assert all(policy.PAGES[door] is policy.anyone for door in policy.DOORS)
    assert not {e for e in policy.BEFORE_FACTOR if e.startswith(("proposals", "voting", "work", "admin", "live"))}
