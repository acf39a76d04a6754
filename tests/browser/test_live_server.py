"""Live under a real gunicorn: streams are freed, told when refused, and never hold the server back."""

import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPResponse
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import House, Seed, Visit, serve, stop

Serve = Callable[..., House]


@pytest.fixture
def another(built: tuple[Path, Flask, Seed]) -> Iterator[Serve]:
    """Another server on the same database, with other settings."""
    folder, app, seeded = built
    running: list[House] = []

    def start(**settings: str) -> House:
        url, process = serve(folder, **settings)
        running.append(House(url, app, seeded, process))
        # The first page of a new server compiles its templates: on a busy machine that is longer than a browser waits.
        urllib.request.urlopen(f"{url}/proposals/FV-{seeded.proposals[0]}", timeout=60).close()
        return running[-1]

    yield start
    for house in running:
        if house.process.poll() is None:
            stop(house.process)


def listen(house: House) -> HTTPResponse:
    """A stream from now on; its first line has arrived."""
    answer: HTTPResponse = urllib.request.urlopen(f"{house.url}/live", timeout=30)
    assert answer.readline() == b": hi\n"
    return answer


def refused(house: House) -> bool:
    """Whether the server has no stream left; it says then when to come again."""
    try:
        listen(house).close()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code == 503 and "Retry-After" in answer.headers
    return False


def test_a_closed_tab_frees_its_stream_at_once(another: Serve) -> None:
    house = another(BOARD_STREAMS="2")
    first, second = listen(house), listen(house)
    assert refused(house)
    first.close()
    end = time.monotonic() + 2
    while refused(house) and time.monotonic() < end:
        time.sleep(0.05)
    assert time.monotonic() < end
    second.close()


def test_a_server_with_open_streams_stops_in_seconds(another: Serve) -> None:
    house = another()

    def follow(stream: HTTPResponse) -> float:
        with stream:
            stream.read()
        return time.monotonic()

    with ThreadPoolExecutor(5) as pool:
        streams = [pool.submit(follow, listen(house)) for _ in range(5)]
        begun = time.monotonic()
        assert stop(house.process) < 8
        assert max(stream.result() for stream in streams) - begun < 2
    assert house.process.returncode == 0


def test_a_change_shows_by_itself_and_signing_out_elsewhere_ends_the_stream_at_once(
    another: Serve, visit: Visit
) -> None:
    house = another()
    people = house.seed.people
    with house.app.app_context():
        proposal = factories.make_proposal(people, title="Wartezeiten an der Schranke")
    page = visit("ben", f"{house.url}/proposals/FV-{proposal}")
    page.wait_for_timeout(500)
    with house.app.app_context():
        factories.cast(people, proposal, "for")
    expect(page.locator(f"#tally-{proposal}")).to_contain_text("1 dafür")
    everywhere = urllib.request.Request(f"{house.url}/sign-out-everywhere", b"", method="POST")
    everywhere.add_header("Cookie", f"session={house.token('ben')}")
    everywhere.add_header("Sec-Fetch-Site", "same-origin")
    with page.expect_response(lambda answer: "/live?" in answer.url and answer.status == 401):
        urllib.request.urlopen(everywhere).close()
    expect(page.locator("#flash")).to_contain_text("nicht mehr wie zuvor angemeldet")
    page.watch.said.clear()  # type: ignore[attr-defined]  # htmx notes the refused reconnection itself.


def test_where_no_stream_is_free_the_page_asks_and_still_follows(another: Serve, visit: Visit) -> None:
    house = another(BOARD_STREAMS="0")
    people = house.seed.people
    with house.app.app_context():
        proposal = factories.make_proposal(people, title="Parkplätze zeigen")
    page = visit(None, f"{house.url}/proposals/FV-{proposal}")
    with house.app.app_context():
        factories.cast(people, proposal, "for")
    expect(page.locator(f"#tally-{proposal}")).to_contain_text("1 dafür")


def test_a_reload_of_the_server_loses_no_news(another: Serve, visit: Visit) -> None:
    house = another()
    people = house.seed.people
    with house.app.app_context():
        proposal = factories.make_proposal(people, title="Bäder und Wartezeiten")
    page = visit(None, f"{house.url}/proposals/FV-{proposal}")
    page.wait_for_timeout(300)
    house.process.send_signal(signal.SIGHUP)
    with house.app.app_context():
        factories.cast(people, proposal, "for")
    expect(page.locator(f"#tally-{proposal}")).to_contain_text("1 dafür")
    page.wait_for_timeout(1500)
    with house.app.app_context():
        factories.cast(people, proposal, "abstain", by=people.cleo.actor)
    expect(page.locator(f"#tally-{proposal}")).to_contain_text("1 Enthaltung")
    page.watch.said.clear()  # type: ignore[attr-defined]  # A reconnection may have met the old server.
