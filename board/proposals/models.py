"""Proposals, their topics, links and decisions, and the verbs that move a proposal from state to state.

Which verb leads where stands in `states`; how a text comes in and changes (`propose`, `import_`, `edit`) in `writing`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from types import MappingProxyType

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    Update,
    bindparam,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from board.accounts.models import Person
from board.activity.models import act
from board.db import Base, db, now, only_with, run
from board.errors import Conflict
from board.i18n import gettext as _
from board.i18n import today
from board.partners.models import Electorate, Partner
from board.policy import Actor
from board.proposals import classes, turns
from board.proposals.counts import count
from board.proposals.states import LABELS, MOVES, REFUSED, State


class Topic(Base):
    """A subject of the city app, after the topic values of the Fraunhofer IESE city-app module schema."""

    __tablename__ = "topic"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(60), unique=True)
    label_de: Mapped[str] = mapped_column(String(80))
    label_en: Mapped[str] = mapped_column(String(80))
    retired_at: Mapped[datetime | None]

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it: under nothing; the details hold its number."""
        return {}

    def label(self, locale: str) -> str:
        """The name people read."""
        return self.label_en if locale == "en" else self.label_de


LISTED = {
    "state": ("state", "id"), "topic": ("topic_id", "id"), "partner": ("partner_id", "id"),
    "support": ("n_for", "id"), "contest": ("contest", "id"), "contest_class": ("contest_class", "id"),
    "due": ("state", "vote_by", "id"), "active": ("active_at", "id"), "strength": ("strength", "id"),
    "value": ("value", "id"), "effort": ("effort_high", "id"),
    "contest_support": ("contest_class", "n_for", "id"), "contest_active": ("contest_class", "active_at", "id"),
    "state_strength": ("state", "strength", "id"), "topic_state": ("topic_id", "state", "id"),
    "state_live": ("state", "n_live", "id"), "partner_state": ("partner_id", "state", "id"),
    "partner_topic": ("partner_id", "topic_id", "id"),
}  # fmt: skip
CARRIED = ("state", "topic_id", "partner_id", "value", "effort_high", "milestone_id")
DRAWN = ("support_place", "contest_class")
"""What pictures are drawn from besides. Ballots move it, so no more indexes carry it than are read for that."""
SORTED = (*DRAWN, "active_at", "n_for", "contest", "strength", "vote_by")
"""What lists are sorted by as well. Ballots move that, too, so only those three carry it that together leave few."""
BESIDE = {"state": DRAWN, "topic_state": SORTED, "partner_state": SORTED, "partner_topic": SORTED}


def _listed(name: str, *columns: str) -> Index:
    """An index of lists. It carries what lists are narrowed by, so that a row which does not fit is never fetched."""
    carried = (column for column in CARRIED if column not in columns)
    return Index(f"ix_proposal_{name}", *columns, *carried, *BESIDE.get(name, ()))


