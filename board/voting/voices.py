"""Who voted how, with names and reasons, and who has not: for signed-in readers only.

Where thousands voted, a proposal's page shows those that matter most to its reader; the others have pages of their own.
"""

from typing import Any

from sqlalchemy import Select, case, exists, func, or_, select

from board.accounts.models import Person
from board.activity.models import Activity
from board.db import db
from board.partners.models import Electorate, Partner
from board.partners.names import ORDER, behind, called
from board.policy import Acting, Actor
from board.proposals.states import State
from board.voting.company import HISTORY_LENGTH, NAMES, acting
from board.voting.models import Ballot, Choice, Condition
from board.voting.shapes import Ballots, Change, Voice, VoicesPage

SHOWN = 100
"""So many ballots, and so many partners without one, stand on a proposal's page and on a page of all of them."""
NONE = "none"
"""Beside the choices: the partners that have not answered."""
HISTORY = ("ballot.", "offer.", "condition.")
_VOICES = (
    NAMES.add_columns(Ballot, Person.name.label("person"), Partner.search)
    .join(Ballot, Ballot.partner_id == Partner.id)
    .outerjoin(Person, Person.id == Ballot.person_id)
)


def everybody(proposal: Any, by: Actor) -> Ballots:
    """Who voted how, by name, and who has not, however many they are; nothing of it for strangers."""
    if not by.signed_in:
        return Ballots(proposal.id, f"FV-{proposal.id}", visible=False)
    rows = db.session.execute(_VOICES.where(Ballot.proposal_id == proposal.id).order_by(*ORDER)).all()
    silent = [acting(row) for row in db.session.execute(_silent(proposal))] if _asks(proposal) else []
    return _told(proposal, _voices(rows, proposal), len(rows), silent, len(silent))


def listed(proposal: Any, after: str, most: int) -> tuple[tuple[Voice, ...], list[Acting], str]:
    """So many of those who voted, by name, then of those who have not, behind a place; and the place of the rest."""
    part, _, place = after.rpartition("~")
    found: list[Any] = []
    if part != NONE:
        wanted = _VOICES.where(Ballot.proposal_id == proposal.id, behind(place)).order_by(*ORDER)
        found = list(db.session.execute(wanted.limit(most + 1)))
        place = ""
    voices, room = _voices(found[:most], proposal), most - len(found)
    if room < 0:
        return voices, [], str(found[most - 1].partner_id)
    rows = list(db.session.execute(_silent(proposal).where(behind(place)).limit(room + 1))) if _asks(proposal) else []
    silent = [acting(row) for row in rows[:room]]
    return voices, silent, f"{NONE}~{silent[-1].id if silent else ''}" if len(rows) > room else ""


def ballots(proposal: Any, by: Actor) -> Ballots:
    """As a proposal's page shows them: by name, with every change.

    Of more than `SHOWN`: one's partner's own, then those against and with conditions, then the newest.
    """
    if not by.signed_in:
        return Ballots(proposal.id, f"FV-{proposal.id}", visible=False)
    rows = db.session.execute(_first(proposal.id, by.partner_id or 0)).all()
    n = len(rows)
    if n <= SHOWN:
        rows = sorted(rows, key=lambda row: (row.search, row.partner_id))
    else:
        n = db.session.scalar(select(func.count()).where(Ballot.proposal_id == proposal.id)) or 0
    silent, missing = _some_silent(proposal)
    return _told(proposal, _voices(rows[:SHOWN], proposal), n, silent, missing, _changes(proposal.id))


def page(proposal: Any, choice: str, typed: str, after: str) -> VoicesPage:
    """One page of all, by name: those of a choice or without any, those that are called like that."""
    here = (called(typed), behind(after))
    silent: list[Acting] = []
    voices: tuple[Voice, ...] = ()
    if choice == NONE:
        found = db.session.execute(_silent(proposal).where(*here).limit(SHOWN + 1)).all()
        silent = [acting(row) for row in found[:SHOWN]]
    else:
        said = (Ballot.choice == choice,) if choice else ()
        wanted = _VOICES.where(Ballot.proposal_id == proposal.id, *said, *here).order_by(*ORDER).limit(SHOWN + 1)
        found = db.session.execute(wanted).all()
        voices = _voices(found[:SHOWN], proposal)
    more = str(found[SHOWN - 1].partner_id) if len(found) > SHOWN else ""
    return VoicesPage(voices, tuple(silent), _numbers(proposal), more)


