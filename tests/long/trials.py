"""One function, two sizes: the mark `trial`, the fixture of the same name, and the figures told at the end.

    @pytest.mark.trial("kill", short=3, long=200)
    def test_killed_again_and_again_every_acknowledged_ballot_is_there(place: Place, trial: Trial) -> None:
        for turn in trial.turns():
            …
            trial.count(acknowledged=12)

`make test` runs it with the short size; a trial without one is left out. `make long` runs all trials with their long
size, `make long TRIAL=kill,soak` some, `SIZE=20` another size, `GO_ON=1` goes on where the last run was broken off:
what was done and counted is kept in build/long.
"""

import json
import os
import platform
import re
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

KEPT = Path(__file__).parents[2] / "build" / "long"
SECONDS_BETWEEN_WORDS = 15
MEGABYTE = 1024 * 1024
Number = int | float


@dataclass
class Trial:
    """One trial that runs: how large it is, how much is done, and what was counted so far."""

    name: str
    size: int
    long: bool = False
    kept: Path | None = None
    done: int = 0
    figures: dict[str, Number | str] = field(default_factory=dict)
    sure: dict[str, Number | str] = field(default_factory=dict)
    told_at: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> int:
        """What is still to do."""
        return max(0, self.size - self.done)

    def turns(self) -> Iterator[int]:
        """The number of each turn that is still to go."""
        for _one in self.parts(1):
            yield self.done

    def parts(self, largest: int) -> Iterator[int]:
        """How much to do in each part that is still to go; after each, what was done and counted is kept."""
        while self.left:
            part = min(largest, self.left)
            yield part
            self.done += part
            self.sure = dict(self.figures)
            self._keep()

    def forget_unfinished(self) -> None:
        """A part that was broken off is done again: what was counted in it does not count."""
        if self.left:
            self.figures = dict(self.sure)

    def whole(self) -> int:
        """The size of a trial that is done in one go."""
        self.done = self.size
        return self.size

    def count(self, **figures: Number) -> None:
        """Add to these figures."""
        for name, n in figures.items():
            self.figures[name] = _number(self.figures.get(name, 0)) + n

    def most(self, **figures: Number) -> None:
        """Keep the largest of each."""
        for name, n in figures.items():
            self.figures[name] = max(_number(self.figures.get(name, n)), n)

    def note(self, **figures: Number | str) -> None:
        """Say so in the end."""
        self.figures.update(figures)

    def __str__(self) -> str:
        said = ", ".join(f"{name.replace('_', ' ')} {_told(n)}" for name, n in self.figures.items())
        return f"{self.name}: {_told(self.done)} of {_told(self.size)}" + (f"; {said}" if said else "")

    def row(self) -> str:
        """A row for docs/reliability.md."""
        said = ", ".join(f"{name.replace('_', ' ')} {_told(n)}" for name, n in self.figures.items())
        return f"| {self.name} | {_told(self.done)} | {said} | {datetime.now(UTC):%Y-%m-%d} |"

    def _keep(self) -> None:
        if self.long and time.monotonic() - self.told_at >= SECONDS_BETWEEN_WORDS:
            self.told_at = time.monotonic()
            print(self, flush=True)
        if self.kept:
            self.kept.parent.mkdir(parents=True, exist_ok=True)
            self.kept.write_text(json.dumps({"done": self.done, "figures": self.figures}))


def _number(value: Number | str) -> Number:
    assert not isinstance(value, str), f"{value} is no number"
    return value


def _told(n: Number | str) -> str:
    return f"{n:,.2f}" if isinstance(n, float) else f"{n:,}" if isinstance(n, int) else n


# What pytest asks (tests/conftest.py names this module as a plugin)

RUN = pytest.StashKey[list[Trial]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """How `make long` says what it wants."""
    group = parser.getgroup("trials by fire")
    group.addoption("--trial", default="", help="run these trials in their long form: all, or names with commas")
    group.addoption("--size", type=int, default=0, help="another size for them")
    group.addoption("--go-on", action="store_true", help="go on where the last run was broken off")


def pytest_configure(config: pytest.Config) -> None:
    """Tell of the mark; long trials are those that `-m "not long"` would leave out."""
    config.addinivalue_line("markers", "trial(name, short, long): a trial by fire with its two sizes")
    config.stash[RUN] = []
    if config.getoption("--trial"):
        config.option.markexpr = ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Choose the trials that were asked for; without any, leave out those that have no short form."""
    asked = {name for name in config.getoption("--trial").split(",") if name}
    known = {mark.args[0] for item in items if (mark := item.get_closest_marker("trial"))}
    if asked - known - {"all"}:
        raise pytest.UsageError(f"No such trial: {', '.join(sorted(asked - known))}. There are: {', '.join(known)}.")
    chosen = [item for item in items if _chosen(item, asked)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(chosen)])
    items[:] = chosen


def _chosen(item: pytest.Item, asked: set[str]) -> bool:
    mark = item.get_closest_marker("trial")
    if not asked:
        return mark is None or bool(mark.kwargs["short"])
    if mark is None:
        return "all" in asked and item.get_closest_marker("long") is not None
    return bool(asked & {"all", mark.args[0]})


@pytest.fixture
def trial(request: pytest.FixtureRequest) -> Iterator[Trial]:
    """The trial of this test, in the size in which it is to run."""
    mark, config = request.node.get_closest_marker("trial"), request.config
    long = bool(config.getoption("--trial"))
    size = config.getoption("--size") or mark.kwargs["long"] if long else mark.kwargs["short"]
    inside = re.search(r"\[(.+)\]", request.node.name)
    one = Trial(f"{mark.args[0]} ({inside[1]})" if inside else mark.args[0], size, long)
    if long:
        one.kept = KEPT / (re.sub(r"\W+", "-", request.node.nodeid.partition("::")[2]) + ".json")
        if config.getoption("--go-on") and one.kept.exists():
            before = json.loads(one.kept.read_text())
            one.done, one.figures, one.sure = before["done"], before["figures"], dict(before["figures"])
    begun = time.monotonic()
    yield one
    if long:
        one.forget_unfinished()
        one.count(minutes=round((time.monotonic() - begun) / 60, 1))
        one._keep()
        config.stash[RUN].append(one)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Figures as docs/reliability.md tells them."""
    if config.stash[RUN]:
        terminalreporter.section("figures for docs/reliability.md")
        terminalreporter.line(f"{machine()}; on that load: {' '.join(f'{n:.1f}' for n in os.getloadavg())}")
        for one in config.stash[RUN]:
            terminalreporter.line(one.row())


def machine() -> str:
    """What this ran on, without a name."""
    cores, memory = os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEGABYTE // 1024
    return (
        f"{cores} cores, {memory} GB, {platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"SQLite {sqlite3.sqlite_version}"
    )
