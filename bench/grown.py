"""What has grown by more than it may from 10,000 proposals on: ratios, the exceptions that are known, and tables."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCALE = Path(__file__).parent.parent / "docs" / "scale.md"
BASE = 10_000
PARTS = ("db_ms", "whole_ms")
"""What may not grow: the time of a page's statements, and that of the whole page (our CPU, and PostgreSQL's clock)."""
AT_MOST = 3
FEW_MS = 3.0
"""Below so many milliseconds a ratio says nothing but noise."""
KNOWN = {
    r"^/(data/city_app|work|packages|proposals).*\.(csv|json|yml|yaml|txt)":
        "a file with everything in it, as long as the board",
    r"^(list searched|search|jump): (two common|common and none)":
        "PostgreSQL's text index puts all rows of each word together, if few of the newest have both",
    r": in every row": "SQLite's text index puts all hits of a beginning together before it gives the newest",
}  # fmt: skip
"""Names of pages (a pattern) that may grow, and why."""
TOLD = (
    ("overview", "/"), ("overview, signed in", "/, signed in"), ("figures", "/figures"), ("roadmap", "/roadmap"),
    ("list, newest", "list newest"), ("list by activity, deep", "list active, deep"),
    ("list of a partner's by support", "list of partner by support"),
    ("list of a class of support", "list of support 80"),
    ("list of the most contested by support", "list of contest 100 by support"),
    ("list without a milestone by activity", "list of no milestone by active"),
    ("one's missing ballots by date", "list, one's ballots due by date"),
    ("a proposal, signed in", "proposal, invented, signed in"), ("work board", "/work"),
    ("pictures", "pictures"), ("pictures of a topic", "pictures of a topic"), ("activity", "/activity"),
    ("activity of a partner", "activity of a partner"), ("reuse matrix", "/reuse"), ("partners", "/partners"),
    ("search: a common word", "search: common"), ("search: a rare word", "search: rare"),
    ("search: two common words", "search: two common"), ("search: a misspelt word", "search: misspelt"),
    ("search: a word in every text", "search: in every row"),
)  # fmt: skip
"""What docs/scale.md shows of all pages: how it is called there, and the name of the page."""


def by_page(runs: list[dict[str, Any]], kind: str, part: str = "db_ms") -> dict[str, dict[int, float]]:
    """Page → proposals → milliseconds on that database of its statements, or of another of the `PARTS`."""
    found: dict[str, dict[int, float]] = {}
    for run in runs:
        if run["database"] == kind:
            for page in run["pages"]:
                found.setdefault(page["page"], {})[run["proposals"]] = page[part]
    return found


def ratio(by_size: dict[int, float]) -> float:
    """The time at the largest size over that at 10,000, or at the smallest one."""
    base = by_size.get(BASE) or by_size[min(by_size)]
    return by_size[max(by_size)] / base if base else 0.0


def too_much(by_size: dict[int, float]) -> bool:
    """Whether it has grown by more than it may, beyond what is noise."""
    return ratio(by_size) > AT_MOST and by_size[max(by_size)] > FEW_MS


def why(name: str) -> str:
    """Why a page may grow, if it may."""
    return next((reason for pattern, reason in KNOWN.items() if re.search(pattern, name)), "")


def kinds(runs: list[dict[str, Any]]) -> list[str]:
    """The databases that were measured."""
    return list(dict.fromkeys(run["database"] for run in runs))


def over(runs: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """(database, page) of what has grown too much without being known for it, in its statements or as a whole."""
    for kind in kinds(runs):
        parts = [by_page(runs, kind, part) for part in PARTS]
        for name in parts[0]:
            if any(too_much(part[name]) for part in parts) and not why(name):
                yield kind, name


def table(runs: list[dict[str, Any]]) -> None:
    """Print the milliseconds page by page for each size, and mark what grew by more than it may."""
    for kind in kinds(runs):
        sizes = [run["proposals"] for run in runs if run["database"] == kind]
        print(f"\n{kind:60}" + "".join(f"{size:>11,}" for size in sizes) + f"{'ratio':>8}")
        for name, by_size in by_page(runs, kind).items():
            mark = (" known" if why(name) else " !") if too_much(by_size) else ""
            cells = "".join(f"{by_size.get(size, 0):11.2f}" for size in sizes)
            print(f"{name:60}{cells}{ratio(by_size):8.1f}{mark}")


def tell(kept: dict[str, Any]) -> None:
    """Write the table of docs/scale.md, between its two marks, from what was kept."""
    text = SCALE.read_text()
    head, _mark, rest = text.partition("<!-- growth -->\n")
    _old, mark, tail = rest.partition("<!-- /growth -->")
    assert mark, "docs/scale.md has no place for the table"
    SCALE.write_text(f"{head}<!-- growth -->\n{markdown(kept)}\n{mark}{tail}")


def markdown(kept: dict[str, Any]) -> str:
    """The pages of `TOLD`, for both databases; what grows by more than it may in bold."""
    runs = kept["runs"]
    sizes = sorted({run["proposals"] for run in runs})
    lines = [
        "| ms of the database | " + " | ".join(f"{size:,}" for size in sizes) + " | ratio |",
        "|---|" + "--:|" * (len(sizes) + 1),
    ]
    for kind in kinds(runs):
        pages = by_page(runs, kind)
        lines.append(f"| **{'SQLite' if kind == 'sqlite' else 'PostgreSQL'}** |" + " |" * (len(sizes) + 1))
        for label, name in TOLD:
            if by_size := pages.get(name):
                cells = " | ".join(_ms(by_size.get(size)) for size in sizes)
                grew = f"{ratio(by_size):.1f}"
                lines.append(f"| {label} | {cells} | {f'**{grew}**' if too_much(by_size) else grew} |")
        if any(run.get("check_s") for run in runs if run["database"] == kind):
            lines.append(_checked(runs, kind, sizes))
    machine = ", ".join(f"{value} {name}" if name == "cores" else str(value) for name, value in kept["machine"].items())
    told = f"Measured {kept['date']} on: {machine}. {sum(1 for _ in over(runs))} pages grew too much."
    return "\n".join([*lines, "", told])


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}" if value < 10 else f"{value:,.0f}"


def _checked(runs: list[dict[str, Any]], kind: str, sizes: list[int]) -> str:
    taken = {run["proposals"]: run.get("check_s") for run in runs if run["database"] == kind}
    cells = " | ".join("" if taken.get(size) is None else f"{taken[size]:,.0f} s" for size in sizes)
    return f"| `flask check`, nothing wrong | {cells} | |"
