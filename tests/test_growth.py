"""As the board grows: recounts walk it in ranges, and the database learns what is in it."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import ColumnElement, select, text, update

from board import spans
from board.db import db, on_postgres, transaction
from board.estimates import effort
from board.jobs.listed import JOBS
from board.partners.models import Electorate
from board.proposals import cells
from board.proposals.models import Proposal
from board.record import checks
from board.voting.models import Ballot
from board.voting.tallies import check_tallies
from tests.factories import cast, make_proposal
from tests.people import Cast


@pytest.fixture
def seven(app: Flask, people: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Seven proposals with a ballot each, walked in ranges of two."""
    monkeypatch.setattr(spans, "SIZE", 2)
    with app.app_context():
        made = [make_proposal(people, title=f"Bäder {n}") for n in range(7)]
        for number in made:
            cast(people, number, "for", people.cleo.actor)
        yield made


def test_ranges_leave_no_gap_and_overlap_nowhere(seven: list[int]) -> None:
    found = list(spans.spans(Proposal.id))
    assert [sum(first <= number <= last for first, last in found) for number in seven] == [1] * 7
    assert [first for first, _last in found] == [1, *(last + 1 for _first, last in found[:-1])]
    assert len(found) == 4


def test_each_recount_finds_what_is_wrong_in_every_range(seven: list[int]) -> None:
    assert checks.ballots() + check_tallies() + effort.check_efforts() == []
    with transaction():
        db.session.execute(update(Proposal).values(n_abstain=3, effort_high=9))
        db.session.execute(update(Ballot).values(choice="abstain"))
    keys = [f"FV-{number}:" for number in seven]
    assert [line.split()[0] for line in checks.ballots()] == keys
    assert {line.split()[0] for line in check_tallies()} == set(keys)
    assert effort.check_efforts() == seven


def test_the_database_learns_once_a_day_how_it_has_grown(seven: list[int]) -> None:
    job = next(job for job in JOBS if job.name == "statistics")
    job.run()
    if on_postgres():
        return  # Autovacuum does it; the job has nothing to do there and must not fail.
    told = db.session.scalar(text("SELECT stat FROM sqlite_stat1 WHERE idx = 'ix_proposal_state'"))
    assert told is not None
    assert told.startswith("7 ")
    assert db.session.scalar(select(Proposal.id).limit(1))


def test_the_classes_that_the_database_keeps_are_those_of_the_arithmetic(app: Flask, people: Cast) -> None:
    with app.app_context():
        made = make_proposal(people)
        for electorate in (None, 0, 1, 7, 45):
            for ayes, noes in [(0, 0), (0, 3), (1, 0), (1, 1), (2, 9), (9, 1), (30, 10), (45, 5), (36, 4), (9, 3)]:
                with transaction():
                    values = {"n_for": ayes, "n_against": noes, "electorate_size": electorate}
                    db.session.execute(update(Proposal).values(values))
                    voters = 12 if electorate is None else electorate
                    db.session.execute(update(Electorate).values(size=12))
                classes = {
                    scale: [
                        one.code for one in cells.SCALES[scale] if found(cells.condition(scale, one.code)) == [made]
                    ]
                    for scale in ("support", "contest")
                }
                assert classes == {"support": [share(ayes, voters)], "contest": [share(noes, ayes + noes, "contest")]}
                for scale in classes:
                    kept = Proposal.support_place if scale == "support" else Proposal.contest_class
                    number = cells.numbering(scale, voters)(db.session.scalars(select(kept)).one())
                    assert [cells.SCALES[scale][number].code] == classes[scale]


def found(condition: ColumnElement[bool]) -> list[int]:
    return list(db.session.scalars(select(Proposal.id).where(condition)))


def share(part: int, whole: int, scale: str = "support") -> str:
    """The code of the class, by arithmetic."""
    if not part:
        return cells.NONE
    fits = (one for one in cells.SCALES[scale] if one.up_to is None or 100 * part <= one.up_to * whole)
    return next(one.code for one in fits if one.up_to != 0)
