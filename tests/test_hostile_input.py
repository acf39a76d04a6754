"""Whatever is sent to whatever address: no crash, nothing unescaped, and a board that still shows its pages."""

import itertools
import json
import random
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from flask import Flask

from tests.conftest import Browser
from tests.factories import make_world
from tests.long.trials import Trial
from tests.people import Cast
from tests.test_rights import ROWS, WHO, ask, forms

MARKS = (b"<script>alert(7)", b"<img src=x7", b"<b x7")
HOSTILE: Mapping[str, bytes] = {
    "NUL": b"a\x00b",
    "lone surrogate": b"a\xed\xa0\x80b",
    "no UTF-8": b"\xff\xfe\xc3(",
    "emoji": "👩\u200d🚒🇩🇪\U0001f9d1\U0001f3fd".encode(),
    "right to left": "\u202eשלום\u2066 abc\u200f".encode(),
    "script": b"<script>alert(7)</script>",
    "attribute": b"\"'><img src=x7 onerror=alert(7)>",
    "Markdown": b"[x](javascript:alert(7)) <b x7> ![i](data:text/html,7)",
    "SQL": b"'); DROP TABLE proposals; -- %_\\",
    "template": b"{{ 7*7 }} %(name)s %s {0}",
    "no number": b"zw\xc3\xb6lf",
    "odd number": "٣²½1e9".encode(),
    "huge number": b"9" * 40,
    "negative": b"-1",
    "no day": b"31.02.2026",
    "day far off": b"99999-12-31",
    "first day": b"0001-01-01",
    "lines": b"a\r\nb\r\nSet-Cookie: x=7",
    "blank": b" \t\r\n ",
    "empty": b"",
}
FOR_THE_DATABASE = ("NUL", "lone surrogate", "emoji", "SQL", "huge number", "day far off", "first day")
ALONE = ("NUL", "attribute", "huge number", "no day")
LONG = b"x<b x7 " * 15_000
ODD = "\x00\x08\x1b\x7f\x85\u00ad\u200b\u202e\u2028\ufeff\ufffd\uffff\U0001f6a2<>&'\"\\/%{}()[];:#=+-@\t\r\n aÄß0١"
MORE = {  # Fields that a form may carry besides those of the valid one.
    "accounts.sign_in": ("email", "password", "next", "demo"), "accounts.preferences": ("locale", "theme"),
    "proposals.propose": ("links", "summary", "title_en", "summary_en", "text_en", "once"),
    "proposals.propose_several": ("once", "seen", "go", "take"),
    "proposals.edit": ("links", "summary", "title_en", "summary_en", "text_en"),
    "voting.cast": ("reason", "face"), "voting.confirm": ("undo",),
    "voting.record_reuse": ("variant", "release", "contact", "confirmed_on", "gone"),
    "work.edit": ("effort", "deliverables", "acceptance", "owner", "funder", "due_on", "links"),
    "work.claim": ("days",), "work.renew": ("days",), "work.bid": ("days",),
}  # fmt: skip
OFFERS = {
    "offers": b"1", "lead": b"y", "days": b"5", "condition": b"Ja.", "reserved": b"y", "reserved_body": b"Rat",
    "reserved_on": b"2026-12-01",
}  # fmt: skip
QUERIES = ("q", "state", "topic", "partner", "mine", "elsewhere", "sort", "after", "n", "title", "kind", "on", "before",
           "start", "free", "view", "face", "seen", "column", "lang", "next", "membership", "verfremdet")  # fmt: skip
ENDING = (
    "accept",
    "defer",
    "decline",
    "delete",
    "withdraw",
    "sign_out",
    "sign_out_everywhere",
    "erase",
)  # Last, in this order.
POSTS = sorted(
    (r for r in ROWS if r[0] == "POST"),
    key=lambda row: ENDING.index(v) + 1 if (v := row[1].split(".")[1]) in ENDING else 0,
)
GETS = [row for row in ROWS if row[0] == "GET" and row[1] != "live.stream"]


def naughty(n: int) -> dict[str, bytes]:
    """So many values that each field gets alone: the worst, then all named ones, then random ones, always the same."""
    named = {what: HOSTILE[what] for what in (*ALONE, *HOSTILE)}
    chance = random.Random(7)
    more = {f"random {m}": "".join(chance.choices(ODD, k=chance.randint(1, 300))).encode() for m in range(n)}
    return dict(itertools.islice((named | more).items(), n))


@pytest.fixture
def hostile(database_url: str) -> Mapping[str, bytes]:
    """Everything on SQLite; on PostgreSQL, after the same Python, what a database could mind."""
    if database_url.startswith("sqlite"):
        return HOSTILE
    return {what: HOSTILE[what] for what in FOR_THE_DATABASE}


@pytest.fixture
def browsers(
    app: Flask, people: Cast, rolf: Browser, ben: Browser, ada: Browser, cleo: Browser, pia: Browser, dora: Browser
) -> dict[str, Browser]:
    """Everybody who has an account, in a world with one of everything."""
    with app.app_context():
        make_world(people)
    return {"rolf": rolf, "ben": ben, "ada": ada, "cleo": cleo, "pia": pia, "dora": dora}


PLAIN = {"text/calendar", "text/csv", "text/markdown", "text/plain", "application/json", "application/yaml"}
"""Data for programs, sent with nosniff: mark-up in it is letters."""


def entitled(row: list[str]) -> str:
    """Somebody who may do it; Ada where she may, since her rights are the widest."""
    may = [who for who, outcome in zip(WHO, row[3:], strict=True) if outcome == "ok" and who != "gast"]
    return "ada" if "ada" in may or not may else may[0]


