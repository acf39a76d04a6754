"""Naughty strings, each alone in each field of each form: no crash, nothing unescaped, the pages still shown.

Every form meets a board in which it may be sent: one that was accepted and used up is put back before the next one.
Which fields there are, nobody lists: those are sent for which the view asks.
"""

import itertools
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask

from board.db import transaction
from tests import worlds
from tests.conftest import NAMES, Browser, begin, browser
from tests.long.trials import Trial
from tests.people import Cast, populate
from tests.test_hostile_input import (
    ALONE,
    FOR_THE_DATABASE,
    GETS,
    HOSTILE,
    LONG,
    OF_EVERY_FORM,
    POSTS,
    asked,
    check,
    encoded,
    entitled,
    send,
    valid,
)
from tests.test_rights import prepare

__all__ = ["asked"]  # The fixture.
ODD = "\x00\x08\x1b\x7f\x85\u00ad\u200b\u202e\u2028\ufeff\ufffd\uffff\U0001f6a2<>&'\"\\/%{}()[];:#=+-@\t\r\n aÄß0١"
PART = 20
MORE: Mapping[str, bytes] = {
    "search words": b'"NEAR(a b, 2) AND NOT * ^a: -b {c} a*b"',
    "search signs": b"' & | ! <-> a:*B (()",
    "regular expression": b"(a+)+$" + b"a" * 200 + b"!",
    "formula": b"=HYPERLINK(\"https://x7.example\")",
    "path": b"../../../../etc/passwd%00.png",
    "address": b"javascript://x7.example/%0aalert(7)",
    "address at home": b"http://[::ffff:127.0.0.1]:1/<b x7>",
    "address that is none": b"http://[x/\\..//user@:99999999?#",
    "mail": b'"<b x7>"@example.org, x@\xc3\xa4.example\r\nBcc: y@example.org',
    "YAML": b"!!python/object/apply:os.system ['true']\n- &a [*a, *a]\n? {",
    "XML": b'<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><b x7>&y;</b>]]>',
    "JSON": b'{"__proto__": {"a": 7}, "a": [[[[[[[[[[[[[[[[',
    "entity": b"&lt;b x7&gt; &#60;script&#62;alert(7) &NotEqualTilde;",
    "end of a comment": b"--> </textarea></title></script><b x7>",
    "fence": b"```\n<b x7>\n~~~\n> > > > > > > > > 1. - + * [x]: <b x7>",
    "brackets": b"[" * 300 + b"](" * 300,
    "stars": b"*_" * 500 + b"a" + b"_*" * 300,
    "marks over marks": ("Z" + "\u0300\u0336\u0489" * 60).encode(),
    "letters that grow": "ß\ufb03\u0130\u1e9e\u0149\ufdfa".encode() * 40,
    "beyond the plane": "\U0001f9d1\U0010fffe\U000e0041".encode() * 60,
    "words of programs": b"null", "no value": b"NaN", "without end": b"-1e999", "hexadecimal": b"0x7fffffff",
    "one too many": b"9223372036854775808", "ids": b"1,2,2,-3,,999999999999", "minus nothing": b"-0",
    "another day": b"2026-W48-5T24:00:60+99:99", "long": LONG,
}  # fmt: skip
REFUSED = {401, 403, 404, 409}
"""What is answered where the form is not even read: the board may have moved on since another one was accepted."""


def naughty(n: int) -> dict[str, bytes]:
    """So many values: the worst, then all named ones, then random ones, always the same."""
    named = {what: HOSTILE[what] for what in (*ALONE, *HOSTILE)} | MORE
    chance = random.Random(7)
    more = {f"random {m}": "".join(chance.choices(ODD, k=chance.randint(1, 300))).encode() for m in range(n)}
    return dict(itertools.islice((named | more).items(), n))


def everybody() -> tuple[Cast, dict[str, str]]:
    """All people, signed in."""
    with transaction():
        people = populate()
    return people, {name: begin(getattr(people, name)) for name in NAMES}


@dataclass
class House:
    """A board in which one form may be sent."""

    app: Flask
    row: list[str]
    asked: dict[str, set[str]]
    browsers: dict[str, Browser] = field(default_factory=dict)
    good: Mapping[str, bytes] = field(default_factory=dict)
    used: bool = False

    def prepare(self) -> None:
        """As it is before anybody has sent the form."""
        people, tokens = worlds.begun(self.app, "everybody", everybody)
        self.browsers = {name: browser(self.app, token) for name, token in tokens.items()}
        prepare(self.app, people, self.browsers, self.endpoint)
        self.good, self.used = valid(people, self.endpoint), False

    @property
    def endpoint(self) -> str:
        """The form's."""
        return self.row[1]

    def fields(self) -> list[str]:
        """Those that the view has asked for so far, and those of a valid form."""
        return sorted({*self.good, *self.asked.get(self.endpoint, ())} - OF_EVERY_FORM)

    def send(self, form: Mapping[str, bytes], *what: object) -> Any:
        """Send it; once more if the board was not as it had to be."""
        answer = self._send(form)
        if answer.status_code in REFUSED and self.used:
            self.prepare()
            answer = self._send(form)
        check(answer, self.row[2], *what)
        self.used |= answer.status_code < 400
        return answer

    def _send(self, form: Mapping[str, bytes]) -> Any:
        return send(self.browsers[entitled(self.row)], self.row[2], encoded([*form.items()]))

    def still_stands(self) -> None:
        """Every page is shown, whatever was accepted."""
        for method, endpoint, url, *_ in GETS:
            check(self.browsers["dora"].get(url), "afterwards", self.endpoint, method, endpoint)


@pytest.mark.trial("naughty", short=3, long=60)
def test_no_field_of_any_form_crashes_or_comes_back_unescaped(
    app: Flask, asked: dict[str, set[str]], trial: Trial, database_url: str
) -> None:
    """In the short form PostgreSQL gets what a database could mind; and a day that is none is left to
    `test_hostile_input.py`, for it is refused alone as with others."""
    every = trial.long or database_url.startswith("sqlite")
    alone = [one for one in naughty(trial.size).items() if every or one[0] in FOR_THE_DATABASE]
    trial.count(answers=0, accepted=0, refused_unread=0, answers_5xx=0, unescaped=0)
    for part in trial.parts(PART):
        fields = 0
        for row in POSTS:
            house = House(app, row, asked)
            house.prepare()
            house.send(house.good, "valid")
            for what, value in alone[trial.done : trial.done + part]:
                for name in house.fields():
                    code = house.send({**house.good, name: value}, what, name).status_code
                    trial.count(answers=1, accepted=code < 400, refused_unread=code in REFUSED)
            fields += len(house.fields())
            if trial.long and house.used:
                house.still_stands()
        trial.most(forms=len(POSTS), fields=fields)
