"""What every request must pass and every answer carries, asked of every address there is."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import AnyConverter

from board import policy, security
from board.accounts.models import Throttle
from board.db import Base, at, db, now, transaction
from board.routing import MAX_DIGITS, MAX_LETTERS
from board.settings.models import Setting
from tests.conftest import ORIGIN, Browser, sign_in
from tests.people import Cast
from tests.rivals import Rivals
from tests.test_accounts import key
from tests.test_rights import ROWS, WHO, ask, browsers, forms, furnish

everybody = browsers  # The fixture, under the name that the tests below use.
on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What is checked before, or written on answers after, a database was asked does not depend on it."""


@on_sqlite
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


@pytest.mark.parametrize(
    ("database_url", "method"),
    [("sqlite", "GET"), ("sqlite", "HEAD"), ("postgresql", "GET")],  # The head is that of the same page.
    indirect=["database_url"],
)
def test_looking_changes_nothing_also_with_every_link_that_lies_in_a_mailbox(
    app: Flask, people: Cast, method: str
) -> None:
    """Mail scanners open every link; caches and crawlers ask for heads. Compared are the rows of all tables."""
    rivals = Rivals(app, people)
    tokens = rivals.tokens["aalen"]
    links = [
        f"/reset/{tokens['reset']}", f"/confirm-email/{tokens['confirm']}", f"/join/{tokens['join']}",
        f"/unsubscribe/{tokens['unsubscribe']}", f"/reuse/confirm/{tokens['reuse']}",
    ]  # fmt: skip
    prefixes = {link.rpartition("/")[0] for link in links}
    taking = {
        rule.rule.rpartition("/")[0] for rule in app.url_map.iter_rules() if rule.rule.endswith(("token>", "signed>"))
    }
    assert prefixes == taking, "every route that takes a link from a mail is opened with a real one"
    pages = [path for endpoint, path in rivals.addresses("aalen", "GET") if endpoint != "roadmap.subscribe"]
    readers: dict[str, Any] = {"gast": app.test_client()} | {
        who: sign_in(app, seat.person_id, seat.membership_id)
        for who, seat in (("ada", people.ada), ("pia", people.pia), ("dora", people.dora))
    }
    before = contents(app)
    with at(now()):  # However slow the machine: nobody has been away for a minute, which a visit would note.
        for who, browser in readers.items():
            for path in (*links, *pages):
                answer = ask(browser, method, path, {})
                assert answer.status_code < 500, (who, path)
                assert path not in links or answer.status_code == 200, (who, path)
    after = contents(app)
    assert {name for name in before if before[name] != after[name]} == set()


def test_a_calendar_that_is_fetched_notes_only_that_on_its_token(app: Flask, people: Cast, gast: Browser) -> None:
    address = f"/calendar/{Rivals(app, people).tokens['aalen']['calendar']}.ics"
    before = contents(app)
    assert gast.get(address).status_code == 200
    after = contents(app)
    assert {name for name in before if before[name] != after[name]} == {"access_token"}


@on_sqlite
def test_what_strangers_do_not_see_is_never_stored(app: Flask, people: Cast, everybody: dict[str, Browser]) -> None:
    """Derived from the matrix: whatever refuses strangers and lets somebody in; and every refusal."""
    furnish(app, people)
    found = set()
    for method, endpoint, url, *expected in ROWS:
        private = method == "GET" and expected[0] != "ok" and {"ok", "led"} & {*expected}
        for who, wanted in zip(WHO, expected, strict=True) if method == "GET" else ():
            answer = ask(everybody[who], method, url, {})
            kept = answer.headers["Cache-Control"]
            if private and endpoint in policy.FOLLOWED and wanted == "ok":
                found.add(endpoint)
                assert kept == "private, no-cache", (url, who)
            elif private or wanted != "ok":
                assert kept == "no-store", (url, who)
            elif who != "gast":
                assert kept in {"no-store", "private, no-cache"}, (url, who)
    assert found == policy.FOLLOWED


def test_pages_behind_links_from_mails_are_never_stored(app: Flask, people: Cast, gast: Browser) -> None:
    tokens = Rivals(app, people).tokens["aalen"]
    for path in ("reset/{reset}", "confirm-email/{confirm}", "join/{join}", "unsubscribe/{unsubscribe}",
                 "reuse/confirm/{reuse}"):  # fmt: skip
        answer = gast.get("/" + path.format(**tokens))
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), path


@on_sqlite
def test_on_a_closed_board_nothing_may_be_kept_for_others(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context(), transaction():
        db.session.add(Setting(name="public", value=False))
    for method, endpoint, url, *_outcomes in ROWS:
        if method == "GET" and policy.PAGES[endpoint] is policy.reader:
            answer = ask(ada, method, url, {})
            assert answer.headers["Cache-Control"] in {"no-store", "private, no-cache"}, url
            assert ask(app.test_client(), method, url, {}).headers["Cache-Control"] == "no-store", url


@on_sqlite
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


@on_sqlite
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
            listed = isinstance(converter, AnyConverter)  # One of the words that the address names, nothing else.
            assert bound or short or listed or rule.endpoint == "static", (rule.rule, name, converter.regex)
    for path in ("/partners/" + "a" * 5000, "/proposals/FV-" + "9" * 5000, "/comments/" + "9" * 5000 + "/edit"):
        assert gast.get(path).status_code == 404


def contents(app: Flask) -> dict[str, str]:
    """A hash over all rows of each table."""
    with app.app_context():
        return {
            table.name: hashlib.sha256(
                "\n".join(sorted(map(repr, db.session.execute(select(table)).all()))).encode()
            ).hexdigest()
            for table in Base.metadata.sorted_tables
        }


def counts(app: Flask) -> dict[str, int]:
    """How many rows each table has; failures of the throttle and visits aside."""
    with app.app_context():
        tables = [t for t in Base.metadata.sorted_tables if t.name != "throttle"]
        return {t.name: db.session.query(t).count() for t in tables}


# Proxies


@pytest.fixture
def behind(other: Callable[..., Flask], people: Cast) -> Callable[[int], Any]:
    """Boards behind so many proxies."""
    return lambda proxies: other(BOARD_PROXIES=str(proxies)).test_client()


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
