"""Work packages as files: what a YAML or CSV file says, row by row with its lines, and such files written.

Nothing here knows the database. How YAML is read safely: `board.yaml`. What the format does not know is kept as it
stands and given back.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from board import csv as ours
from board import text, yaml
from board.i18n import gettext as _
from board.yaml import BadFile

FIELDS = (
    "id", "title", "description", "deliverables", "story_points", "deps", "cluster", "milestone", "status",
    "acceptance", "effort_days", "skills", "owner", "funder", "due_on", "links", "proposal",
)  # fmt: skip
"""The fields of the format in the order in which they are written; from `effort_days` on they are the board's own."""
LISTS = frozenset({"deps", "skills", "links"})
BULLETS = frozenset({"deliverables", "acceptance"})
"""Written as a list where every line is a point, else as a text; either is read."""
HOLDERS = ("packages", "work_packages")
MOST_ROWS = 500
Rows = Sequence[Mapping[str, Any]]
_ITEM = re.compile(r"^- ")
_RISKY = re.compile(rf"^{ours.MARK}*[ \u00a0\ufeff]*[{re.escape(''.join(sorted(ours.RISKY)))}]")


@dataclass(frozen=True)
class Row:
    """One package of a file: what it names, as texts and lists of texts, and all that the format does not know."""

    line: int
    given: Mapping[str, Any]
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Content:
    """All rows, and what stands beside them and is not read (such as typed totals)."""

    rows: tuple[Row, ...]
    unread: tuple[str, ...] = ()


def read(content: str) -> Content:
    """Either kind, told apart by the first line. Raises BadFile."""
    content = content.removeprefix("\ufeff")
    if not content.strip():
        raise BadFile(_("The file is empty."))
    found = _read_csv(content) if _delimiter(content) else _read_yaml(content)
    if not found.rows:
        raise BadFile(_("The file holds no work packages."))
    if len(found.rows) > MOST_ROWS:
        raise BadFile(_("At most %(n)s work packages at once.", n=MOST_ROWS))
    return found


# CSV


def _delimiter(content: str) -> str:
    """What parts the columns, when the first line is a header of ours; else empty."""
    head = content.lstrip("\r\n").split("\n", 1)[0]
    names = {mark: {cell.strip().strip('"').lower() for cell in head.split(mark)} for mark in ";,\t"}
    fits = {mark: len(cells & {"id", *FIELDS}) for mark, cells in names.items() if "title" in cells and len(cells) > 1}
    return max(fits, key=lambda mark: fits[mark]) if fits else ""


def _read_csv(content: str) -> Content:
    reader = csv.reader(io.StringIO(content.lstrip("\r\n"), newline=""), delimiter=_delimiter(content), strict=True)
    rows: list[Row] = []

    def value(name: str, cell: str) -> Any:
        return _undefused(cell) if name in FIELDS else _structured(_undefused(cell))

    try:
        names = [name.strip().lower() if name.strip().lower() in FIELDS else name.strip() for name in next(reader)]
        if len(set(names)) < len(names):
            raise BadFile(_("Line %(n)s: a column stands there twice.", n=1))
        line = reader.line_num + 1
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) > len(names):
                    raise BadFile(_("Line %(n)s: there are more cells than columns.", n=line))
                rows.append(_row(line, {name: value(name, cell) for name, cell in zip(names, cells, strict=False)}))
            line = reader.line_num + 1
    except csv.Error:
        raise BadFile(_("Line %(n)s: the file is not readable as CSV.", n=reader.line_num)) from None
    return Content(tuple(rows))


def _undefused(cell: str) -> str:
    """A cell as it was before `board.csv` took the formula out of it."""
    return cell[1:] if cell.startswith(ours.MARK) and _RISKY.match(cell) else cell


def to_csv(batches: Iterable[Rows], more: Iterable[str] = ()) -> Iterator[str]:
    """A table for spreadsheets, batch by batch; `more`: what the format does not know, in columns of its own."""
    header = [*FIELDS, *sorted(set(more) - set(FIELDS))]
    return ours.pieces(header, ([[_cell(row, name) for name in header] for row in rows] for rows in batches), ours.DESK)


