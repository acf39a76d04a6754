"""The paths that are measured, each with its target from the design; no target where the design names none."""

import itertools
from collections.abc import Callable

from flask import Flask
from sqlalchemy import select

from bench import webhook
from bench.measure import Case, call, get, post
from board.accounts import session
from board.accounts.models import Membership
from board.db import db, transaction
from board.proposals import rows
from board.proposals.models import Proposal
from board.proposals.states import State
from board.work.models import Dependency, Package, PackageState


def cases(app: Flask) -> list[Case]:
    """All paths, on this board.

    *Warm* is a page that nothing has changed since it was last made; *after a change* is the first request after
    anybody's commit; *cold* finds nothing kept in the process at all.
    """
    cookie, ids = delegate(app)
    forget: Callable[[], None] = app.extensions["pages"].forget
    mine, search = get("/proposals", Cookie=cookie), "/proposals?q=karte"
    detail = f"/proposals/FV-{ids[0]}"
    return [
        Case("list, anonymous, warm", app, get("/proposals"), 200, 0.85),
        Case("list, anonymous, 304", app, _conditional(app), 304, 1.0),
        Case("list, anonymous, after a change", app, get("/proposals"), 200, before=forget),
        Case("list, signed in, warm", app, mine, 200, 0.6),
        Case("list, signed in, after a change", app, mine, 200, before=forget),
        Case("list, signed in, all cold", app, mine, 200, 0.1, before=lambda: (rows.kept.clear(), forget())[1]),
        Case("proposal, anonymous, warm", app, get(detail), 200),
        Case("proposal, signed in, after a change", app, get(detail, Cookie=cookie), 200, before=forget),
        Case("work board, anonymous, warm", app, get("/work"), 200),
        Case("work board, signed in, after a change", app, get("/work", Cookie=cookie), 200, before=forget),
        Case("search, anonymous, after a change", app, get(search), 200, before=forget),
        Case("ballot POST", app, _ballots(cookie, ids), 200, 0.3),
        _claims(app, cookie),
        Case("webhook POST 15 KB", app, webhook.deliveries(webhook.connection(app), 600), 200, 0.5),
    ]


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


def _htmx(cookie: str) -> dict[str, str]:
    return {"HX_Request": "true", "HX_Request_Type": "partial", "Cookie": cookie}


def _conditional(app: Flask) -> Callable[[], dict[str, object]]:
    """A request with the ETag that the page has at that moment."""

    def make() -> dict[str, object]:
        headers: dict[str, str] = {}
        call(app, get("/proposals")(), headers)
        return get("/proposals", If_None_Match=headers["ETag"])()

    return make


def _ballots(cookie: str, ids: list[int]) -> Callable[[], dict[str, object]]:
    """A ballot that changes something, each time on another proposal."""
    key, choice = itertools.cycle(ids), itertools.cycle(["for"] * len(ids) + ["abstain"] * len(ids))
    return post(lambda: f"/proposals/FV-{next(key)}/ballot", lambda: {"choice": next(choice)}, **_htmx(cookie))


def _claims(app: Flask, cookie: str) -> Case:
    """The lead of a free package that waits for no other, handed back in between."""
    waits = select(Dependency.package_id)
    with app.app_context():
        free = db.session.scalar(
            select(Package.id).where(Package.state == PackageState.OPEN, Package.id.not_in(waits)).limit(1)
        )
    back = post(lambda: f"/packages/AP-{free}/hand-back", lambda: {"seat": "lead"}, **_htmx(cookie))
    claim = post(lambda: f"/packages/AP-{free}/claim", lambda: {"seat": "lead"}, **_htmx(cookie))
    return Case("claim POST", app, claim, 200, before=lambda: (call(app, back()), None)[1])