def answered(proposal_id: int) -> list[Acting]:
    """Who has a ballot that counts, by name; of more than `SHOWN` those who cast theirs last."""
    wanted = NAMES.add_columns(Partner.search).join(Ballot, Ballot.partner_id == Partner.id)
    wanted = wanted.where(Ballot.proposal_id == proposal_id, Ballot.counted)
    rows = db.session.execute(wanted.order_by(Ballot.cast_at.desc(), Ballot.id.desc()).limit(SHOWN + 1)).all()
    if len(rows) <= SHOWN:
        rows = sorted(rows, key=lambda row: (row.search, row.partner_id))
    return [acting(row) for row in rows[:SHOWN]]


def _told(proposal: Any, voices: tuple[Voice, ...], n: int, silent: list[Acting], missing: int,
          changes: tuple[Change, ...] = ()) -> Ballots:  # fmt: skip
    return Ballots(proposal.id, f"FV-{proposal.id}", True, voices, n, tuple(silent), missing, changes)


def _first(proposal_id: int, partner_id: int) -> Select[Any]:
    """The ballots to show first, one more than are shown, so that one sees whether there are others."""
    conditioned = select(Condition.partner_id).where(Condition.proposal_id == proposal_id)
    rank = case(
        (Ballot.partner_id == partner_id, 0),
        (or_(Ballot.choice == Choice.AGAINST, Ballot.partner_id.in_(conditioned)), 1),
        else_=2,
    )
    order = (rank, Ballot.cast_at.desc(), Ballot.id.desc())
    ids = select(Ballot.id).where(Ballot.proposal_id == proposal_id).order_by(*order).limit(SHOWN + 1)
    return _VOICES.where(Ballot.id.in_(ids.scalar_subquery())).order_by(*order)


def _voices(rows: Any, proposal: Any) -> tuple[Voice, ...]:
    return tuple(_voice(row, proposal) for row in rows)


def _voice(row: Any, proposal: Any) -> Voice:
    cast: Ballot = row.Ballot
    stale = cast.text_version != proposal.text_version
    return Voice(acting(row), cast.choice, cast.reason, cast.cast_at, row.person or "", stale, cast.counted)


def _silent(proposal: Any) -> Any:
    """Who could answer and has not yet; whether anybody still asks is up to the caller."""
    spoken = exists().where(Ballot.proposal_id == proposal.id, Ballot.partner_id == Partner.id)
    return NAMES.where(Partner.votes, Partner.paused_at.is_(None), ~spoken).order_by(*ORDER)


def _asks(proposal: Any) -> bool:
    """After the decision nobody asks any more."""
    return bool(proposal.state == State.OPEN)


def _some_silent(proposal: Any) -> tuple[list[Acting], int]:
    """The first that have not answered, and how many there are."""
    if not _asks(proposal):
        return [], 0
    rows = db.session.execute(_silent(proposal).limit(SHOWN + 1)).all()
    return [acting(row) for row in rows[:SHOWN]], len(rows) if len(rows) <= SHOWN else _missing(proposal)


def _missing(proposal: Any) -> int:
    size: int = db.session.scalar(select(Electorate.size).where(Electorate.id == Electorate.ONLY)) or 0
    answered: int = proposal.n_for + proposal.n_against + proposal.n_abstain
    return max(0, size - answered)


def _numbers(proposal: Any) -> dict[str, int]:
    """How many there are of each choice, and without any while it is open."""
    counted = select(Ballot.choice, func.count()).where(Ballot.proposal_id == proposal.id).group_by(Ballot.choice)
    found = dict(db.session.execute(counted).all())
    numbers = {choice.value: found.get(choice.value, 0) for choice in Choice}
    return numbers | ({NONE: _missing(proposal)} if _asks(proposal) else {})


def _changes(proposal_id: int) -> tuple[Change, ...]:
    """The newest first, at most `HISTORY_LENGTH`; the whole is in the activity log."""
    verbs = or_(*(Activity.verb.startswith(prefix) for prefix in HISTORY))
    rows = db.session.execute(
        select(
            Activity.at, Activity.verb, Activity.details, Person.name.label("person"), Partner.id.label("partner_id"),
            Partner.slug, Partner.name, Partner.sign, Partner.ags, Partner.kind, Partner.votes,
        )
        .outerjoin(Partner, Partner.id == Activity.about_id)
        .outerjoin(Person, Person.id == Activity.person_id)
        .where(Activity.proposal_id == proposal_id, verbs)
        .order_by(Activity.id.desc())
        .limit(HISTORY_LENGTH)
    )  # fmt: skip
    return tuple(
        Change(r.at, r.verb, acting(r) if r.partner_id else None, r.person or "", r.details or {}) for r in rows
    )
