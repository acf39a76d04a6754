"""Whatever is sent to whatever address: no crash, nothing unescaped, and a board that still shows its pages."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from flask import Flask, Request
from werkzeug.datastructures import ImmutableMultiDict

from tests.conftest import Browser, sign_in
from tests.factories import make_world
from tests.people import Cast, Who
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
TOGETHER = (
    ("lone surrogate", "no UTF-8"), ("emoji", "right to left", "odd number"), ("script", "attribute"),
    ("Markdown", "SQL", "template"),
)  # fmt: skip
"""What may stand in one value: each of these is a text like any other, so one says nothing of the others beside it."""
FOR_THE_DATABASE = ("NUL", "lone surrogate", "emoji", "SQL", "huge number", "day far off", "first day")
ALONE = ("NUL", "attribute", "huge number", "no day")
SHORTEST = 120
LONG = (b"x<b x7 " + b"x" * 693) * 150
OF_EVERY_FORM = {"acting_for"}
"""A form in which it is not as it should be is refused unread."""
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


@pytest.fixture
def hostile(database_url: str) -> Mapping[str, bytes]:
    """Everything on SQLite; on PostgreSQL, after the same Python, what a database could mind."""
    if database_url.startswith("sqlite"):
        return HOSTILE
    return {what: HOSTILE[what] for what in FOR_THE_DATABASE}


@pytest.fixture
def together(hostile: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """The same in fewer values."""
    joined = {", ".join(group): b" ".join(hostile[what] for what in group if what in hostile) for group in TOGETHER}
    alone = {what: value for what, value in hostile.items() if not any(what in group for group in TOGETHER)}
    assert all(len(value) <= SHORTEST for value in joined.values()), "no longer than titles may be"
    return {what: value for what, value in joined.items() if value} | alone


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


class Asked(ImmutableMultiDict[str, str]):
    """A form that notes which fields it is asked for: those are its fields, and nobody can forget one."""

    fields: set[str]

    def __contains__(self, name: object) -> bool:
        self.fields.add(str(name))
        return super().__contains__(name)

    def __getitem__(self, name: str) -> str:
        self.fields.add(name)
        return super().__getitem__(name)

    def get(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """The first value."""
        self.fields.add(name)
        return super().get(name, *args, **kwargs)

    def getlist(self, name: str, *args: Any, **kwargs: Any) -> list[Any]:
        """All values."""
        self.fields.add(name)
        return super().getlist(name, *args, **kwargs)


@pytest.fixture
def asked(app: Flask, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """The fields for which the views have asked so far, by endpoint."""
    seen: dict[str, set[str]] = {}

    class Noting(Request):
        def _load_form_data(self) -> None:
            super()._load_form_data()
            if not isinstance(self.form, Asked):
                form = Asked(self.form)
                form.fields = seen.setdefault(self.endpoint or "", set())
                self.__dict__["form"] = form

    monkeypatch.setattr(app, "request_class", Noting)
    return seen


def entitled(row: list[str]) -> str:
    """Somebody who may do it; Ada where she may, since her rights are the widest."""
    may = [who for who, outcome in zip(WHO, row[3:], strict=True) if outcome == "ok" and who != "gast"]
    return "ada" if "ada" in may or not may else may[0]


def encoded(pairs: Iterator[tuple[str, bytes]] | list[tuple[str, bytes]]) -> str:
    """A body or query, byte for byte."""
    return "&".join(f"{name}={quoted(value)}" for name, value in pairs)


@cache
def quoted(value: bytes) -> str:
    """It, byte for byte as it stands in a body."""
    return quote_from_bytes(value)


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


def test_whatever_stands_in_all_fields_of_whatever_form_the_pages_are_shown(
    app: Flask, people: Cast, browsers: dict[str, Browser], together: Mapping[str, bytes], asked: dict[str, set[str]]
) -> None:
    """All forms one after another on one board; alone, each on a board of its own: tests/long/test_naughty.py."""
    bare = 0
    for row in POSTS:
        _method, endpoint, url = row[:3]
        who: Who = getattr(people, entitled(row))
        browser = sign_in(app, who.person_id, who.membership_id)  # Forms before may have ended the session.
        check(send(browser, url, ""), url, "nothing at all")
        names = [*((valid(people, endpoint).keys() | asked.get(endpoint, set())) - OF_EVERY_FORM)]
        if not names:  # Nothing is asked for: whatever comes, comes unasked.
            check(send(browser, url, encoded([("text", value) for value in (*together.values(), LONG)])), url, "all")
            bare += 1
            continue
        for what, value in (*together.items(), ("long", LONG)):
            check(send(browser, url, encoded([(name, value) for name in names])), url, what, "everywhere")
    assert bare < len(POSTS) / 2, "most forms have fields"
    still_stands(browsers)


def test_for_whom_a_form_says_to_act_is_compared_and_never_shown(browsers: dict[str, Browser]) -> None:
    for what, value in (*HOSTILE.items(), ("long", LONG)):
        answer = send(browsers["ada"], "/proposals/FV-1/ballot", encoded([("choice", b"for"), ("acting_for", value)]))
        check(answer, what)
        assert answer.status_code == 409, what


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
    """Each form gets each body once, as a page or as a part of one by turns; PostgreSQL those that are a form."""
    form = "application/x-www-form-urlencoded"
    for turn, row in enumerate(POSTS):
        _method, endpoint, url = row[:3]
        browser, good = browsers[entitled(row)], valid(people, endpoint)
        twice = encoded([*good.items(), *((name, b"<b x7>") for name in good)])
        unknown = encoded([*good.items(), ("partner_id", b"2"), ("is_admin", b"1"), ("__class__", b"<b x7>")])
        as_json = json.dumps({name: value.decode() for name, value in good.items()})
        bodies: list[tuple[str | bytes, str]] = [
            ("", form), (twice, form), (unknown, form), ("&&=&=%&%zz=%u1", form),
            (as_json, "application/json"), ("[[[{", "application/json"), (as_json, "text/plain"),
            (b"\x00\xff", "application/octet-stream"), (b"--x\r\nContent-Disp", "multipart/form-data; boundary=x"),
            ("a=b", "multipart/form-data"), ("a=1", "text/html; charset=\"<b x7>"),
        ]  # fmt: skip
        for number, (body, kind) in enumerate(bodies if database_url.startswith("sqlite") else bodies[:4], turn):
            partial = number % 2 == 0
            answer = browser.post(url, data=body, content_type=kind, partial=partial, target="<b x7>-1")
            check(answer, url, kind, body, partial)


def test_no_query_crashes_or_comes_back_unescaped(browsers: dict[str, Browser], hostile: Mapping[str, bytes]) -> None:
    values = list(hostile.values())
    for _method, _endpoint, url, *_ in GETS:
        base = url.partition("?")[0]
        for shift in range(0, len(values), 5):  # Every parameter gets another value, five apart each time.
            query = encoded([(name, values[(n + shift) % len(values)]) for n, name in enumerate(QUERIES)])
            check(ask(browsers["ada"], "GET", f"{base}?{query}", {}), base, query)
        twice = encoded([(name, value) for name in QUERIES for value in (b"1", b"<b x7>")])
        check(ask(browsers["ada"], "GET", f"{base}?{twice}", {}), base, "twice")
        check(ask(browsers["ada"], "GET", f"{base}?q={'%C3%A4' * 5000}&title={'a' * 10_000}", {}), base, "long")


def test_what_a_hidden_field_carries_may_hold_no_nul_either(ada: Browser, people: Cast) -> None:
    form = {"title": "Bäder", "text": "Öffnungszeiten zeigen.", "topic": "maengelmelder", "once": "a\x00b"}
    check(ada.post("/proposals", data=form), "once")
    module = form | {"content": "name: Karte\ncost: 150 Euro", "do": "import"}
    check(ada.post("/data/module/import", data=module), "once")
    check(ada.post("/data/module/import", data=module | {"once": "", "source": "https://a\x00b.example/"}), "source")


@pytest.mark.parametrize("key", ["FV-0", "FV-9999999999999", "FV-%00", "FV-1%ED%A0%80", "FV-%D9%A1", "<b x7>"])
def test_no_address_crashes(browsers: dict[str, Browser], key: str) -> None:
    for url in (f"/proposals/{key}", f"/packages/{key}/card", f"/partners/{key}", f"/comments/{key}/edit", f"/{key}"):
        answer = browsers["ada"].get(url)
        check(answer, url)
        assert answer.status_code in {301, 302, 308, 400, 404}, url
