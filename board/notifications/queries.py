"""What waits for the partners of a person: what digests and reminders tell. Who wants to hear of what: `watching`."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import func, select

from board.accounts.deputies import standing_in
from board.accounts.models import Membership, Person, Role
from board.activity.models import Activity
from board.consent.queries import Running, running
from board.db import db, now
from board.estimates.queries import Expired, expired
from board.i18n import end_of, in_days, last_day, spoken, today
from board.issues.models import Issue, Triage
from board.notifications.models import Told
from board.partners.models import Partner
from board.proposals.models import Proposal
from board.proposals.states import State
from board.voting.models import Ballot
from board.work.models import Claim, Package

SHOWN = 8
COUNTED = 1000
"""Beyond it a digest says "more than 1,000", as a list does."""
DECIDED = ("proposal.accept", "proposal.defer", "proposal.decline", "consent.pass")


@dataclass(frozen=True)
class Due:
    """A proposal that waits for a ballot, or that was decided (`verb`)."""

    id: int
    title: str
    vote_by: date | None = None
    verb: str = ""


@dataclass(frozen=True)
class Waiting:
    """What waits for one partner: ballots (the first few, and how many, up to `COUNTED` + 1), consents that run out
    within a week and to which it can object, packages whose lease asks, issues.
    """

    partner: str
    slug: str
    ballots: list[Due]
    n_ballots: int
    consents: list[Running]
    leases: list[tuple[int, str]]
    n_issues: int
    estimates: list[Expired] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.n_ballots or self.consents or self.leases or self.n_issues or self.estimates)


def voting_seats(person_id: int) -> list[Partner]:
    """The partners whose ballot a person may cast today, by name."""
    rows = db.session.execute(
        select(Partner, Membership.role, Membership.deputy_from, Membership.deputy_until)
        .join(Membership, Membership.partner_id == Partner.id)
        .where(Membership.person_id == person_id, Membership.ended_at.is_(None))
        .order_by(Partner.search)
    )
    return [r[0] for r in rows if r.role == Role.DELEGATE or standing_in(r.deputy_from, r.deputy_until)]


def waiting(person_id: int) -> list[Waiting]:
    """What waits for each partner of a delegate; partners for which nothing waits are left out."""
    return [found for partner in voting_seats(person_id) if (found := _of(partner))]


def _of(partner: Partner) -> Waiting:
    missing = (
        Proposal.state == State.OPEN,
        Proposal.consent_until.is_(None),
        ~select(Ballot.id).where(Ballot.proposal_id == Proposal.id, Ballot.partner_id == partner.id).exists(),
    )
    ballots: list[Due] = []
    n = 0
    if partner.counts:
        rows = db.session.execute(
            select(Proposal.id, Proposal.title, Proposal.title_en, Proposal.vote_by)
            .where(*missing)
            .order_by(Proposal.vote_by.nulls_last(), Proposal.id)
            .limit(SHOWN)
        )
        ballots = [Due(r.id, spoken(r.title, r.title_en), r.vote_by) for r in rows]
        some = select(Proposal.id).where(*missing).limit(COUNTED + 1).subquery()
        n = db.session.scalar(select(func.count()).select_from(some)) or 0
    leases = db.session.execute(
        select(Package.id, Package.title)
        .join(Claim, Claim.package_id == Package.id)
        .where(Claim.partner_id == partner.id, Claim.ended_at.is_(None), Claim.lease_until <= today())
        .where(Package.held_at.is_(None))
        .order_by(Claim.lease_until, Claim.id)
        .limit(SHOWN)
    )
    wait = (Issue.partner_id == partner.id, Issue.visible, Issue.triage == Triage.NEW)
    issues = select(func.count(Issue.id)).where(*wait)
    return Waiting(
        partner.name,
        partner.slug,
        ballots,
        n,
        _ending() if partner.counts else [],
        [(r.id, r.title) for r in leases],
        db.session.scalar(issues) or 0,
        expired(partner.id),
    )


def _ending() -> list[Running]:
    """The consents that run out within a week."""
    return [one for one in running(SHOWN) if one.last <= in_days(7)]


def decided_since(person_id: int, days: int = 7) -> list[Due]:
    """What was decided in the last days, the newest first; without what this person has had a mail about."""
    mailed = select(Told.what).where(Told.person_id == person_id, Told.what.like("news-%"))
    told = [int(what.removeprefix("news-")) for what in db.session.scalars(mailed)]
    rows = db.session.execute(
        select(Proposal.id, Proposal.title, Proposal.title_en, Activity.verb)
        .join(Activity, Activity.proposal_id == Proposal.id)
        .where(Activity.verb.in_(DECIDED), Activity.at > now() - timedelta(days=days), Activity.id.not_in(told))
        .where(Proposal.state != State.MERGED)
        .order_by(Activity.id.desc())
        .limit(SHOWN)
    )
    found = {r.id: Due(r.id, spoken(r.title, r.title_en), verb=r.verb) for r in rows}
    return list(found.values())


def reminders(within: timedelta) -> list[tuple[int, int, date]]:
    """(person, proposal, answer-by date) of ballots that are missing and due within that time."""
    rows = db.session.execute(
        select(
            Membership.person_id, Membership.role, Membership.deputy_from, Membership.deputy_until, Proposal.id,
            Proposal.vote_by,
        )
        .join(Partner, Partner.id == Membership.partner_id)
        .join(Person, Person.id == Membership.person_id)
        .join(Proposal, Proposal.state == State.OPEN)
        .where(Membership.ended_at.is_(None), Partner.votes, Partner.paused_at.is_(None), Person.disabled_at.is_(None))
        .where(Proposal.vote_by >= today(), Proposal.vote_by <= today() + within, Proposal.consent_until.is_(None))
        .where(~select(Ballot.id).where(Ballot.proposal_id == Proposal.id, Ballot.partner_id == Partner.id).exists())
        .order_by(Membership.person_id, Proposal.vote_by, Proposal.id)
    )  # fmt: skip
    found = [
        (r.person_id, r.id, r.vote_by)
        for r in rows
        if r.role == Role.DELEGATE or standing_in(r.deputy_from, r.deputy_until)
    ]
    return list(dict.fromkeys(found))


def consent_reminders(within: timedelta) -> list[tuple[int, int, date]]:
    """(person, proposal, last day to object) of consents that run out within that time, for all who could object."""
    rows = db.session.execute(
        select(
            Membership.person_id, Membership.role, Membership.deputy_from, Membership.deputy_until, Proposal.id,
            Proposal.consent_until,
        )
        .join(Partner, Partner.id == Membership.partner_id)
        .join(Person, Person.id == Membership.person_id)
        .join(Proposal, Proposal.consent_until.is_not(None))
        .where(Membership.ended_at.is_(None), Partner.votes, Partner.paused_at.is_(None), Person.disabled_at.is_(None))
        .where(Proposal.consent_until > now(), Proposal.consent_until <= end_of(today() + within))
        .order_by(Membership.person_id, Proposal.consent_until, Proposal.id)
    )  # fmt: skip
    found = [
        (r.person_id, r.id, last_day(r.consent_until))
        for r in rows
        if r.role == Role.DELEGATE or standing_in(r.deputy_from, r.deputy_until)
    ]
    return list(dict.fromkeys(found))


def delegates() -> Collection[int]:
    """Everybody who may cast some partner's ballot today and has an open account."""
    rows = db.session.execute(
        select(Membership.person_id, Membership.role, Membership.deputy_from, Membership.deputy_until)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.ended_at.is_(None), Person.disabled_at.is_(None))
    )
    fit = [r.person_id for r in rows if r.role == Role.DELEGATE or standing_in(r.deputy_from, r.deputy_until)]
    return list(dict.fromkeys(fit))