class Proposal(Base):
    """A feature that one partner asks the others for.

    The counters (`n_…`, `days_…`, `contest`, `effort_…`, `strength`) are kept in the transaction that changes what
    they count; `work_effort`, its packages' effort in tenths of person-days, by the database (`ahead`). `effort_until`
    is the last day on which an estimate is valid; `value` is 1 to 5, 0: not rated yet. `version` changes with anything
    shown, `text_version` with title or text only. `once` is the token of the form it came from: a second click finds
    the first one's proposal. While `consent_until` is set, it is in consent (`board.consent`): whoever empties that
    column first has ended it; `without_estimate` says meanwhile why it goes without a valid estimate.
    """

    __tablename__ = "proposal"
    __table_args__ = (
        *(_listed(name, *columns) for name, columns in LISTED.items()),
        Index("ix_proposal_support_place", "support_place", "id"),
        Index("ix_proposal_milestone", "milestone_id", "id", **only_with("milestone_id")),
        Index("ix_proposal_live", "n_live", "id"),
        Index("ix_proposal_ahead", "state", "milestone_id", "vote_by", "id"),
        Index("ix_proposal_merged", "merged_into_id", **only_with("merged_into_id")),
        Index("ix_proposal_consent", "consent_until"),
        UniqueConstraint("author_id", "once"),
        CheckConstraint("n_for >= 0 AND n_against >= 0 AND n_abstain >= 0", name="tally"),
        CheckConstraint("value >= 0 AND value <= 5", name="value"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(String(240), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    html: Mapped[str] = mapped_column(Text, default="")
    title_en: Mapped[str] = mapped_column(String(120), default="")
    summary_en: Mapped[str] = mapped_column(String(240), default="")
    text_en: Mapped[str] = mapped_column(Text, default="")
    html_en: Mapped[str] = mapped_column(Text, default="")
    search: Mapped[str] = mapped_column(Text, default="")
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"))
    state: Mapped[str] = mapped_column(String(12), default=State.OPEN)
    partner_id: Mapped[int | None] = mapped_column(ForeignKey("partner.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    imported: Mapped[bool] = mapped_column(default=False)
    once: Mapped[str | None] = mapped_column(String(40))
    vote_by: Mapped[date | None]
    consent_until: Mapped[datetime | None]
    without_estimate: Mapped[str] = mapped_column(String(500), default="")
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("proposal.id"))
    electorate_size: Mapped[int | None]
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    active_at: Mapped[datetime] = mapped_column(default=now)
    version: Mapped[int] = mapped_column(default=1)
    text_version: Mapped[int] = mapped_column(default=1)
    n_for: Mapped[int] = mapped_column(default=0)
    n_against: Mapped[int] = mapped_column(default=0)
    n_abstain: Mapped[int] = mapped_column(default=0)
    contest: Mapped[int] = mapped_column(default=0)
    support_place: Mapped[int] = mapped_column(Computed(classes.SUPPORT))
    contest_class: Mapped[int] = mapped_column(Computed(classes.CONTEST))
    n_comments: Mapped[int] = mapped_column(default=0)
    n_packages: Mapped[int] = mapped_column(default=0)
    n_free: Mapped[int] = mapped_column(default=0)
    n_live: Mapped[int] = mapped_column(default=0)
    coalition: Mapped[str] = mapped_column(Text, default="")
    strength: Mapped[int] = mapped_column(default=0)
    days_offered: Mapped[int] = mapped_column(default=0)
    effort_low: Mapped[int] = mapped_column(default=0)
    effort_high: Mapped[int] = mapped_column(default=0)
    effort_until: Mapped[date | None]
    work_effort: Mapped[int] = mapped_column(default=0)
    value: Mapped[int] = mapped_column(default=0)
    milestone_id: Mapped[int | None] = mapped_column(ForeignKey("milestone.id"))

    topic: Mapped[Topic] = relationship(lazy="raise_on_sql")
    partner: Mapped[Partner | None] = relationship(lazy="raise_on_sql")
    author: Mapped[Person | None] = relationship(lazy="raise_on_sql")
    links: Mapped[list[ProposalLink]] = relationship(
        lazy="raise_on_sql", order_by="ProposalLink.id", cascade="all, delete-orphan"
    )
    builders: Mapped[list[Partner]] = relationship(
        secondary="proposal_builder", lazy="raise_on_sql", order_by="Partner.name"
    )
    decisions: Mapped[list[Decision]] = relationship(lazy="raise_on_sql", order_by="Decision.id")

    @property
    def key(self) -> str:
        """How people call it: FV-12."""
        return f"FV-{self.id}"

    @property
    def is_open(self) -> bool:
        """Whether ballots can be cast."""
        return self.state == State.OPEN

    @property
    def label(self) -> str:
        """The state in the reader's words."""
        return _(LABELS[self.state])

    @property
    def estimated(self) -> bool:
        """Whether an estimate of it is valid today."""
        return self.estimated_on(today())

    def estimated_on(self, day: date) -> bool:
        """Whether an estimate of it is valid on that day."""
        return self.effort_until is not None and self.effort_until >= day

    def refs(self) -> dict[str, int | None]:
        """How the activity log files it."""
        return {"proposal_id": self.id}

    def can(self, verb: str) -> bool:
        """Whether the state allows a verb of `MOVES`; the right is asked by `act`."""
        return self.state in MOVES[verb][0]

    def withdraw(self, by: Actor) -> None:
        """Take it out of the running; ballots already cast stay on record."""
        self._move(by, "withdraw")
        self._freeze()

    def accept(self, by: Actor, *, body: str, decided_on: date, reason: str, without_estimate: str = "") -> None:
        """Record that the committee accepted it; ballots and electorate are frozen.

        Raises Conflict with `hints["unestimated"]` where no estimate is valid and nobody says why it goes without.
        """
        self._decide(by, "accept", body, decided_on, reason, without_estimate)

    def defer(self, by: Actor, *, body: str, decided_on: date, reason: str) -> None:
        """Record that the committee put it off; ballots and electorate are frozen."""
        self._decide(by, "defer", body, decided_on, reason)

    def decline(self, by: Actor, *, body: str, decided_on: date, reason: str) -> None:
        """Record that the committee declined it; ballots and electorate are frozen."""
        self._decide(by, "decline", body, decided_on, reason)

    def start(self, by: Actor) -> None:
        """The work has begun."""
        self._move(by, "start")

    def pilot(self, by: Actor) -> None:
        """The first partners try it out."""
        self._move(by, "pilot")

    def publish(self, by: Actor) -> None:
        """Everyone can use it."""
        self._move(by, "publish")

    def reopen(self, by: Actor, *, vote_by: date) -> None:
        """Ask again, with a new answer-by date: ballots are kept, the electorate is today's again."""
        self._move(by, "reopen")
        self.electorate_size = self.closed_at = None
        self.vote_by = vote_by

    def become_part(self, into_id: int) -> None:
        """Half of `duplicates.merge`, which has acted: it stands in no list any more, its ballots are frozen."""
        self._step(State.MERGED)
        self.merged_into_id = into_id
        if self.closed_at is None:
            self._freeze()

    def stand_alone(self, state: State, closed_at: datetime | None, electorate_size: int | None) -> None:
        """Half of `duplicates.unmerge`: it is again what it was."""
        self._step(state)
        self.merged_into_id, self.closed_at, self.electorate_size = None, closed_at, electorate_size

    def _move(self, by: Actor, verb: str) -> None:
        """One step of `MOVES`, on the row as it stands now. Raises Denied, and Conflict in another state."""
        act(by, f"proposal.{verb}", self, to=MOVES[verb][1].value)
        db.session.refresh(self, FRESH, with_for_update=True)
        if not self.can(verb):
            raise Conflict(_(REFUSED[verb], state=self.label), state=self.state)
        self._step(MOVES[verb][1])

    def _step(self, to: State) -> None:
        before, self.state, self.consent_until, self.without_estimate = self.state, to, None, ""
        self.version += 1
        self.active_at = now()
        count({(before, self.topic_id): -1, (self.state, self.topic_id): 1})
        turns.moved(self, before)

    def _decide(self, by: Actor, verb: str, body: str, decided_on: date, reason: str, without: str = "") -> None:
        self._move(by, verb)
        if verb == "accept" and not self.estimated and not without:
            raise Conflict(
                _("No estimate of it is valid: please say why it is accepted without one."), unestimated=True
            )
        if self.electorate_size is None:
            self._freeze()
        self._record(by, body, decided_on, reason, estimated=self.estimated, without=without)

    def conclude(self, by: Actor, *, decided_on: date) -> None:
        """Accept it because nobody objected (second half of `consent.pass`); silence is counted, but is no ballot.

        Raises Conflict where no estimate is valid on that day and nobody has said why it goes without one.
        """
        estimated, without = self.estimated_on(decided_on), self.without_estimate
        if not estimated and not without:
            raise Conflict(_("It waits for a valid estimate."), unestimated=True)
        self._step(State.ACCEPTED)
        self._freeze()
        answered = self.n_for + self.n_against + self.n_abstain
        silent = max(0, (self.electorate_size or 0) - answered)
        self._record(by, "", decided_on, "", silent=silent, estimated=estimated, without=without)

    def _record(
        self, by: Actor, body: str, decided_on: date, reason: str, *, estimated: bool, without: str,
        silent: int | None = None,
    ) -> None:  # fmt: skip
        low, high = (self.effort_low, self.effort_high) if estimated else (0, 0)
        before = turns.first_decision(self)
        db.session.add(
            Decision(
                proposal_id=self.id, outcome=self.state, body=body, decided_on=decided_on, reason=reason,
                n_for=self.n_for, n_against=self.n_against, n_abstain=self.n_abstain,
                electorate_size=self.electorate_size, silent=silent, effort_low=low, effort_high=high,
                without_estimate="" if estimated else without, recorded_by_id=by.person_id, recorded_at=now(),
            )
        )  # fmt: skip
        turns.decided(self, before)

    def _freeze(self) -> None:
        """End the ballot: from now on the tally is over those who vote today."""
        self.electorate_size = db.session.get_one(Electorate, Electorate.ONLY).size
        self.closed_at = now()


FRESH = (
    "state", "topic_id", "n_for", "n_against", "n_abstain", "electorate_size", "version", "text_version",
    "consent_until", "without_estimate", "effort_low", "effort_high", "effort_until",
)  # fmt: skip


class ProposalLink(Base):
    """A titled link under a proposal; `source` marks where an imported proposal comes from."""

    __tablename__ = "proposal_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    title: Mapped[str] = mapped_column(String(160))
    url: Mapped[str] = mapped_column(String(500))
    source: Mapped[bool] = mapped_column(default=False)


class ProposalBuilder(Base):
    """Which partner built it, as its source says."""

    __tablename__ = "proposal_builder"

    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), primary_key=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("partner.id"), primary_key=True, index=True)


class Decision(Base):
    """What a committee decided about a proposal, on which date, and why; the electorate is frozen with it.

    So is the effort of the valid estimates (0: none); `without_estimate` says why it was accepted without one.
    Where it was accepted because nobody objected, `silent` is the number of partners without ballot or objection;
    then no body and no reason is named.
    """

    __tablename__ = "decision"
    __table_args__ = (CheckConstraint("outcome IN ('accepted', 'deferred', 'declined')", name="outcome"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    proposal_id: Mapped[int] = mapped_column(ForeignKey("proposal.id"), index=True)
    outcome: Mapped[str] = mapped_column(String(12))
    body: Mapped[str] = mapped_column(String(160))
    decided_on: Mapped[date]
    reason: Mapped[str] = mapped_column(String(2000))
    n_for: Mapped[int]
    n_against: Mapped[int]
    n_abstain: Mapped[int]
    electorate_size: Mapped[int]
    effort_low: Mapped[int] = mapped_column(default=0)
    effort_high: Mapped[int] = mapped_column(default=0)
    without_estimate: Mapped[str] = mapped_column(String(500), default="")
    taken_back_at: Mapped[datetime | None]
    silent: Mapped[int | None]
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    recorded_at: Mapped[datetime] = mapped_column(default=now)


def touch(proposal_id: int, put: Mapping[str, int | str] = MappingProxyType({}), **steps: int) -> None:
    """Something shown on the proposal changed: put these values, add to these counters, renew its version."""
    db.session.flush()
    moved = {f"by_{name}": by for name, by in steps.items()}
    run(_touching(*steps), touched=proposal_id, at=now(), **put, **moved)


@cache
def _touching(*counters: str) -> Update:
    """The statement for one of the few ways to touch a proposal, built once."""
    moved = {name: getattr(Proposal, name) + bindparam(f"by_{name}") for name in counters}
    return (
        update(Proposal)
        .where(Proposal.id == bindparam("touched"))
        .values(version=Proposal.version + 1, active_at=bindparam("at"), **moved)
    )
