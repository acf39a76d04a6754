"""The paths that are measured, each with its target from the design; no target where the design names none.

A path is *warm* when nothing was committed since its answer was last made; *after a change* when it is the first
request behind a commit by somebody else; with *fragments cold* no rendered part is kept in the process either; with
*nothing kept* dates and numbers are written anew as well.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select

from bench import webhook
from board.accounts import session
from board.accounts.models import Membership
from board.db import db, transaction
from board.proposals.models import Proposal
from board.proposals.states import State
from board.work.models import Dependency, Package, PackageState

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
LIST, SIGNED_IN, CARDS = {b" data-row": 50}, {b'action="/sign-out"': 1}, {b'href="/packages/AP-': 20}
MINE = LIST | SIGNED_IN


class Behind(StrEnum):
    """What comes before each request, unmeasured; the values of the last two are what `forgetful` forgets."""

    NOTHING = ""
    CHANGE = "change"
    COLD = "fragments"
    EMPTY = "all"


@dataclass(frozen=True)
class Ask:
    """One request; a GET without a body."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def method(self) -> str:
        """GET or POST."""
        return "POST" if self.body else "GET"


@dataclass(frozen=True)
class Case:
    """One path. `asks` makes so many requests; `undo` those that put back what they changed, unmeasured.

    An answer counts only with the status `expect` and with each of `marks` in it so many times: error pages and empty
    lists would make fine figures. A `conditional` request carries the ETag of the answer as it then is.
    """

    name: str
    asks: Callable[[int], list[Ask]]
    marks: Mapping[bytes, int]
    target: float | None = None
    behind: Behind = Behind.NOTHING
    expect: int = 200
    undo: Callable[[list[Ask]], list[Ask]] = lambda _asks: []
    conditional: bool = False

    def judge(self, status: int, body: bytes) -> None:
        """End the measuring unless this is the answer that was meant."""
        missing = {mark for mark, times in self.marks.items() if body.count(mark) < times}
        if status != self.expect or missing:
            raise SystemExit(f"{self.name}: {status} instead of {self.expect}, without {missing}: {body[:300]!r}")


def cases(app: Flask) -> list[Case]:
    """All paths, on this board."""
    cookie, ids = delegate(app)
    mine, key, changed = {"Cookie": cookie}, f"FV-{ids[0]}", Behind.CHANGE
    listed, own, shown = get("/proposals"), get("/proposals", mine), {f'id="ballot-{ids[0]}"'.encode(): 1}
    return [
        Case("list, anonymous, warm", listed, LIST, 0.85),
        Case("list, anonymous, 304", listed, {}, 1.0, expect=304, conditional=True),
        Case("list, anonymous, after a change", listed, LIST, behind=changed),
        Case("list, signed in, warm", own, MINE, 0.6),
        Case("list, signed in, after a change", own, MINE, behind=changed),
        Case("list, signed in, fragments cold", own, MINE, 0.1, Behind.COLD),
        Case("list, signed in, nothing kept", own, MINE, behind=Behind.EMPTY),
        Case("proposal, anonymous, warm", get(f"/proposals/{key}"), shown),
        Case("proposal, signed in, after a change", get(f"/proposals/{key}", mine), shown | SIGNED_IN, behind=changed),
        Case("work board, anonymous, warm", get("/work"), CARDS),
        Case("work board, signed in, after a change", get("/work", mine), CARDS | SIGNED_IN, behind=changed),
        Case("search, anonymous, after a change", get("/proposals?q=karte"), {b" data-row": 5}, behind=changed),
        Case("overview, signed in, after a change", get("/", mine), SIGNED_IN, behind=changed),
        Case("ballot POST", ballots(cookie, ids), {b'id="ballot-': 1}, 0.3),
        claims(app, cookie),
        Case("webhook POST 15 KB", deliveries(app), {}, 0.5),
    ]


def get(path: str, headers: Mapping[str, str] | None = None) -> Callable[[int], list[Ask]]:
    """The same page again and again."""
    return lambda number: [Ask(path, headers or {})] * number


def ballots(cookie: str, ids: list[int]) -> Callable[[int], list[Ask]]:
    """Ballots that change something, each on another proposal."""
    key, choice = itertools.cycle(ids), itertools.cycle(["for"] * len(ids) + ["abstain"] * len(ids))
    return lambda number: [
        _sent(f"/proposals/FV-{next(key)}/ballot", {"choice": next(choice)}, cookie) for _ in range(number)
    ]


def claims(app: Flask, cookie: str) -> Case:
    """The leads of free packages that wait for no other, handed back afterwards."""
    waits = select(Dependency.package_id)
    with app.app_context():
        wanted = select(Package.id).where(Package.state == PackageState.OPEN, Package.id.not_in(waits))
        free = list(db.session.scalars(wanted.order_by(Package.id).limit(20)))

    def made(verb: str, number: int) -> list[Ask]:
        return [_sent(f"/packages/AP-{id_}/{verb}", {"seat": "lead"}, cookie) for id_ in free[:number]]

    return Case(
        "claim POST", lambda number: made("claim", number), {b'id="package-': 1},
        undo=lambda asks: made("hand-back", len(asks)),
    )  # fmt: skip


def deliveries(app: Flask) -> Callable[[int], list[Ask]]:
    """Signed deliveries, each of them new."""
    url, bodies = webhook.connection(app), webhook.payloads()
    kind = {"Content-Type": "application/json"}
    return lambda number: [Ask(url, kind | webhook.headers(raw), raw) for raw in itertools.islice(bodies, number)]


def delegate(app: Flask) -> tuple[str, list[int]]:
    """A signed-in delegate's cookie, and open proposals to cast ballots on."""
    with app.app_context():
        seat = db.session.execute(
            select(Membership.person_id, Membership.id).where(Membership.role == "delegate").order_by(Membership.id)
        ).first()
        assert seat is not None
        voted = select(Proposal.id).where(Proposal.state == State.OPEN, Proposal.consent_until.is_(None)).limit(50)
        ids = list(db.session.scalars(voted))
        with transaction():
            token = session.begin(seat[0], seat[1])
        return f"session={token}", ids


def _sent(path: str, fields: Mapping[str, str], cookie: str) -> Ask:
    """A form as htmx sends it."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return Ask(path, {**PARTIAL, **kind, "Cookie": cookie}, urlencode(fields).encode())
