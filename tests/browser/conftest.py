"""A real gunicorn on a real database and a real Chromium. Every page that a test opens is watched: a message in the
console, a refused policy, a crash or a failed request fails the test that caused it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from sqlalchemy import select, update

from board import config, create_app, i18n
from board.accounts import links, session
from board.accounts.models import LoginSession, Person, Role
from board.credentials.models import Proof
from board.credentials.verbs import ask_email, ask_reset
from board.db import db, now, transaction
from board.decisions import verbs as decisions
from board.duplicates import verbs as duplicates
from board.issues import rules
from board.joining.verbs import invite
from board.partners.models import Partner
from board.policy import SYSTEM
from board.proposals import queries as board_proposals
from board.workshops import drafts as heard
from board.workshops import verbs as workshops
from tests import factories
from tests.conftest import bring_up_to_date, cannot_run
from tests.people import Cast, populate
from tests.webhooks.forge import Forge, gitlab_issue

ROOT = Path(__file__).parents[2]
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
PATIENCE = 15_000
"""Milliseconds that a test waits for what it expects, unless it says how soon that must be: machines are busy."""
expect.set_options(timeout=PATIENCE)
EXPECTED = (
    "Failed to load resource: the server responded with a status of 4",  # Chromium notes every 4xx itself.
    "Failed to load resource: the server responded with a status of 503",
    "Failed to load resource: net::ERR_",
)
AXE = (Path(__import__("axe_playwright_python").__file__).parent / "axe.min.js").read_text()
EYES = (Path(__file__).parent / "eyes.js").read_text()
LOOKING = f"(() => {{ {EYES} {AXE} }})()"
"""Half a megabyte: a page that is given it as an init script has it everywhere, and the browser reads it once."""
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass
class Seed:
    """What is on the board at first (ids): open proposals, one decided, one merged, packages under the first."""

    people: Cast
    proposals: list[int]
    decided: int
    merged: int
    workshop: int
    packages: list[int]
    comment: int
    connection: int
    invitation: str
    reset: str
    confirmation: str


def seed(app: Flask) -> Seed:
    """People, proposals, packages and a comment, made by the verbs."""
    with app.app_context():
        with transaction():
            people = populate()
            for person in db.session.scalars(select(Person)):  # So that the sign-in page offers them by one click.
                person.email = person.email.replace("@example.org", "@demo.example")
                person.password_hash = "unused"
        proposals = [
            factories.make_proposal(people, title=title, text=f"{title}: **so** soll es gehen.")
            for title in (
                "Mängel am Radweg melden", "Termin im Bürgeramt buchen", "Hitzekarte mit Trinkbrunnen",
                "Müllkalender mit Erinnerung", "Kitaplätze anzeigen", "Veranstaltungen am Wochenende",
            )
        ]  # fmt: skip
        factories.estimate(people, proposals[0])
        factories.milestone(people)
        decided = factories.make_proposal(people, title="Abfahrten in Echtzeit", state="accepted")
        with transaction():
            decisions.keep(board_proposals.locked(decided))
        packages = [
            factories.make_package(people, proposals[0], title=title)
            for title in ("Formular bauen", "Schnittstelle anbinden", "Texte schreiben", "Karte zeichnen")
        ]
        factories.learn(people.ada.actor, f"FV-{proposals[0]}", effort=Decimal(12), privacy_notice="Wir verarbeiten …")
        factories.vary(people.ada.actor, proposals[0])
        merged = factories.make_proposal(people, title="Schlaglöcher melden")
        with transaction():
            duplicates.merge(*duplicates.locked(merged, proposals[0]), people.pia.actor)
        comment = factories.comment(people.ada.actor, "Das brauchen wir **bald**.", proposal_id=proposals[0])
        workshop = factories.meet(people)
        with transaction():
            heard.enter(workshops.locked(workshop), proposals[0], people.aalen, "abstain", "", people.pia.actor)
        old = factories.meet(people, "Vergangener Workshop")
        with transaction():
            workshops.close(workshops.locked(old), None, people.pia.actor)
        connection = forge(app, people)
        with transaction():
            aalen = db.session.get_one(Partner, people.aalen)
            invited = invite("neu@aalen.example", aalen, Role.MEMBER, people.ada.actor)
            invitation = links.token("invitation", invited.id, invited.nonce)
            ada = db.session.get_one(Person, people.ada.person_id)
            ask_reset(ada.email, "de")
            ask_email(ada, "ada@aalen.example", people.ada.actor)
            proofs = db.session.scalars(select(Proof).order_by(Proof.id))
            reset, confirmation = (links.token(proof.purpose, proof.id, proof.nonce) for proof in proofs)
        return Seed(
            people, proposals, decided, merged, workshop, packages, comment, connection, invitation, reset, confirmation
        )


def forge(app: Flask, people: Cast) -> int:
    """A connection that has heard of an issue nobody needs to sort, with a rule; returns its id."""
    made = Forge(app, "gitlab")
    made.post(gitlab_issue(confidential=True), "Confidential Issue Hook")
    with transaction():
        rules.put(SYSTEM, made.id, "Aalen", "partner", partner_id=people.aalen)
        factories.webhook()
    return made.id


@dataclass
class House:
    """The running server, the same application for direct looks at the database, and what is in it."""

    url: str
    app: Flask
    seed: Seed
    process: subprocess.Popen[bytes]

    def token(self, name: str) -> str:
        """A new session's token of one of the named people."""
        who = getattr(self.seed.people, name)
        with self.app.app_context(), transaction():
            return session.begin(who.person_id, who.membership_id)

    def end_sessions(self, name: str) -> None:
        """End all sessions of somebody, as if time had passed."""
        who = getattr(self.seed.people, name)
        with self.app.app_context(), transaction():
            mine = LoginSession.person_id == who.person_id
            db.session.execute(update(LoginSession).where(mine).values(ended_at=now()))


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def serve(folder: Path, **changes: str) -> tuple[str, subprocess.Popen[bytes]]:
    """Start gunicorn as `make run` does; returns its address when it answers."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "BOARD_DATA": str(folder), "BOARD_DEMO": "1",
        "HOST": "127.0.0.1", "PORT": str(port), "BOARD_LOG": "error", "BOARD_WEBHOOKS": factories.NOWHERE,
        **changes,
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--config", "deploy/gunicorn.conf.py", "wsgi:app"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/readyz", timeout=2).close()
            return url, process
        except OSError:
            time.sleep(0.05)
    process.kill()
    process.wait()
    raise RuntimeError("the server did not start:\n" + (folder / "server.log").read_text())


def stop(process: subprocess.Popen[bytes]) -> float:
    """Tell the server to stop as a service manager does; returns the seconds it took."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    return time.monotonic() - begun


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Flask, Seed]]:
    """A seeded SQLite database in its folder."""
    folder = tmp_path_factory.mktemp("house")
    app = create_app(config.read({"BOARD_DATA": str(folder), "BOARD_DEMO": "1", "BOARD_LOG": "error"}))
    bring_up_to_date(app)
    i18n.set_locale("de")
    yield folder, app, seed(app)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def house(built: tuple[Path, Flask, Seed]) -> Iterator[House]:
    """The server that the journeys run against."""
    folder, app, seeded = built
    url, process = serve(folder)
    yield House(url, app, seeded, process)
    stop(process)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's Chromium or Chrome, else Playwright's own; without one the test is skipped in one line."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        if not found and not Path(playwright.chromium.executable_path).exists():
            cannot_run("no Chromium or Chrome is on this machine (`make browser` installs one)")
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Watch:
    """What a page said that it should not have said."""

    page: Page
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda m: self._note(m.type, m.text) if m.type in {"error", "warning"} else None)
        self.page.on("pageerror", lambda e: self._note("crash", str(e)))
        self.page.on("requestfailed", lambda r: self._note("request", f"{r.url} {r.failure}"))
        self.page.on("response", lambda r: self._note("answer", f"{r.status} {r.url}") if r.status >= 500 else None)

    def _note(self, kind: str, text: str) -> None:
        aborted = kind == "request" and "ERR_ABORTED" in text  # Left before it was answered, as streams are.
        polls = kind == "answer" and text.startswith("503") and "/live?" in text  # No stream left: it polls.
        if not (aborted or polls or text.startswith(EXPECTED)):
            self.said.append(f"{kind}: {text}")


