"""`python -m bench [--short]`: the list and the ballot beside a bare Flask route, with the targets of the design.

Prints one line per path. `ratio` = bare / ours in CPU time of the same run: 1 means as cheap as bare Flask.
"""

import argparse
import itertools
import json
import platform
import tempfile
from pathlib import Path

from flask import Flask
from sqlalchemy import select

from bench import webhook
from bench.measure import Case, Result, get, measure, post
from board import config, create_app, i18n
from board.accounts import session
from board.accounts.models import Membership
from board.db import db, transaction
from board.proposals import rows
from board.proposals.models import Proposal
from board.proposals.states import State

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measure and print; the long form also keeps a results file."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--short", action="store_true", help="see that the benchmarks still run; figures are rough")
    arguments.add_argument("--keep", metavar="NAME", help="write bench/results/NAME.json")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = board(Path(folder), 300 if chosen.short else 10_000)
        results = measure(cases(app), rounds=3 if chosen.short else 15)
    print(f"{'path':44} {'ours ms':>8} {'bare ms':>8} {'ratio':>6} {'target':>7} {'spread':>7} {'bytes':>8}")
    for result in results:
        print(line(result))
    if chosen.keep:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{chosen.keep}.json").write_text(json.dumps(record(results), indent=1) + "\n")


def board(folder: Path, proposals: int) -> Flask:
    """A board on SQLite with a large demo."""
    app = create_app(
        config.read({
            "BOARD_DATA": str(folder), "BOARD_DEMO": "1", "BOARD_ORIGIN": "http://localhost", "BOARD_LOG": "error"
        })
    )  # fmt: skip
    runner = app.test_cli_runner()
    for command in (["init"], ["demo", "--proposals", str(proposals)]):
        answer = runner.invoke(args=command)
        if answer.exit_code:
            raise SystemExit(f"flask {' '.join(command)}: {answer.output}")
    return app


def cases(app: Flask) -> list[Case]:
    """The paths of performance.md that exist so far."""
    cookie, ids = delegate(app)
    key = itertools.cycle(ids)
    choice = itertools.cycle(["for", "abstain"] * len(ids) + ["abstain", "for"] * len(ids))
    with app.app_context():
        tag = app.test_client().get("/proposals", headers={"Accept-Language": "de"}).headers["ETag"]
    htmx = {"HX_Request": "true", "HX_Request_Type": "partial", "Cookie": cookie}
    return [
        Case("list, anonymous, warm", app, get("/proposals"), 200, 0.85),
        Case("list, 304 by ETag", app, get("/proposals", If_None_Match=tag), 304, 1.0),
        Case("list, signed in, warm", app, get("/proposals", Cookie=cookie), 200, 0.6),
        Case(
            "list, signed in, all fragments cold", app, get("/proposals", Cookie=cookie), 200, 0.1, rows.kept.clear, 5
        ),
        Case(
            "ballot POST",
            app,
            post(lambda: f"/proposals/FV-{next(key)}/ballot", lambda: {"choice": next(choice)}, **htmx),
            200,
            0.3,
        ),
        Case("webhook POST 15 KB", app, webhook.deliveries(webhook.connection(app), 600), 200, 0.5),
    ]


def delegate(app: Flask) -> tuple[str, list[int]]:
    """A signed-in delegate's cookie, and open proposals to cast ballots on."""
    with app.app_context():
        seat = db.session.execute(
            select(Membership.person_id, Membership.id).where(Membership.role == "delegate").order_by(Membership.id)
        ).first()
        assert seat is not None
        ids = list(db.session.scalars(select(Proposal.id).where(Proposal.state == State.OPEN).limit(50)))
        with transaction():
            token = session.begin(seat[0], seat[1])
        return f"session={token}", ids


def line(result: Result) -> str:
    """One printed row."""
    return (
        f"{result.case.name:44} {result.ours:8.3f} {result.bare:8.3f} {result.ratio:6.2f} "
        f"{'≥ ' + str(result.case.target):>7} {result.spread:7.0%} {result.size:8}"
    )


def record(results: list[Result]) -> dict[str, object]:
    """What a results file keeps: figures and the machine they come from."""
    return {
        "date": i18n.today().isoformat(),
        "python": platform.python_version(),
        "machine": f"{platform.machine()}, {platform.system()}",
        "results": [
            {"path": r.case.name, "ours_ms": r.ours, "bare_ms": r.bare, "ratio": r.ratio, "target": r.case.target}
            for r in results
        ],
    }


if __name__ == "__main__":
    main()
