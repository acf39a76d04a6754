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
    GETS,
    HOSTILE,
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
REFUSED = {401, 403, 404, 409}
"""What is answered where the form is not even read: the board may have moved on since another one was accepted."""


def naughty(n: int) -> dict[str, bytes]:
    """So many values: the worst, then all named ones, then random ones, always the same."""
    named = {what: HOSTILE[what] for what in (*ALONE, *HOSTILE)}
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
        worlds.empty(self.app)
        people, tokens = worlds.made(self.app, "everybody", everybody)
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
        """Every page is shown."""
        for method, endpoint, url, *_ in GETS:
            check(self.browsers["dora"].get(url), "afterwards", self.endpoint, method, endpoint)


@pytest.mark.trial("naughty", short=len(ALONE), long=60)
def test_no_field_of_any_form_crashes_or_comes_back_unescaped(
    app: Flask, asked: dict[str, set[str]], trial: Trial
) -> None:
    alone = naughty(trial.whole())
    trial.count(forms=len(POSTS), fields=0, answers=0, accepted=0, refused_unread=0, answers_5xx=0, unescaped=0)
    for row in POSTS:
        house = House(app, row, asked)
        house.prepare()
        house.send(house.good, "valid")
        for what, value in alone.items():
            for name in house.fields():
                answer = house.send({**house.good, name: value}, what, name)
                trial.count(answers=1, accepted=answer.status_code < 400, refused_unread=answer.status_code in REFUSED)
        trial.count(fields=len(house.fields()))
        if trial.long:
            house.still_stands()
