"""`python -m bench [--short] [--live N …] [--keep NAME]`: what the board costs beside bare Flask, with the targets.

One line per path. `ratio` = bare / ours in CPU time of the same run: 1 means as cheap as bare Flask. First a whole
server with the board beside a whole server with bare Flask, then the board alone inside this process. The rest tells
how long a server takes to start, what memory it needs, and how fast many live streams hear of an event.
"""

import argparse
import json
import resource
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask

from bench import live, machine, measure, served, webhook, whole
from bench.cases import cases, delegate
from bench.measure import Result
from board import config, create_app, i18n

BESIDE = 200
"""Files that a server has open beside its streams."""
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Measure and print; `--keep` also keeps a results file."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--short", action="store_true", help="see that the benchmarks still run; figures are rough")
    arguments.add_argument("--keep", metavar="NAME", help="write bench/results/NAME.json, such as 0.1.0")
    arguments.add_argument("--live", type=int, nargs="*", metavar="N", help="numbers of live streams (200 1000 5000)")
    arguments.add_argument("--port", type=int, default=8190, help="the first of two free ports for the servers")
    chosen = arguments.parse_args()
    short, port = chosen.short, chosen.port
    streams = chosen.live if chosen.live is not None else [20] if short else [200, 1000, 5000]
    kept: dict[str, Any] = {"date": i18n.today().isoformat(), "machine": machine.described()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        app = board(folder, 150 if short else 10_000)
        paths = cases(app)
        kept["paths"] = table("whole server", whole.measure(folder, port, paths, *((1, 3) if short else (9, 20))))
        kept["inside"] = table("in process", measure.measure(app, folder, paths, *((1, 3) if short else (5, 20))))
        kept["process"] = _told(machine.process(folder, port, 30 if short else 600))
        url, turns = webhook.connection(app, "server"), (1, 20) if short else (9, 160)
        kept["deliveries"] = [_told(served.deliveries(folder, port, url, 16, *turns))]
        cookie, ids = delegate(app)
        room = descriptors()
        for n in (n for n in streams if n + BESIDE > room):
            print(f"live: {n} streams are not measured, a process may have {room} files open here (ulimit -Hn)")
        some = [n for n in streams if n + BESIDE <= room]
        kept["live"] = [_told(live.fan_out(folder, port, n, cookie, ids[0])) for n in some]
    if chosen.keep:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{chosen.keep}.json").write_text(json.dumps(kept, indent=1) + "\n")


def descriptors() -> int:
    """How many files a process may have open; this one and those it starts may from now on."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


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


def table(title: str, results: list[Result]) -> list[dict[str, object]]:
    """Print the rows; what a results file keeps of them."""
    print(f"\n{title:40} {'ours ms':>8} {'bare ms':>8} {'ratio':>6} {'target':>7} {'spread':>7} {'bytes':>8}")
    for found in results:
        print(line(found), flush=True)
    print()
    return [record(found) for found in results]


def line(result: Result) -> str:
    """One printed row."""
    target = "" if result.case.target is None else f"≥ {result.case.target}"
    return (
        f"{result.case.name:40} {result.ours:8.3f} {result.bare:8.3f} {result.ratio:6.2f} "
        f"{target:>7} {result.spread:7.0%} {result.size:8}"
    )


def record(result: Result) -> dict[str, object]:
    """What a results file keeps of a path."""
    return {
        "path": result.case.name, "ours_ms": round(result.ours, 4), "bare_ms": round(result.bare, 4),
        "ratio": round(result.ratio, 3), "target": result.case.target, "spread": round(result.spread, 3),
        "bytes": result.size,
    }  # fmt: skip


def _told(figures: Mapping[str, float]) -> Mapping[str, float]:
    print("  ".join(f"{name} {value}" for name, value in figures.items()), flush=True)
    return figures


if __name__ == "__main__":
    main()