def in_cell(value: Any) -> str:
    """What stands in a cell for a value that the format does not know: texts as they are, all else as JSON."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)


def _structured(cell: str) -> Any:
    """The value that `in_cell` wrote, where it has structure; else the text."""
    try:
        return json.loads(cell) if cell[:1] in {"{", "["} else cell
    except ValueError:
        return cell


def _cell(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name, row.get("extra", {}).get(name, ""))
    if isinstance(value, list) and name in BULLETS:
        value = joined(value)
    if isinstance(value, list):
        value = "\n".join(map(str, value)) if name == "links" else ", ".join(map(str, value))
    told = in_cell(value)
    # An apostrophe of its own in front of a formula gets one more, so that reading takes exactly one away.
    return ours.MARK + told if told.startswith(ours.MARK) and _RISKY.match(told) else told


# YAML


def _read_yaml(content: str) -> Content:
    root = yaml.read(content)
    unread: list[str] = []
    if yaml.is_mapping(root):
        held = [value for key, value in root.value if key.value in HOLDERS]
        unread = [str(key.value)[:60] for key, _value in root.value if key.value not in HOLDERS]
        root = held[0] if len(held) == 1 else None
    if not yaml.is_list(root):
        raise BadFile(_("A list of work packages is expected, or “packages:” with such a list."))
    return Content(tuple(_yaml_row(node) for node in root.value), tuple(unread))


def _yaml_row(node: Any) -> Row:
    line = node.start_mark.line + 1
    if not yaml.is_mapping(node):
        raise BadFile(_("Line %(n)s: a work package with its fields is expected.", n=line))
    fields = yaml.fields(node).items()
    return _row(line, {name: _words(value) if name in FIELDS else yaml.kept(value) for name, value in fields})


def _words(node: Any) -> Any:
    """A known field: text or a list of texts, as they are written (so that 007 stays 007); null is empty."""
    if yaml.is_list(node):
        return [_words(item) for item in node.value]
    if yaml.is_mapping(node):
        pairs = {str(key.value): _words(value) for key, value in node.value}
        return f"{pairs.get('title', '')} | {pairs.get('url', '')}"
    return "" if yaml.is_empty(node) else str(node.value)


def to_yaml(batches: Iterable[Rows]) -> Iterator[str]:
    """A list of packages, batch by batch; texts of several lines as blocks, empty fields left out.

    Raises BadFile at once without YAML.
    """
    return yaml.pieces([_told(row) for row in rows] for rows in batches)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in FIELDS if row.get(name) not in ("", [], None)} | dict(row.get("extra", {}))


# Rows


def _row(line: int, values: Mapping[str, Any]) -> Row:
    given = {name: _tidy(name, value) for name, value in values.items() if name in FIELDS}
    extra = {
        text.clean(name)[:60]: value if not isinstance(value, str) else text.clean(value)
        for name, value in values.items()
        if name not in FIELDS and text.clean(name) and value != ""
    }
    return Row(line, given, extra)


def _tidy(name: str, value: Any) -> Any:
    if name in LISTS:
        parts = value if isinstance(value, list) else re.split(r"\n" if name == "links" else r"[,;\n]", value)
        return [tidy for part in parts if (tidy := text.clean(str(part)))]
    if isinstance(value, list):
        return joined([text.clean(str(item)) for item in value]) if name in BULLETS else ", ".join(map(str, value))
    return text.clean(value)


def joined(items: Iterable[str]) -> str:
    """Points as Markdown; further lines of a point are set in."""
    return "\n".join("- " + item.replace("\n", "\n  ") for item in items if item)


def parted(words: str) -> str | list[str]:
    """The points of a text that is nothing but points, else the text."""
    lines = words.split("\n")
    if not words or not _ITEM.match(lines[0]) or not all(_ITEM.match(line) or line.startswith("  ") for line in lines):
        return words
    items: list[str] = []
    for line in lines:
        if _ITEM.match(line):
            items.append(line[2:])
        else:
            items[-1] += "\n" + line[2:]
    return items if joined(items) == words else words
