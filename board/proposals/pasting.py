"""Several proposals from pasted lines or spreadsheet cells: what each row says, and what is wrong with it."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from board import text
from board.csv import pasteable
from board.i18n import gettext as _
from board.i18n import today
from board.proposals.forms import FARTHEST, TEXT_LENGTH
from board.proposals.writing import Draft

MOST_ROWS = 200
TITLE_LENGTH = 120
HEADERS = {
    "title": {"titel", "title", "vorschlag", "proposal", "funktion", "feature"},
    "text": {"bedarf", "need", "beschreibung", "description", "text"},
    "topic": {"thema", "topic"},
    "vote_by": {"rueckmeldung bis", "answer by", "answer-by", "frist", "bis", "due"},
}
"""Column → its header's spellings, folded, in German and English."""
FIELDS = tuple(HEADERS)


@dataclass
class Pasted:
    """One row: its cells as they were pasted, what they mean, what is wrong, and which title it resembles."""

    n: int
    cells: dict[str, str]
    draft: Draft | None = None
    errors: list[str] = field(default_factory=list)
    twin: tuple[int, str] | None = None
    twice: bool = False


def parse(pasted: str, topics: Sequence[tuple[int, str, str]], topic: str, vote_by: date) -> list[Pasted]:
    """The rows of a pasted text; blank ones are left out.

    With a header row the columns are known by their names; without one a tab parts title, need, topic and date, and
    a line without tabs is a title. `topics` are (id, slug, label), `topic` and `vote_by` stand in where a row has none.
    """
    rows, names = _cells(pasted)
    known = {text.fold(name): number for number, slug, label in topics for name in (slug, label)}
    found: list[Pasted] = []
    titles: set[str] = set()
    for cells in rows:
        row = Pasted(len(found) + 1, {name: cell.strip() for name, cell in zip(names, cells, strict=False) if name})
        _understand(row, known, topic, vote_by)
        row.twice = text.fold(row.cells.get("title", "")) in titles
        titles.add(text.fold(row.cells.get("title", "")))
        found.append(row)
    return found


def unparse(rows: Sequence[Pasted]) -> str:
    """Rows as they can be pasted again: a header and tabs, or plain lines where there are titles only."""
    names = [name for name in FIELDS if any(row.cells.get(name) for row in rows)]
    if names in ([], ["title"]):
        return "\n".join(row.cells.get("title", "") for row in rows)
    header = [_(LABELS[name]) for name in names]
    return pasteable([header, *([row.cells.get(name, "") for name in names] for row in rows)]).rstrip("\n")


LABELS = {"title": "Title", "text": "Need", "topic": "Topic", "vote_by": "Answer by"}


def _cells(pasted: str) -> tuple[list[list[str]], tuple[str, ...]]:
    """The filled rows, and the name of each column ("" where it is not known)."""
    first = next((row for row in pasted.splitlines() if row.strip()), "")
    delimiter = max("\t;,", key=first.count)
    names = tuple(_column(cell) for cell in _split(first, delimiter)[0]) if first else ()
    if "title" in names:
        rows = _split(pasted, delimiter)
        body = [row for row in rows if any(cell.strip() for cell in row)][1:]
        return body, names
    if "\t" in pasted:
        return [row for row in _split(pasted, "\t") if any(cell.strip() for cell in row)], FIELDS
    return [[row] for row in pasted.splitlines() if row.strip()], ("title",)


def _split(pasted: str, delimiter: str) -> list[list[str]]:
    """Cells, quoted ones over several lines; a lone quotation mark is only a character."""
    try:
        return list(csv.reader(io.StringIO(pasted, newline=""), delimiter=delimiter, strict=True))
    except csv.Error:
        return [row.split(delimiter) for row in pasted.splitlines()]


def _column(cell: str) -> str:
    name = text.fold(cell.strip().strip("\ufeff:*"))
    return next((column for column, spellings in HEADERS.items() if name in spellings), "")


def _understand(row: Pasted, known: dict[str, int], topic: str, vote_by: date) -> None:
    title = " ".join(row.cells.get("title", "").split())
    need, subject, due = (row.cells.get(name, "") for name in ("text", "topic", "vote_by"))
    if not title:
        row.errors.append(_("The title is missing."))
    if len(title) > TITLE_LENGTH:
        row.errors.append(_("The title is longer than %(n)s characters.", n=TITLE_LENGTH))
    if len(need) > TEXT_LENGTH:
        row.errors.append(_("The need is longer than %(n)s characters.", n=TEXT_LENGTH))
    topic_id = known.get(text.fold(subject or topic))
    if topic_id is None:
        told = _("There is no topic “%(topic)s”.", topic=subject[:60]) if subject else _("Please choose a topic.")
        row.errors.append(told)
    day = _day(due) if due else vote_by
    if day is None:
        row.errors.append(_("The date “%(date)s” is not understood.", date=due[:20]))
    elif not today() <= day <= today() + FARTHEST:
        row.errors.append(_("Choose a day from today on, at most two years ahead."))
    if not row.errors and topic_id is not None:
        row.draft = Draft(title=title, topic_id=topic_id, text=need, vote_by=day)


def _day(written: str) -> date | None:
    for form in ("%Y-%m-%d", "%d.%m.%Y", "%d.%m.%y", "%d/%m/%Y"):
        try:
            return datetime.strptime(written, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None
