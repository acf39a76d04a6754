"""Every way to read variants: those of a proposal with what bringing them back would cost, and where there are any."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from board.db import db
from board.errors import Missing
from board.estimates import queries as estimates
from board.estimates.effort import Range
from board.i18n import gettext as _
from board.learnings import queries as learnings
from board.learnings.queries import Needed
from board.partners.models import Partner
from board.policy import Acting, Actor, allowed
from board.variants.models import ReturnPackage, Variant, VariantState, Willing
from board.voting import rights
from board.voting.company import NAMES, acting
from board.work.models import Package, PackageState


@dataclass(frozen=True)
class Cost:
    """What some work packages come to: the sum of their efforts in person-days; `open` have no effort yet."""

    days: Decimal
    n: int
    open: int

    @property
    def known(self) -> bool:
        """Whether there is a number to show."""
        return self.days > 0


@dataclass(frozen=True)
class Piece:
    """One work package of a return."""

    key: str
    title: str
    state: str
    effort: Decimal | None


@dataclass(frozen=True)
class Own:
    """One partner's variant, what brings it back, and what the reader may do (`may`: verbs)."""

    id: int
    partner: Acting
    differs: str
    repository: str
    branch: str
    willing: str
    state: str
    pieces: tuple[Piece, ...]
    cost: Cost
    may: frozenset[str]


@dataclass(frozen=True)
class Variants:
    """All variants of a proposal beside building it anew, and the acting partner's own entry (`values`)."""

    id: int
    key: str
    items: tuple[Own, ...]
    new: Cost
    needed: Needed | None
    estimated: Range
    """What its valid estimates say, for where no package has an effort yet."""
    partner: Acting | None
    may: bool
    values: Mapping[str, str]
    asked: int = 0
    errors: Mapping[str, Any] = field(default_factory=dict)


def of_proposal(proposal: Any, by: Actor) -> Variants:
    """The variants of one proposal (an object with id and state). Two statements."""
    rows = db.session.execute(
        NAMES.add_columns(Variant)
        .join(Variant, Variant.partner_id == Partner.id)
        .where(Variant.proposal_id == proposal.id)
        .order_by(Partner.search)
    ).all()
    new, pieces = _pieces(proposal.id)
    why = rights.why_no_offer(by) or (rights.closed_sentence(proposal) if proposal.state in rights.GONE else "")
    items = tuple(_own(row, pieces.get(row.Variant.id, []), by) for row in rows)
    own = next((row.Variant for row in rows if row.partner_id == by.partner_id), None)
    names = ("differs", "repository", "branch", "willing")
    values = {name: str(getattr(own, name)) if own else "" for name in names}
    needed = learnings.needed([proposal.id]).get(proposal.id)
    return Variants(
        proposal.id,
        f"FV-{proposal.id}",
        items,
        _cost(new),
        needed,
        estimates.valid(proposal.id, by)[1],
        by.partner,
        not why,
        values,
    )


def proposal_of(variant_id: int) -> int:
    """The proposal that a variant belongs to. Raises Missing."""
    found = db.session.scalar(select(Variant.proposal_id).where(Variant.id == variant_id))
    if found is None:
        raise Missing(_("There is no such variant."))
    return found


def where(proposal_ids: Iterable[int]) -> set[tuple[int, int]]:
    """(proposal, partner) of each variant that has not come back: one statement for all of them."""
    query = select(Variant.proposal_id, Variant.partner_id).where(
        Variant.proposal_id.in_(list(proposal_ids)), Variant.state != VariantState.RETURNED
    )
    return {(proposal, partner) for proposal, partner in db.session.execute(query)}


def _pieces(proposal_id: int) -> tuple[list[Piece], dict[int, list[Piece]]]:
    """The proposal's packages: those of no return, and those of each variant's."""
    new: list[Piece] = []
    back: dict[int, list[Piece]] = {}
    rows = db.session.execute(
        select(Package.id, Package.title, Package.state, Package.effort, ReturnPackage.variant_id)
        .outerjoin(ReturnPackage, ReturnPackage.package_id == Package.id)
        .where(Package.proposal_id == proposal_id)
        .order_by(Package.id)
    )
    for row in rows:
        piece = Piece(f"AP-{row.id}", row.title, row.state, row.effort)
        (new if row.variant_id is None else back.setdefault(row.variant_id, [])).append(piece)
    return new, back


def _cost(pieces: Iterable[Piece]) -> Cost:
    efforts = [piece.effort for piece in pieces]
    return Cost(sum((e for e in efforts if e), Decimal(0)), len(efforts), efforts.count(None))


def _own(row: Any, pieces: list[Piece], by: Actor) -> Own:
    variant: Variant = row.Variant
    return Own(
        variant.id, acting(row), variant.differs, variant.repository, variant.branch, variant.willing, variant.state,
        tuple(pieces), _cost(pieces), _may(variant, pieces, by),
    )  # fmt: skip


def _may(variant: Variant, pieces: list[Piece], by: Actor) -> frozenset[str]:
    """The verbs that would work right now."""
    own, returning = variant.state == VariantState.OWN, variant.state == VariantState.RETURNING
    fits = {
        "begin_return": own and variant.willing == Willing.YES,
        "stop_return": returning,
        "finish_return": returning and all(piece.state == PackageState.DONE for piece in pieces),
        "divide": variant.willing != Willing.NO and variant.state != VariantState.RETURNED,
    }
    return frozenset(verb for verb, fit in fits.items() if fit and allowed(by, f"variant.{verb}", variant))
