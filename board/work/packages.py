"""What a package says: create and edit it, and record whom its lead commissioned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import bindparam, select
from sqlalchemy.orm import selectinload

from board import text
from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.policy import Actor, allowed
from board.proposals.models import Proposal, touch
from board.proposals.states import State
from board.withheld import SENTENCE, Withheld, written
from board.work.models import Package, PackageLink, PackageSkill, PackageState, touch_package

CLOSED = frozenset({State.DECLINED, State.WITHDRAWN, State.MERGED})
LONGEST = 50
"""So many packages merged one into the next are followed; nobody makes as many."""
AGAIN = timedelta(minutes=2)
MAX_TITLE, MAX_DAYS, MAX_LINKS = 120, 9999, 10
_LOCKED = select(Package).where(Package.id == bindparam("package")).with_for_update(key_share=True)
_LOCKED_WITH_LINKS = _LOCKED.options(selectinload(Package.links), selectinload(Package.skilled))


@dataclass(frozen=True)
class Draft:
    """All that people write about a package. Effort in person-days; links as (title, address)."""

    title: str
    effort: Decimal | None = None
    text: str = ""
    deliverables: str = ""
    acceptance: str = ""
    owner: str = ""
    funder: str = ""
    due_on: date | None = None
    milestone_id: int | None = None
    points: Decimal | None = None
    cluster: str = ""
    skills: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()


def locked(package_id: int, *, links: bool = False) -> Package:
    """The package (with links and skills), held until the transaction ends: first line of every change. Raises Missing.

    FOR NO KEY UPDATE, so that comments and activity rows that merely refer to it need not wait.
    """
    found = db.session.scalar(_LOCKED_WITH_LINKS if links else _LOCKED, {"package": package_id})
    if found is None:
        raise Missing(_("There is no such work package."))
    if found.merged_into_id is not None:
        raise Conflict(_("%(key)s has become part of %(other)s.", key=found.key, other=f"AP-{found.merged_into_id}"))
    return found


def stands_for(package_id: int) -> int:
    """The package that stands for this one today: itself, or what it became part of in the end."""
    for _step in range(LONGEST):
        into = db.session.scalar(select(Package.merged_into_id).where(Package.id == package_id))
        if into is None:
            break
        package_id = into
    return package_id


def open_for_work(proposal_id: int) -> None:
    """Raises Missing, and Conflict for a proposal that gets no new packages."""
    state = db.session.scalar(select(Proposal.state).where(Proposal.id == proposal_id))
    if state is None:
        raise Missing(_("There is no such proposal."))
    if state in CLOSED:
        raise Conflict(_("This proposal was declined, withdrawn or merged: it gets no new work packages."))


def create(proposal_id: int, by: Actor, drafts: Sequence[Draft]) -> list[Package]:
    """Divide a proposal into packages, one per draft; sent twice, they are created once. Raises Missing, Conflict."""
    proposal = db.session.scalar(select(Proposal).where(Proposal.id == proposal_id).with_for_update(key_share=True))
    if proposal is None:
        raise Missing(_("There is no such proposal."))
    if proposal.state in CLOSED:
        raise Conflict(_("This proposal was declined, withdrawn or merged: it gets no new work packages."))
    before = _just_created(proposal_id, by)
    return [before.get(draft.title) or add(proposal_id, by, draft) for draft in drafts]


def _just_created(proposal_id: int, by: Actor) -> dict[str, Package]:
    rows = select(Package).where(
        Package.proposal_id == proposal_id, Package.author_id == by.person_id, Package.created_at > now() - AGAIN
    )
    return {row.title: row for row in db.session.scalars(rows)} if by.signed_in else {}


def add(proposal_id: int, by: Actor, draft: Draft, *, done: bool = False) -> Package:
    """One more package under a proposal that is open for work; `done`: it was done before the board knew of it."""
    state = PackageState.DONE if done else PackageState.OPEN
    package = Package(proposal_id=proposal_id, author_id=by.person_id, state=state, held_reason="")
    package.commissioned = ""
    write(package, draft)
    db.session.add(package)
    db.session.flush()
    act(by, "package.create", package)
    touch(proposal_id, n_packages=1, n_free=0 if done else 1)
    return package


def edit(package: Package, by: Actor, draft: Draft, text_version: int) -> None:
    """Change the texts. Raises Conflict when somebody changed them since `text_version`; the same again is harmless.

    The package's links must be loaded.
    """
    if allowed(by, "package.edit", package) and draft == as_draft(package):
        return
    act(by, "package.edit", package)
    if package.text_version != text_version:
        raise Conflict(_("Somebody has changed this text in the meantime. Yours is kept below."), edited=True)
    write(package, draft)
    package.text_version += 1
    touch_package(package.id)
    touch(package.proposal_id)


def withhold(package: Package, by: Actor, gone: Withheld, url: str) -> None:
    """Take out the words of an issue that must not be read any more, and the link to it; one's own words stay.

    Its links must be loaded. Nothing is logged where nothing of the issue is left.
    """
    before = as_draft(package)

    def left(words: str) -> str:
        return written(gone.rest(words), words, SENTENCE[0])

    after = replace(
        before,
        title=gone.title if gone.in_title(before.title) else before.title,
        text=left(before.text),
        deliverables=left(before.deliverables),
        acceptance=left(before.acceptance),
    )
    package.links[:] = [link for link in package.links if link.url != url and not gone.in_title(link.title)]
    if after != before:
        act(by, "package.withhold", package)
        write(package, replace(after, links=tuple((link.title, link.url) for link in package.links)))
        package.text_version += 1
    touch_package(package.id)
    touch(package.proposal_id)


def commission(package: Package, by: Actor, whom: str) -> None:
    """The lead records whom it commissioned to carry the package out; an empty name takes it back."""
    act(by, "package.commission", package, given=bool(whom))
    if package.state == PackageState.DONE:
        raise Conflict(_("This work package is done already."))
    package.commissioned = whom
    touch_package(package.id)


def as_draft(package: Package) -> Draft:
    """What the package says now; its links must be loaded."""
    return Draft(
        title=package.title,
        effort=package.effort,
        text=package.text,
        deliverables=package.deliverables,
        acceptance=package.acceptance,
        owner=package.owner,
        funder=package.funder,
        due_on=package.due_on,
        milestone_id=package.milestone_id,
        points=package.points,
        cluster=package.cluster,
        skills=tuple(sorted(row.skill for row in package.skilled)),
        links=tuple((link.title, link.url) for link in package.links),
    )


def write(package: Package, draft: Draft) -> None:
    """Put a draft into a package whose links and skills are loaded; the caller acts and touches."""
    package.title, package.effort, package.due_on = draft.title, draft.effort, draft.due_on
    package.text, package.html = draft.text, text.markdown(draft.text) if draft.text else ""
    package.deliverables, package.acceptance = draft.deliverables, draft.acceptance
    package.owner, package.funder = draft.owner, draft.funder
    package.points, package.cluster, package.milestone_id = draft.points, draft.cluster, draft.milestone_id
    package.search = text.fold(
        " ".join((draft.title, draft.text, draft.deliverables, draft.acceptance, draft.owner, draft.funder))
    )
    asked = set(draft.skills)
    package.skilled = [row for row in package.skilled if row.skill in asked] + [
        PackageSkill(skill=skill) for skill in sorted(asked - {row.skill for row in package.skilled})
    ]
    package.links = [PackageLink(title=title, url=url) for title, url in draft.links]