def encoded(pairs: Iterator[tuple[str, bytes]] | list[tuple[str, bytes]]) -> str:
    """A body or query, byte for byte."""
    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in pairs)


def check(answer: Any, *what: object) -> None:
    """No crash, and no mark-up of the sender's."""
    assert answer.status_code < 500, what
    assert "x7" not in str(answer.headers.get("Set-Cookie", "")), what
    if answer.mimetype in PLAIN:
        assert answer.headers["X-Content-Type-Options"] == "nosniff", what
        return
    found = [mark for mark in MARKS if mark in answer.data]
    assert not found, (*what, found)


def send(browser: Browser, url: str, body: str | bytes, kind: str = "application/x-www-form-urlencoded") -> Any:
    """A POST with exactly this body."""
    return browser.post(url, data=body, content_type=kind)


def valid(people: Cast, endpoint: str) -> dict[str, bytes]:
    """The fields of a form with values that are fine."""
    return {name: str(value).encode() for name, value in forms(people).get(endpoint, {}).items()}


def still_stands(browsers: dict[str, Browser]) -> None:
    """Every page can be read by everybody, whatever has been stored."""
    for method, endpoint, url, *_ in GETS:
        check(browsers["dora"].get(url), "afterwards", method, endpoint)


@pytest.mark.trial("naughty", short=len(ALONE), long=60)
def test_no_field_of_any_form_crashes_or_comes_back_unescaped(
    app: Flask, people: Cast, browsers: dict[str, Browser], hostile: Mapping[str, bytes], trial: Trial
) -> None:
    alone = naughty(trial.whole())
    if trial.long:
        hostile = {**HOSTILE, **alone}
    trial.count(forms=len(POSTS), answers=0, answers_5xx=0, unescaped=0)
    for row in POSTS:
        _method, endpoint, url = row[:3]
        browser, good = browsers[entitled(row)], valid(people, endpoint)
        names = dict.fromkeys([*good, *MORE.get(endpoint, ())]) or {"text": None}
        for what, value in hostile.items():
            check(send(browser, url, encoded([(name, value) for name in names])), url, what, "everywhere")
            for name in good if len(names) > 1 and what in alone else ():
                answer = send(browser, url, encoded([*({**good, name: value}).items()]))
                check(answer, url, what, name)
                trial.count(answers=1)
            trial.count(answers=1)
        check(send(browser, url, encoded([(name, LONG) for name in names])), url, "long")
    still_stands(browsers)


def test_no_field_of_an_offer_crashes_or_comes_back_unescaped(
    browsers: dict[str, Browser], hostile: Mapping[str, bytes]
) -> None:
    for what, value in hostile.items():
        for name in OFFERS:
            if name != "offers" and what in ALONE:
                body = encoded([*({**OFFERS, name: value}).items()])
                check(send(browsers["ada"], "/proposals/FV-1/ballot", body), what, name)
    still_stands(browsers)


def test_no_form_takes_what_is_no_form(people: Cast, browsers: dict[str, Browser], database_url: str) -> None:
    ways = (False, True) if database_url.startswith("sqlite") else (False,)
    for row, partial in itertools.product(POSTS, ways):
        _method, endpoint, url = row[:3]
        browser, good = browsers[entitled(row)], valid(people, endpoint)
        twice = encoded([*good.items(), *((name, b"<b x7>") for name in good)])
        unknown = encoded([*good.items(), ("partner_id", b"2"), ("is_admin", b"1"), ("__class__", b"<b x7>")])
        as_json = json.dumps({name: value.decode() for name, value in good.items()})
        for body, kind in (
            ("", "application/x-www-form-urlencoded"), (twice, "application/x-www-form-urlencoded"),
            (unknown, "application/x-www-form-urlencoded"), (as_json, "application/json"),
            ("[[[{", "application/json"), (as_json, "text/plain"), (b"\x00\xff", "application/octet-stream"),
            (b"--x\r\nContent-Disp", "multipart/form-data; boundary=x"), ("a=b", "multipart/form-data"),
            ("&&=&=%&%zz=%u1", "application/x-www-form-urlencoded"), ("a=1", "text/html; charset=\"<b x7>"),
        ):  # fmt: skip
            answer = browser.post(url, data=body, content_type=kind, partial=partial, target="<b x7>-1")
            check(answer, url, kind, body)


def test_no_query_crashes_or_comes_back_unescaped(browsers: dict[str, Browser]) -> None:
    for _method, _endpoint, url, *_ in GETS:
        base = url.partition("?")[0]
        values = list(HOSTILE.values())
        for shift in range(0, len(values), 5):  # Every parameter gets another value, five apart each time.
            query = encoded([(name, values[(n + shift) % len(values)]) for n, name in enumerate(QUERIES)])
            check(ask(browsers["ada"], "GET", f"{base}?{query}", {}), base, query)
        twice = encoded([(name, value) for name in QUERIES for value in (b"1", b"<b x7>")])
        check(ask(browsers["ada"], "GET", f"{base}?{twice}", {}), base, "twice")
        check(ask(browsers["ada"], "GET", f"{base}?q={'%C3%A4' * 5000}&title={'a' * 10_000}", {}), base, "long")


@pytest.mark.parametrize("key", ["FV-0", "FV-9999999999999", "FV-%00", "FV-1%ED%A0%80", "FV-%D9%A1", "<b x7>"])
def test_no_address_crashes(browsers: dict[str, Browser], key: str) -> None:
    for url in (f"/proposals/{key}", f"/packages/{key}/card", f"/partners/{key}", f"/comments/{key}/edit", f"/{key}"):
        answer = browsers["ada"].get(url)
        check(answer, url)
        assert answer.status_code in {301, 302, 308, 400, 404}, url
