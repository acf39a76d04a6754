"""`python -m bench.ballots [--clients 16] [--seconds 10] [--database postgresql://…]`: many delegates vote at once.

Each client is another partner's delegate, who votes on one proposal after the other without a pause, each time
something else than before. Prints how long the answers took (median, 99th percentile, longest) and what one ballot
costs the server in CPU, beside a bare Flask POST with as many clients. Every answer must be 200 and hold the ballot,
and in the end the tallies must be what the ballots say: anything else ends it with a word. No test: a figure.
"""

import argparse
import itertools
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select

from bench import machine
from bench.cases import PARTIAL, Ask
from bench.served import bare_served, cpu
from bench.whole import send
from board import config, create_app
from board.accounts import session
from board.accounts.models import Membership, Role
from board.db import db, transaction
from board.partners.models import Partner
from board.proposals.models import Proposal
from board.proposals.states import State
from board.voting.tallies import check_tallies

CHOICES = ("for", "abstain")
TARGET_MS = 250


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--clients", type=int, default=16)
    arguments.add_argument("--seconds", type=float, default=10)
    arguments.add_argument("--proposals", type=int, default=300)
    arguments.add_argument("--database", default="", help="an empty PostgreSQL database; SQLite without it")
    arguments.add_argument("--port", type=int, default=8190, help="the first of two free ports")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = {"DATABASE_URL": chosen.database} if chosen.database else {}
        app = board(folder, chosen.proposals, settings)
        cookies, ids = delegates(app, chosen.clients), proposals(app)
        with machine.served(folder, chosen.port, BOARD_WORKER="apart", **settings) as (pid, _started):
            storm(chosen.port, cookies, ids, 1)  # Warms it up.
            before = cpu(pid)
            times = storm(chosen.port, cookies, ids, chosen.seconds)
            ours = (cpu(pid) - before) * 1000 / len(times)
        bare = plain(chosen.port + 1, chosen.clients, len(times))
        with app.app_context():
            wrong = check_tallies()
    if wrong:
        raise SystemExit("\n".join(wrong))
    p99 = times[int(len(times) * 0.99)]
    print(
        f"{len(times)} ballots by {len(cookies)} delegates at once, no error: median {statistics.median(times):.0f} ms,"
        f" p99 {p99:.0f} ms, longest {times[-1]:.0f} ms (target: p99 at most {TARGET_MS} ms);"
        f" {ours:.2f} ms of CPU each, bare POST {bare:.2f} ms, ratio {bare / ours:.2f} in a storm"
        " (`python -m bench` measures it one by one, in turn, beside its target)"
    )


def board(folder: Path, number: int, settings: dict[str, str]) -> Flask:
    """A board with a demo."""
    given = {"BOARD_DATA": str(folder), "BOARD_DEMO": "1", "BOARD_ORIGIN": "http://localhost", "BOARD_LOG": "error"}
    app = create_app(config.read(given | settings))
    for command in (["init"], ["demo", "--proposals", str(number)]):
        answer = app.test_cli_runner().invoke(args=command)
        if answer.exit_code:
            raise SystemExit(f"flask {' '.join(command)}: {answer.output}")
    return app


def delegates(app: Flask, number: int) -> list[str]:
    """The cookies of so many delegates, each of another partner that votes."""
    seats = (
        select(Membership.person_id, Membership.id, Membership.partner_id)
        .join(Partner, Partner.id == Membership.partner_id)
        .where(
            Membership.role == Role.DELEGATE, Membership.ended_at.is_(None), Partner.votes, Partner.paused_at.is_(None)
        )
        .order_by(Membership.id)
    )
    with app.app_context():
        found = {row.partner_id: row for row in db.session.execute(seats)}
        chosen = list(found.values())[:number]
        if len(chosen) < number:
            raise SystemExit(f"the demo has {len(chosen)} delegates only")
        with transaction():
            return [f"session={session.begin(row.person_id, row.id)}" for row in chosen]


def proposals(app: Flask) -> list[int]:
    """Open proposals that can be voted on."""
    with app.app_context():
        wanted = select(Proposal.id).where(Proposal.state == State.OPEN, Proposal.consent_until.is_(None))
        return list(db.session.scalars(wanted.order_by(Proposal.id).limit(50)))


def storm(port: int, cookies: list[str], ids: list[int], seconds: float) -> list[float]:
    """Everybody votes until the time is up: how long each answer took, in milliseconds, in order."""
    end = time.monotonic() + seconds
    with ThreadPoolExecutor(len(cookies)) as pool:
        told = pool.map(lambda n: list(_votes(port, cookies[n], ids, n, end)), range(len(cookies)))
        return sorted(itertools.chain.from_iterable(told))


def _votes(port: int, cookie: str, ids: list[int], client: int, end: float) -> Iterator[float]:
    headers = {
        **PARTIAL, "Host": "localhost", "Sec-Fetch-Site": "same-origin", "Accept-Language": "de", "Cookie": cookie,
        "Content-Type": "application/x-www-form-urlencoded",
    }  # fmt: skip
    mine = random.Random(client).sample(ids, len(ids))
    for id_, choice in zip(itertools.cycle(mine), _changing(len(mine)), strict=False):
        if time.monotonic() > end:
            return
        begun = time.perf_counter()
        status, body, _tag = send(
            port, Ask(f"/proposals/FV-{id_}/ballot", headers, urlencode({"choice": choice}).encode())
        )
        yield (time.perf_counter() - begun) * 1000
        if status != 200 or f'id="ballot-{id_}"'.encode() not in body:
            raise SystemExit(f"a ballot on FV-{id_} was answered with {status}: {body[:300]!r}")


def _changing(number: int) -> Iterator[str]:
    """Each proposal gets another choice in each turn."""
    for turn in itertools.count():
        yield from itertools.repeat(CHOICES[turn % 2], number)


def plain(port: int, clients: int, number: int) -> float:
    """Milliseconds of CPU of a bare Flask POST with as many clients."""
    size = 4000
    ask = Ask(f"/{size}", {"Content-Type": "application/x-www-form-urlencoded"}, b"choice=for")
    with bare_served(port, f"bench.measure:bare({size})") as pid, ThreadPoolExecutor(clients) as pool:
        list(pool.map(lambda _n: send(port, ask), range(100)))
        before = cpu(pid)
        if {answer[0] for answer in pool.map(lambda _n: send(port, ask), range(number))} != {200}:
            raise SystemExit("bare Flask failed")
        return (cpu(pid) - before) * 1000 / number


if __name__ == "__main__":
    main()
