"""What happens to partners: they join, pause and resume. The electorate follows in the same transaction."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select, update

from board.activity.models import Activity, act
from board.db import db, now
from board.errors import Conflict, Refusal
from board.i18n import gettext as _
from board.partners.models import Electorate, Kind, Partner, searchable
from board.policy import Actor
from board.voting.tallies import has_ballots, recount_open_ballots_of, renew_lines_of
from board.work.models import Package

AGS_LENGTH = {Kind.MUNICIPALITY: 8, Kind.COUNTY: 5}


@dataclass(frozen=True)
class Facts:
    """What is known about a partner. `ags`: eight digits as text (five for a county); `sources`: (title, address)."""

    slug: str
    name: str
    sign: str
    kind: Kind
    votes: bool = False
    official_name: str = ""
    ags: str | None = None
    state: str = ""
    population: int | None = None
    population_on: date | None = None
    contact: str = ""
    funded_until: date | None = None
    cohort: int | None = None
    sources: Sequence[tuple[str, str]] = ()
    fictional: bool = False


def create(by: Actor, facts: Facts) -> Partner:
    """Take a partner in. Raises Refusal for facts that cannot be, Conflict for a name in the address that is taken."""
    _check(facts)
    if db.session.scalar(select(Partner.id).where(Partner.slug == facts.slug)):
        raise Conflict(_("There is a partner with this address already."))
    values = {name: value for name, value in vars(facts).items() if name != "sources"}
    sources = "\n".join(f"{title} {url}" for title, url in facts.sources)
    partner = Partner(**values, sources=sources)
    db.session.add(partner)
    db.session.flush()
    act(by, "partner.create", partner)
    _count_electorate()
    return partner


def edit(partner: Partner, facts: Facts, by: Actor) -> bool:
    """Correct what is known; the address stays. Returns whether anything changed.

    Raises Refusal for facts that cannot be, Conflict where a partner would lose its vote while it has cast ballots.
    """
    _check(facts)
    left_out = {"sources", "slug", "fictional", "cohort"}
    new = {name: value for name, value in vars(facts).items() if name not in left_out}
    new_values = {name: value for name, value in new.items() if getattr(partner, name) != value}
    if not new_values:
        return False
    act(by, "partner.edit", partner, fields=sorted(new_values))
    if {"votes", "kind"} & new_values.keys() and has_ballots(partner.id):
        raise Conflict(_("This partner has cast ballots: its kind and its vote stay. Pause it, or let it leave."))
    for name, value in new_values.items():
        setattr(partner, name, value)
    partner.search = searchable(partner.name, partner.state)
    partner.version += 1
    if "votes" in new_values:
        changed(partner)
    if "name" in new_values:
        renew_lines_of(partner.id)
        _renew_packages_of(partner.id)
    return True


def _renew_packages_of(partner_id: int) -> None:
    """It is called something else, so whatever names it on a package's page is new; nothing has happened there."""
    theirs = select(Activity.package_id).where(Activity.partner_id == partner_id)
    renewed = update(Package).where(Package.id.in_(theirs)).values(version=Package.version + 1)
    db.session.execute(renewed.execution_options(synchronize_session=False))


def pause(partner: Partner, by: Actor) -> None:
    """Let a partner rest: it leaves the electorate, its ballots stay but count in no open vote. Twice is harmless."""
    act(by, "partner.pause", partner)
    if partner.paused_at is None:
        partner.paused_at = now()
        changed(partner)


def resume(partner: Partner, by: Actor) -> None:
    """Let a paused partner, or one that left, take part again, its ballots in open votes with it. Twice is harmless.

    Seats that ended when it left stay ended. Raises Conflict for one that was merged into another.
    """
    act(by, "partner.resume", partner)
    if partner.merged_into_id is not None:
        raise Conflict(_("This partner was merged into another one; it cannot take part again."))
    if partner.paused_at is not None:
        partner.paused_at = partner.left_on = None
        changed(partner)


def changed(partner: Partner) -> None:
    """The partner votes now, or no longer: the electorate and its ballots on open proposals follow."""
    partner.version += 1
    _count_electorate()
    recount_open_ballots_of(partner.id)


def _count_electorate() -> None:
    """Count who votes now, with the one row locked first: two changes at once cannot overlook each other."""
    db.session.flush()
    row = db.session.get_one(Electorate, Electorate.ONLY, with_for_update=True, populate_existing=True)
    row.size = db.session.scalar(select(func.count(Partner.id)).where(Partner.votes, Partner.paused_at.is_(None))) or 0
    row.version += 1
    db.session.flush()


def _check(facts: Facts) -> None:
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", facts.slug) or len(facts.slug) > 60:
        raise Refusal(_("The address of a partner consists of small letters, digits and hyphens."))
    if not facts.name.strip() or len(facts.sign) not in {1, 2}:
        raise Refusal(_("A partner needs a name and a sign of two letters."))
    if facts.votes and facts.kind == Kind.PROVIDER:
        raise Refusal(_("A provider never votes."))
    length = AGS_LENGTH.get(facts.kind)
    if facts.ags is not None and (not re.fullmatch(r"\d+", facts.ags, re.ASCII) or len(facts.ags) != length):
        raise Refusal(_("The municipality key has eight digits, that of a county five."))
