"""Recording a variant, dividing its return into packages, and the way back: own → returning → returned."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from board.activity.models import act
from board.db import db, now
from board.errors import Conflict, Missing
from board.i18n import gettext as _
from board.policy import Actor
from board.proposals.models import Proposal, touch
from board.variants.models import ReturnPackage, Variant, VariantState, Willing
from board.voting import rights
from board.work import packages
from board.work.models import Package, PackageState


@dataclass(frozen=True)
class Said:
    """What a partner says of its variant."""

    differs: str
    repository: str = ""
    branch: str = ""
    willing: str = Willing.OPEN


def locked(variant_id: int) -> Variant:
    """The variant, held until the transaction ends. Raises Missing."""
    found = db.session.scalar(select(Variant).where(Variant.id == variant_id).with_for_update(key_share=True))
    if found is None:
        raise Missing(_("There is no such variant."))
    return found


def record(proposal: Proposal, said: Said, by: Actor) -> None:
    """Say that the partner acted for runs a variant of its own. Repeating is harmless.

    `proposal` comes from `ballots.locked`. Raises Denied, Conflict.
    """
    found = _of(proposal, by)
    row = found or Variant(proposal_id=proposal.id, partner_id=by.partner_id or 0, state=VariantState.OWN)
    rights.permit(by, "variant.record", row)
    rights.require_alive(proposal)
    if found and vars(said) == {name: getattr(row, name) for name in vars(said)}:
        return
    if row.state == VariantState.RETURNING and said.willing != Willing.YES:
        raise Conflict(_("The return to the common base is under way. Stop it first."))
    for name, value in vars(said).items():
        setattr(row, name, value)
    db.session.add(row)
    act(by, "variant.record", row)
    _changed(row, by)


def remove(proposal: Proposal, by: Actor) -> None:
    """There is no variant (any more). Its packages stay work packages of the proposal. Harmless without one."""
    row = _of(proposal, by)
    rights.permit(by, "variant.remove", row or Variant(partner_id=by.partner_id or 0))
    if row is None:
        return
    if row.state == VariantState.RETURNING:
        raise Conflict(_("The return to the common base is under way. Stop it first."))
    act(by, "variant.remove", row)
    db.session.execute(delete(ReturnPackage).where(ReturnPackage.variant_id == row.id))
    db.session.delete(row)
    touch(proposal.id)


def divide(variant: Variant, drafts: Sequence[packages.Draft], by: Actor) -> list[Package]:
    """Divide its return into work packages; sent twice, they are created once. Raises Conflict."""
    act(by, "variant.divide", variant)
    if variant.willing == Willing.NO or variant.state == VariantState.RETURNED:
        raise Conflict(_("This variant is not to be brought back, or has been already."))
    known = set(db.session.scalars(select(ReturnPackage.package_id)))
    made = packages.create(variant.proposal_id, by, drafts)
    for package in made:
        if package.id not in known:
            db.session.add(ReturnPackage(package_id=package.id, variant_id=variant.id))
    variant.version += 1
    return made


def begin_return(variant: Variant, by: Actor) -> None:
    """Its partner brings it back to the common base."""
    act(by, "variant.begin_return", variant)
    if variant.state == VariantState.RETURNING:
        return
    if variant.willing != Willing.YES or variant.state != VariantState.OWN:
        raise Conflict(_("Only a variant that its partner would bring back can be brought back."))
    variant.state = VariantState.RETURNING
    _changed(variant, by)


def stop_return(variant: Variant, by: Actor) -> None:
    """It stays a variant after all, for now."""
    act(by, "variant.stop_return", variant)
    if variant.state == VariantState.RETURNED:
        raise Conflict(_("This variant is part of the common base already."))
    variant.state = VariantState.OWN
    _changed(variant, by)


def finish_return(variant: Variant, by: Actor) -> None:
    """It is part of the common base: all packages of its return are done. Raises Conflict before."""
    act(by, "variant.finish_return", variant)
    if variant.state == VariantState.OWN:
        raise Conflict(_("The return to the common base has not begun."))
    left = db.session.scalar(
        select(func.count())
        .select_from(ReturnPackage)
        .join(Package, Package.id == ReturnPackage.package_id)
        .where(ReturnPackage.variant_id == variant.id, Package.state != PackageState.DONE)
    )
    if left:
        raise Conflict(_("%(n)s work packages of the return are not done yet.", n=left))
    variant.state = VariantState.RETURNED
    _changed(variant, by)


def _changed(variant: Variant, by: Actor) -> None:
    variant.person_id, variant.changed_at, variant.version = by.person_id, now(), (variant.version or 0) + 1
    touch(variant.proposal_id)


def _of(proposal: Proposal, by: Actor) -> Variant | None:
    mine = (Variant.proposal_id == proposal.id, Variant.partner_id == by.partner_id)
    return db.session.scalar(select(Variant).where(*mine))
