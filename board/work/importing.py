"""Work packages from a file: what each row would do, and doing it. A preview does the same and takes it back.

A row finds its package by the board's own number, by the id under which a file brought it, else by its title. What a
row does not name stays. One row that cannot be read or done is enough: then nothing at all is imported.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from board import text
from board.activity.models import act
from board.db import db, transaction
from board.errors import Refusal
from board.i18n import gettext as _
from board.policy import Actor
from board.proposals.models import touch
from board.work import dependencies, exporting, packages
from board.work.files import Content, Row, in_cell
from board.work.models import Package, PackageState, touch_package
from board.work.reading import BadValue, read_row

KEPT = frozenset({"idea", "draft", "in_progress", "on_hold"})
"""What a free package keeps of its file: the board's own states say nothing like it while nobody leads."""


@dataclass
class Planned:
    """What becomes of one row. `kind`: new, changed, unchanged or broken; `notes` say what is kept, not done."""

    line: int
    id: str
    title: str
    kind: str = "broken"
    key: str = ""
    problem: str = ""
    fields: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    points: Decimal | None = None
    effort: Decimal | None = None
    package_id: int = 0
    proposal_id: int = 0


@dataclass
class Plan:
    """All rows in the order of the file. Totals are computed, never read."""

    rows: list[Planned]
    unread: tuple[str, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether nothing will be imported."""
        return any(row.kind == "broken" for row in self.rows)

    def count(self, kind: str) -> int:
        """How many rows are of a kind."""
        return sum(row.kind == kind for row in self.rows)

    @property
    def points(self) -> Decimal:
        """Story points of all rows."""
        return sum((row.points or Decimal(0) for row in self.rows), Decimal(0))

    @property
    def effort(self) -> Decimal:
        """Person-days of all rows."""
        return sum((row.effort or Decimal(0) for row in self.rows), Decimal(0))


class _TakenBack(Exception):
    """Ends a preview: its transaction is undone."""


def preview(content: Content, proposal_id: int, by: Actor) -> Plan:
    """What an import would do; nothing stays. Raises Missing, Denied."""
    plan = Plan([])
    try:
        with transaction():
            plan = _carry_out(content, proposal_id, by)
            raise _TakenBack
    except _TakenBack:
        return plan


def import_(content: Content, proposal_id: int, by: Actor) -> Plan:
    """Import all rows, or none: then the plan says why."""
    plan = Plan([])
    try:
        with transaction():
            plan = _carry_out(content, proposal_id, by)
            if plan.broken:
                raise _TakenBack
    except _TakenBack:
        pass
    return plan


def _carry_out(content: Content, proposal_id: int, by: Actor) -> Plan:
    dependencies.alone()
    packages.open_for_work(proposal_id)
    known = _Known(proposal_id)
    plan = Plan([], content.unread)
    for row in content.rows:
        planned = Planned(row.line, str(row.given.get("id", "")), str(row.given.get("title", "")))
        plan.rows.append(planned)
        try:
            _one(row, planned, known, by)
        except (BadValue, Refusal) as why:
            planned.kind, planned.problem = "broken", str(why)
    for row, planned in zip(content.rows, plan.rows, strict=True):
        if planned.kind != "broken" and "deps" in row.given:
            try:
                _depend(row, planned, known, by)
            except (BadValue, Refusal) as why:
                planned.kind, planned.problem = "broken", str(why)
    return plan


class _Known:
    """The packages that rows can mean: those under their proposals, by number, by file id and by title."""

    def __init__(self, proposal_id: int) -> None:
        self.proposal_id = proposal_id
        self.milestones = exporting.milestone_ids()
        self.met: dict[int, str] = {}
        self.ids: dict[str, int] = {}
        self._under: dict[int, dict[str, int]] = {}

    def under(self, proposal_id: int) -> dict[str, int]:
        """What names a package under this proposal → its id; numbers win over ids from files, these over titles."""
        if proposal_id not in self._under:
            packages.open_for_work(proposal_id)
            rows = db.session.execute(
                select(Package.id, Package.source_id, Package.title)
                .where(Package.proposal_id == proposal_id, Package.merged_into_id.is_(None))
                .order_by(Package.id.desc())
            ).all()
            names = {f"title {text.fold(row.title)}": row.id for row in rows}
            names |= {row.source_id: row.id for row in rows if row.source_id}
            self._under[proposal_id] = names | {f"AP-{row.id}": row.id for row in rows}
        return self._under[proposal_id]


def _one(row: Row, planned: Planned, known: _Known, by: Actor) -> None:
    values = read_row(row)
    planned.title = values.get("title", planned.title)
    proposal_id = values.get("proposal") or known.proposal_id
    planned.proposal_id = proposal_id
    names, file_id = known.under(proposal_id), planned.id
    found = names.get(file_id) if file_id else names.get(f"title {text.fold(planned.title)}")
    if file_id and file_id in known.ids and known.ids[file_id] != found:
        raise BadValue(_("The id %(id)s stands in the file twice.", id=file_id))
    if found in known.met:
        raise BadValue(_("This row means the same work package as line %(n)s.", n=known.met[found]))
    if row.extra:
        planned.notes.append(_("Kept as it is: %(names)s.", names=", ".join(sorted(row.extra))))
    package = _new(values, proposal_id, file_id, row, planned, known, by) if found is None else None
    if package is None:
        package = packages.locked(found or 0, links=True)
        _change(package, values, row, planned, known, by)
    planned.package_id, planned.key = package.id, package.key
    planned.points, planned.effort = package.points, package.effort
    known.met[package.id] = str(row.line)
    if file_id:
        known.ids[file_id] = package.id


def _new(values: Mapping[str, Any], proposal_id: int, file_id: str, row: Row, planned: Planned, known: _Known,
         by: Actor) -> Package:  # fmt: skip
    if not values.get("title"):
        raise BadValue(_("The title is missing."))
    status = values.get("status", "ready")
    package = packages.add(proposal_id, by, _draft(packages.Draft(title=""), values), done=status == "done")
    package.source_id, package.stage = file_id, status if status in KEPT else ""
    package.extra = dict(row.extra)
    _plan_for(package, values, planned, known)
    if package.stage == "in_progress":
        planned.notes.append(_("Nobody leads it on the board yet, so it is free; the file's status is kept."))
    db.session.flush()
    planned.kind = "new"
    return package


def _change(package: Package, values: Mapping[str, Any], row: Row, planned: Planned, known: _Known, by: Actor) -> None:
    before = packages.as_draft(package)
    kept = (before, package.stage, dict(package.extra or {}), package.milestone_id)
    after = _draft(before, values)
    stage, extra, milestone = package.stage, _with(package.extra or {}, row.extra), package.milestone_id
    status = values.get("status")
    if status and status != exporting.status_of(package):
        if package.state == PackageState.OPEN and status != "done":
            stage = status if status in KEPT else ""
        else:
            planned.notes.append(_("Its state is moved on the board, not by a file: it stays."))
    if "milestone" in values:
        milestone = known.milestones.get(values["milestone"])
        extra.pop("milestone", None)
        if values["milestone"] and milestone is None:
            extra["milestone"] = values["milestone"]
            planned.notes.append(_("No milestone is called “%(name)s”: kept as a text.", name=values["milestone"]))
    if (after, stage, extra, milestone) == kept:
        planned.kind = "unchanged"
        return
    act(by, "package.edit", package)
    packages.write(package, after)
    package.stage, package.extra, package.milestone_id = stage, extra, milestone
    package.text_version += 1
    touch_package(package.id)
    touch(package.proposal_id)
    planned.kind, planned.fields = "changed", _differing(before, after) + (
        ("status",) if stage != kept[1] else ()) + (("milestone",) if milestone != kept[3] else ())  # fmt: skip


def _with(before: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Unknown fields as the row has them; a cell that says what is there already changes nothing."""
    changed = {name: value for name, value in more.items() if name not in before or in_cell(before[name]) != value}
    return {**before, **changed}


def _plan_for(package: Package, values: Mapping[str, Any], planned: Planned, known: _Known) -> None:
    name = values.get("milestone", "")
    package.milestone_id = known.milestones.get(name)
    if name and package.milestone_id is None:
        package.extra = {**package.extra, "milestone": name}
        planned.notes.append(_("No milestone is called “%(name)s”: kept as a text.", name=name))


def _draft(before: packages.Draft, values: Mapping[str, Any]) -> packages.Draft:
    told = {name: value for name, value in values.items() if name in packages.Draft.__dataclass_fields__}
    return packages.Draft(**{**before.__dict__, **told})


def _differing(before: packages.Draft, after: packages.Draft) -> tuple[str, ...]:
    return tuple(name for name in before.__dict__ if getattr(before, name) != getattr(after, name))


def _depend(row: Row, planned: Planned, known: _Known, by: Actor) -> None:
    """Let it wait for exactly what the row names."""
    names = known.under(planned.proposal_id)
    wanted: set[int] = set()
    for name in row.given["deps"]:
        needed = known.ids.get(name) or names.get(name) or exporting.anywhere(name)
        if needed is None:
            raise BadValue(_("It waits for %(id)s, which is neither in the file nor on the board.", id=name))
        wanted.add(needed)
    has = dependencies.needs(planned.package_id)
    for gone in sorted(has - wanted):
        dependencies.undepend(planned.package_id, gone, by)
    for more in sorted(wanted - has):
        dependencies.depend(planned.package_id, more, by)
    if has != wanted and planned.kind == "unchanged":
        planned.kind = "changed"
    if has != wanted and planned.kind == "changed":
        planned.fields += ("deps",)