Visit = Callable[..., Page]


@pytest.fixture
def visit(house: House, chromium: Browser) -> Iterator[Visit]:
    """Open a browser of one's own: `visit("ada", "/proposals", PHONE, js=False, dark=True)`; `None` is a stranger.

    At the end of the test every page must have been silent; `page.watch.said` can be cleared when noise is meant.
    """
    with ExitStack() as stack:
        watches: list[Watch] = []

        def open_(who: str | None, path: str = "/", size: Any = DESK, *, js: bool = True, dark: bool = False) -> Page:
            context = chromium.new_context(
                base_url=house.url, viewport=size, java_script_enabled=js, locale="de-DE",
                color_scheme="dark" if dark else "light", reduced_motion="reduce",
            )  # fmt: skip
            stack.callback(context.close)
            if who:
                sign_in(house, context, who)
            page = context.new_page()
            page.set_default_timeout(PATIENCE)
            watch = Watch(page)
            watches.append(watch)
            page.watch = watch  # type: ignore[attr-defined]
            page.goto(path)
            return page

        yield open_
        said = [line for watch in watches for line in watch.said]
        assert said == []


def sign_in(house: House, context: BrowserContext, who: str) -> None:
    """Give a browser a session, without the form."""
    context.add_cookies([{"name": "session", "value": house.token(who), "url": house.url}])


