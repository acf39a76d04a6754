"""What must be true of the whole board, asked of the database: for `flask check`, tests and a restore.

Each check returns findings in plain words, in the running language; none is the only good answer.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select, text

from board.db import db, on_postgres, run
from board.decisions import verbs as sheets
from board.duplicates import queries as duplicates
from board.estimates.effort import check_efforts
from board.i18n import gettext as _
from board.joined import HELD
from board.log import log
from board.partners.models import Electorate, Partner, searchable
from board.proposals import recount
from board.proposals.counts import ProposalCount
from board.proposals.models import Proposal
from board.record import chain, counted, guard, told
from board.record.chain import Head
from board.voting.tallies import check_tallies
from board.work.dependencies import circles
from board.work.models import Claim, Package, PackageState, Seat


@dataclass(frozen=True)
class Finding:
    """The outcome of one check: what was looked at, and what is wrong, a sentence each."""

    name: str
    title: str
    wrong: tuple[str, ...]
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


def everything(known: Sequence[Head] = ()) -> list[Finding]:
    """Every check, in the order in which people read them, all of the same moment where none was begun before."""
    if on_postgres() and HELD not in db.session().info:
        db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    chained = record(known)
    simple: Iterable[tuple[str, str, Callable[[], list[str]]]] = (
        ("guard", _("Protection of the record"), _guard),
        ("ballots", _("Ballots against the record"), ballots),
        ("tallies", _("Tallies, recounted"), tallies),
        ("counters", _("Counters"), counters),
        ("claims", _("Claims on work packages"), claims),
        ("dependencies", _("Who waits for whom"), _dependencies),
        ("mergers", _("Merged proposals"), _mergers),
        ("decisions", _("Records of decisions"), _decisions),
        ("database", _("The database's own check"), database),
    )
    return [chained, *(Finding(name, title, tuple(look())) for name, title, look in simple)]


class RecordBroken(Exception):
    """A check found something; administrators see it as the job's problem, the log names the checks."""


def check_due() -> None:
    """Every check, once a day by itself. Raises RecordBroken, so that the job counts as failed."""
    wrong = {finding.name: len(finding.wrong) for finding in everything() if not finding.ok}
    db.session.close()
    if wrong:
        log.error("check", wrong=wrong)
        raise RecordBroken


def record(known: Sequence[Head] = ()) -> Finding:
    """The chain, and the tail that is not sealed yet."""
    verdict = chain.verify(known)
    wrong = tuple(FAULTS[kind](number) for kind, number in verdict.faults)
    note = _("%(n)s entries sealed, %(tail)s not yet.", n=verdict.head.position, tail=verdict.unsealed)
    return Finding("record", _("Record, sealed entry by entry"), wrong, note)


FAULTS: dict[str, Callable[[int], str]] = {
    "changed": lambda n: _("Entry %(n)s was changed after it was sealed, or stands in another place.", n=n),
    "deleted": lambda n: _("Entry %(n)s is sealed but no longer there.", n=n),
    "inserted": lambda n: _("Entry %(n)s came in behind entries that are sealed already.", n=n),
    "gap": lambda n: _("The seal of position %(n)s is missing.", n=n),
    "rewritten": lambda n: _("Position %(n)s carries another seal than the one kept outside.", n=n),
    "cut": lambda n: _("The record ends before position %(n)s, which is known from outside.", n=n),
}


def _dependencies() -> list[str]:
    return [_("AP-%(id)s waits in a circle, in which nobody could begin.", id=n) for n in circles()]


def _mergers() -> list[str]:
    return [_("FV-%(id)s: state and merger do not fit.", id=n) for n in duplicates.check()]


def _decisions() -> list[str]:
    return [_("Decision %(id)s: the words on record are not those that were decided.", id=n) for n in sheets.check()]


def _guard() -> list[str]:
    return [
        _("The database no longer refuses changes to the record: %(name)s is missing.", name=name)
        for name in guard.missing(db.session.connection())
    ]


def ballots() -> list[str]:
    """Each ballot is what the record says, and each one that it tells of is there."""
    return [
        _("FV-%(id)s: the ballot of partner %(partner)s is not the one on record.", id=p, partner=a)
        for p, a in told.check_ballots()
    ]


