"""What a package says: create and edit it, and record whom its lead commissioned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select
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
AGAIN = timedelta(minutes=2)


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
    skills: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()


def locked(package_id: int, *, links: bool = False) -> Package:
    """The package (with links and skills), held until the transaction ends: first line of every change. Raises Missing.

    FOR NO KEY UPDATE, so that comments and activity rows that merely refer to it need not wait.
    """
    wanted = select(Package).where(Package.id == package_id).with_for_update(key_share=True)
    found = db.session.scalar(
        wanted.options(selectinload(Package.links), selectinload(Package.skilled)) if links else wanted
    )
    if found is None:
        raise Missing(_("There is no such work package."))
    return found


def create(proposal_id: int, by: Actor, drafts: Sequence[Draft]) -> list[Package]:
    """Divide a proposal into packages, one per draft; sent twice, they are created once. Raises Missing, Conflict."""
    proposal = db.session.scalar(select(Proposal).where(Proposal.id == proposal_id).with_for_update(key_share=True))
    if proposal is None:
        raise Missing(_("There is no such proposal."))
    if proposal.state in CLOSED:
        raise Conflict(_("This proposal was declined, withdrawn or merged: it gets no new work packages."))
    before = _just_created(proposal_id, by)
    return [before.get(draft.title) or _create(proposal_id, by, draft) for draft in drafts]


def _just_created(proposal_id: int, by: Actor) -> dict[str, Package]:
    rows = select(Package).where(
        Package.proposal_id == proposal_id, Package.author_id == by.person_id, Package.created_at > now() - AGAIN
    )
    return {row.title: row for row in db.session.scalars(rows)} if by.signed_in else {}


def _create(proposal_id: int, by: Actor, draft: Draft) -> Package:
    package = Package(proposal_id=proposal_id, author_id=by.person_id, state=PackageState.OPEN, held_reason="")
    package.commissioned = ""
    _write(package, draft)
    db.session.add(package)
    db.session.flush()
    act(by, "package.create", package)
    touch(proposal_id, n_packages=1, n_free=1)
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
    _write(package, draft)
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
        _write(package, replace(after, links=tuple((link.title, link.url) for link in package.links)))
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
        skills=tuple(sorted(row.skill for row in package.skilled)),
        links=tuple((link.title, link.url) for link in package.links),
    )


def _write(package: Package, draft: Draft) -> None:
    package.title, package.effort, package.due_on = draft.title, draft.effort, draft.due_on
    package.text, package.html = draft.text, text.markdown(draft.text) if draft.text else ""
    package.deliverables, package.acceptance = draft.deliverables, draft.acceptance
    package.owner, package.funder = draft.owner, draft.funder
    package.search = text.fold(
        " ".join((draft.title, draft.text, draft.deliverables, draft.acceptance, draft.owner, draft.funder))
    )
    asked = set(draft.skills)
    package.skilled = [row for row in package.skilled if row.skill in asked] + [
        PackageSkill(skill=skill) for skill in sorted(asked - {row.skill for row in package.skilled})
    ]
    package.links = [PackageLink(title=title, url=url) for title, url in draft.links]