CONTRAST = "color-contrast"
SIZED = ("target-size", "scrollable-region-focusable", "heading-order")
"""Rules whose answer may depend on the width of the window."""


def axe(page: Page) -> list[str]:
    """What axe finds against WCAG 2.0 to 2.2, A and AA: a line for each node, none if all is well."""
    asked = "async (options) => window.axe && (await axe.run(document, options)).violations"
    return _told(page, asked, _options(), lambda violations: violations)


def look(page: Page, known: dict[str, set[str]], *looks: str) -> list[str]:
    """What these looks find wrong (`eyes.js`; `contrast in the dark` is contrast, known by another name). What is known
    to be good is not looked at again; what was found good is known from now on.

    Only for pages as they arrive: what a person has ticked or opened does not show in mark-up.
    """
    asked = [[what.split()[0], " ".join(known.setdefault(what, set())), _LOOKS[what.split()[0]]] for what in looks]

    def learn(found: list[Any]) -> list[Any]:
        for what, one in zip(looks, found, strict=True):
            known[what].update(one["good"])
        return [violation for one in found for violation in one["violations"]]

    return _told(page, "(looks) => window.eyes && eyes.look(looks)", asked, learn)


def _options(*rules: str, but: tuple[str, ...] = ()) -> dict[str, Any]:
    every = {"heading-order": {"enabled": True}} | {rule: {"enabled": False} for rule in but}  # No level is left out.
    return {
        "resultTypes": ["violations"], "preload": False,  # Preloading serves rules about films.
        "runOnly": {"type": "rule", "values": rules} if rules else {"type": "tag", "values": AXE_TAGS},
        "rules": {} if rules else every,
    }  # fmt: skip


_LOOKS: dict[str, Any] = {
    "page": _options(but=(CONTRAST, *SIZED)), "appeared": _options(but=(CONTRAST, *SIZED)), "sizes": _options(*SIZED),
    "contrast": _options(CONTRAST), "width": None, "letters": None,
}  # fmt: skip


def _told(page: Page, question: str, asked: Any, violations: Callable[[Any], list[Any]]) -> list[str]:
    watch: Watch = page.watch  # type: ignore[attr-defined]
    before = len(watch.said)
    answer = page.evaluate(question, asked)
    if answer is None:
        page.evaluate(LOOKING)
        answer = page.evaluate(question, asked)
    del watch.said[before:]  # Axe measures with inline styles, which our policy refuses and the console notes.
    return [
        f"{violation['id']}: {node['target']} {node.get('failureSummary', '')}"
        for violation in violations(answer)
        for node in violation["nodes"][:3]
    ]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
