"""While the database is away: public pages from the reserve, told to be of then; everything else says 503 clearly."""

import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from board import changes, reserve
from board.db import at, now
from board.i18n import clock
from board.shelf import Kept
from tests.conftest import Browser
from tests.factories import cast, make_proposal
from tests.people import Cast

NOTICE = "Der Datenbestand ist gerade nicht erreichbar."


class Gone:
    """The mark of a database that does not answer."""

    def read(self) -> object:
        """Never."""
        raise changes.Away

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def away(app: Flask, people: Cast) -> Iterator[Any]:
    """Call it to send the database away, as far as kept pages can tell."""
    pages = app.extensions["pages"]
    pages.forget()
    pages.reserve, before = reserve.Reserve(), pages._mark
    yield lambda: setattr(pages, "_mark", Gone())
    pages._mark, pages._gate = before, changes.Gate()


def test_a_stranger_sees_the_last_version_with_its_time_and_nobody_keeps_it(
    app: Flask, people: Cast, gast: Browser, away: Any
) -> None:
    with app.app_context():
        proposal = make_proposal(people, title="Ein Fahrplan für alle")
    gast.get("/proposals")
    with app.app_context():
        cast(people, proposal, "for")
    last = gast.get("/proposals")
    away()
    answer = gast.get("/proposals", headers={"If-None-Match": last.headers["ETag"]})
    assert answer.status_code == 200
    assert NOTICE in answer.text
    assert re.search(r"Sie sehen den Stand von \d\d:\d\d Uhr", answer.text)
    assert "Ein Fahrplan für alle" in answer.text
    assert (
        answer.text.replace(re.search(r'<div id="away">.*?</div></div></div>\s*', answer.text, re.DOTALL)[0], "")
        == last.text
    )  # type: ignore[index]
    assert answer.headers["Cache-Control"] == "no-store"
    assert "ETag" not in answer.headers
    assert answer.headers["Warning"].startswith("110")
    assert int(answer.headers["Age"]) < 60
    assert answer.headers["Content-Security-Policy"] == last.headers["Content-Security-Policy"]


def test_it_is_in_the_language_that_was_asked_for(app: Flask, gast: Browser, away: Any) -> None:
    english = {"Accept-Language": "en"}
    gast.get("/partners", headers=english)
    away()
    assert "The data cannot be reached at the moment." in gast.get("/partners", headers=english).text
    assert NOTICE not in gast.get("/partners").text, "the German page was never made; it is asked for as always"


def test_whose_sign_in_cannot_be_checked_sees_what_everybody_sees_and_is_told_so(
    app: Flask, people: Cast, gast: Browser, ada: Browser, away: Any
) -> None:
    gast.get("/proposals")
    assert "Ada" in ada.get("/proposals").text
    away()
    answer = ada.get("/proposals")
    assert "Sie bleiben angemeldet." in answer.text
    assert "Ada" not in answer.text
    assert "Sie bleiben angemeldet." not in gast.get("/proposals").text


def test_a_page_is_of_the_last_moment_at_which_nobody_had_changed_it(
    app: Flask, people: Cast, gast: Browser, away: Any
) -> None:
    long_ago = now() - timedelta(hours=3)
    with at(long_ago):
        gast.get("/partners")
        gast.get("/proposals")
    with app.app_context():
        make_proposal(people)
    gast.get("/proposals")
    away()
    told = clock(long_ago, "de")
    assert f"{told} Uhr" in gast.get("/partners").text, "made before the commit: of then"
    assert f"{told} Uhr" not in gast.get("/proposals").text, "made since, and seen to be unchanged"


def test_what_is_older_than_a_day_is_not_given(app: Flask, gast: Browser, away: Any) -> None:
    with at(now() - timedelta(hours=25)):
        gast.get("/partners")
    away()
    assert NOTICE not in gast.get("/partners").text


def test_only_whole_public_pages_are_held(app: Flask, gast: Browser, ada: Browser, away: Any) -> None:
    held = app.extensions["pages"].reserve
    for address in ("/data/proposals.json", "/data/proposals.csv", "/feeds/activity.atom", "/sign-in"):
        gast.get(address)
    gast.get("/proposals/news?after=0", partial=True)
    ada.get("/proposals")
    assert len(held) == 0
    gast.get("/proposals")
    gast.get("/proposals")
    assert len(held) == 1


def test_the_reserve_is_bounded_and_the_newest_stay() -> None:
    held = reserve.Reserve()
    body = reserve.PLACE + b"x" * (reserve.BYTES // 4)
    for number in range(6):
        held.hold(number, Kept([], body, "", None, "-", True), now())
    assert [bool(held.find(number)) for number in range(6)] == [False, False, False, True, True, True]


def test_a_database_that_is_away_is_asked_once_a_second() -> None:
    asked = []

    class Asked(Gone):
        def read(self) -> object:
            asked.append(1)
            raise changes.Away

    gate = changes.Gate()
    for _time in range(50):
        with pytest.raises(changes.Away):
            gate.ask(Asked())
    assert len(asked) == 1


def found_away() -> changes.Gate:
    """A gate through which nobody has passed since an outage, which may be over for long."""
    gate = changes.Gate()
    with pytest.raises(changes.Away):
        gate.ask(Gone())
    gate._shut_until = time.monotonic() - 60
    return gate


def test_whoever_comes_while_it_is_asked_again_waits_for_the_answer() -> None:
    looking, answer = threading.Event(), threading.Event()

    class Slow(Gone):
        def read(self) -> object:
            looking.set()
            assert answer.wait(5)
            return "mark"

    gate = found_away()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(gate.ask, Slow())
        assert looking.wait(5)
        second = pool.submit(gate.ask, Slow())
        threading.Timer(0.05, answer.set).start()
        assert (first.result(5), second.result(5)) == ("mark", "mark")


def test_a_database_that_does_not_answer_at_all_holds_up_only_who_asks_and_for_a_moment_who_comes_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changes, "MOMENT_SECONDS", 0.01)
    looking, answer = threading.Event(), threading.Event()

    class Hung(Gone):
        def read(self) -> object:
            looking.set()
            assert answer.wait(5)
            raise changes.Away

    gate = found_away()
    with ThreadPoolExecutor() as pool:
        first = pool.submit(gate.ask, Hung())
        assert looking.wait(5)
        with pytest.raises(changes.Away):
            pool.submit(gate.ask, Hung()).result(5)
        assert not first.done()
        answer.set()
        with pytest.raises(changes.Away):
            first.result(5)