def tallies() -> list[str]:
    """The tally of every proposal, counted again from the ballots."""
    keys = (line.partition(":")[0] for line in check_tallies())
    return [_("%(key)s: the tally or the coalition is not what the ballots and offers say.", key=key) for key in keys]


def counters() -> list[str]:
    """Every number that is kept instead of counted."""
    words = {
        "packages": _("number of work packages"), "free": _("number of free work packages"),
        "comments": _("number of comments"), "effort": _("effort of the work packages"),
    }  # fmt: skip
    return [
        *(line for name, ids in counted.proposals().items() for line in _say("FV", ids, words[name])),
        *_say("AP", counted.packages(), words["comments"]),
        *_say("FV", check_efforts(), _("range of the estimates")),
        *_totals(),
    ]


def _say(prefix: str, ids: Iterable[int], what: str) -> list[str]:
    return [_("%(key)s: the %(what)s is wrong.", key=f"{prefix}-{n}", what=what) for n in ids]


_KEPT = select(ProposalCount.state, ProposalCount.topic_id, ProposalCount.n).where(ProposalCount.n != 0)
_REAL = select(Proposal.state, Proposal.topic_id, func.count()).group_by(Proposal.state, Proposal.topic_id)
_VOTERS = select(func.count(Partner.id)).where(Partner.votes, Partner.paused_at.is_(None))
_SIZE = select(Electorate.size)


def _totals() -> list[str]:
    kept, real = ({(state, topic): n for state, topic, n in run(counts)} for counts in (_KEPT, _REAL))
    found = []
    if kept != real:
        found.append(_("The totals of proposals by state and topic are wrong."))
    if recount.wrong():
        found.append(_("The sums that pictures and the roadmap show are wrong."))
    if run(_SIZE).scalar() != run(_VOTERS).scalar():
        found.append(_("The number of voting partners is wrong."))
    named = db.session.execute(select(Partner.slug, Partner.name, Partner.state, Partner.search).order_by(Partner.id))
    return found + [
        _("Partner %(slug)s: the text by which it is found is not its name.", slug=slug)
        for slug, name, state, kept in named
        if kept != searchable(name, state)
    ]


_LEAD = and_(Claim.package_id == Package.id, Claim.seat == Seat.LEAD, Claim.ended_at.is_(None))
_HELD = (PackageState.CLAIMED, PackageState.IN_PROGRESS, PackageState.REVIEW)
_ORPHANED = (
    select(Package.id)
    .outerjoin(Claim, _LEAD)
    .where(
        or_(
            and_(Package.state == PackageState.OPEN, or_(Claim.id.is_not(None), Package.lead_partner_id.is_not(None))),
            and_(
                Package.state.in_(_HELD),
                or_(Claim.id.is_(None), Claim.partner_id != Package.lead_partner_id, Package.lead_partner_id.is_(None)),
            ),
        )
    )
)
_OUTLIVED = (
    select(Claim.package_id)
    .join(Package, Package.id == Claim.package_id)
    .where(Claim.ended_at.is_(None), Package.state == PackageState.DONE)
)


def claims() -> list[str]:
    """Each package names the partner that leads it, and no seat outlives its package."""
    db.session.flush()
    return [
        *(_("AP-%(id)s: state and lead do not fit the claims.", id=row.id) for row in run(_ORPHANED)),
        *(_("AP-%(id)s is done, but somebody still holds a seat.", id=row.package_id) for row in run(_OUTLIVED)),
    ]


def database() -> list[str]:
    """What the database finds wrong in itself (SQLite: pages, indexes and references)."""
    if on_postgres():
        return []
    told = [row for row in db.session.scalars(text("PRAGMA integrity_check(20)")) if row != "ok"]
    broken = {row[0] for row in db.session.execute(text("PRAGMA foreign_key_check"))}
    return [
        *(_("The database file is damaged: %(what)s", what=row) for row in told),
        *(_("Table %(name)s refers to something that is not there.", name=name) for name in sorted(broken)),
    ]
