"""The sums that pages show are what is counted again: after every kind of change, at once and in whatever order."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, text

from board.consent import jobs as consents
from board.consent import verbs as consent
from board.db import at, db, transaction
from board.duplicates import verbs as duplicates
from board.estimates import verbs as estimates
from board.i18n import in_days
from board.ordering import together, verbs
from board.policy import SYSTEM, Actor
from board.proposals import queries as proposals
from board.proposals import recount
from board.proposals.models import Proposal
from board.proposals.slips import AHEAD, MONTH, TOOK, Slip, fold, sums
from board.proposals.writing import Draft, import_
from board.voting import ballots, offers
from board.work import reshaping
from board.work.models import Package
from board.work.parts import Part
from tests import factories
from tests.people import Cast

NEW_YEAR = datetime(2026, 1, 1, 12, tzinfo=UTC)


def right() -> bool:
    """Whether the sums are what is counted; the transaction is over."""
    db.session.close()
    return recount.wrong() == []


def number(kind: str) -> int:
    """How many slips of a kind there are."""
    return db.session.scalar(select(func.count()).where(Slip.kind == kind)) or 0


def history(people: Cast) -> Iterator[str]:
    """A year on the board, a change at a time, with what it was."""
    pia, ada = people.pia.actor, people.ada.actor
    words = {"body": "Rat", "decided_on": date(2026, 2, 20), "reason": "Nein."}
    with at(NEW_YEAR):
        for n in range(6):
            factories.make_proposal(people, title=f"N{n}", vote_by=date(2026, 3, 1))
        yield "proposed"
        with transaction():
            import_(SYSTEM, Draft("Läuft", people.defects), state="deferred", builders=[people.celle])
        yield "imported"
        goal = factories.milestone(people, due=None)
        with transaction():
            verbs.plan(proposals.locked(1), pia, goal)
        yield "planned"
        offer(people, 1, 9)
        yield "days offered"
        factories.estimate(people, 1, 3, 12)
        factories.estimate(people, 2, 4, 5)
        yield "estimated"
        for title, effort in (("A", "2.5"), ("B", "0.1"), ("C", None)):
            factories.make_package(people, 1, title=title, effort=Decimal(effort) if effort else None)
        factories.make_package(people, 2, title="D", effort=Decimal(7))
        yield "packages"
    with at(NEW_YEAR + timedelta(days=40)):
        yield from worked(people, pia)
        with transaction():
            proposals.locked(7).accept(pia, without_estimate="Klein", **words)
        yield "what was imported is accepted: the log says from where by its rule"
        with transaction():
            made = together.move([3, 4], pia, "decline", **words)
        yield "declined"
        with transaction():
            together.undo(made.batch or 0, pia)
        yield "taken back"
        with transaction():
            proposals.locked(3).withdraw(ada)
        yield "withdrawn"
        with transaction():
            consent.begin(ballots.locked(5, pia), pia, last=date(2026, 2, 12), without_estimate="Klein")
        yield "in consent"
    with at(NEW_YEAR + timedelta(days=70)):
        assert consents.run_out() == 1
        yield "nobody objected"
        with transaction():
            proposals.locked(5).reopen(pia, vote_by=in_days(30))
        yield "reopened"
        with transaction():
            proposals.locked(5).decline(pia, **words | {"decided_on": date(2026, 2, 1)})
        yield "decided on an earlier day than the first time"
        with transaction():
            duplicates.merge(*duplicates.locked(2, 1), pia)
        yield "merged"
        with transaction():
            proposals.locked(1).accept(pia, without_estimate="Klein", **words)
        yield "accepted with all of it"
        with transaction():
            duplicates.merge(*duplicates.locked(7, 1), pia)
        yield "one with a decision merged"
    with at(NEW_YEAR + timedelta(days=100)):
        for id_ in (7, 2):
            with transaction():
                duplicates.unmerge(*duplicates.locked(id_), pia)
            yield "unmerged"
        with transaction():
            proposals.locked(1).start(pia)
        yield "begun"
        fold()
        yield "put together"


def offer(people: Cast, proposal_id: int, days: int) -> None:
    """Days of Aalen's."""
    with transaction():
        offers.declare(ballots.locked(proposal_id, people.ada.actor), offers.OfferKind.DAYS, days, people.ada.actor)


def worked(people: Cast, pia: Actor) -> Iterator[str]:
    """What happens to packages and estimates."""
    with transaction():
        reshaping.split(4, [Part("E", Decimal(3)), Part("F", Decimal("0.5"))], pia)
    yield "split"
    with transaction():
        reshaping.merge(1, 2, pia)
    yield "packages merged"
    with transaction():
        for id_ in (1, 2, 3):
            db.session.get_one(Package, id_).effort = None
    yield "without any effort"
    with transaction():
        estimates.withdraw(estimates.locked(1)[1], people.ada.actor)
    yield "an estimate withdrawn"


def test_after_every_kind_of_change_the_sums_are_what_is_counted_again(app: Flask, people: Cast) -> None:
    with app.app_context():
        happened = []
        for what in history(people):
            happened.append(what)
            assert right(), happened[-2:]
        assert {one.place for one in sums(TOOK)} == {31, 50}
        assert min(number(kind) for kind in (MONTH, TOOK, AHEAD)) > 0


def withdraw_in_vain(people: Cast) -> None:
    """Something goes wrong behind it."""
    proposals.locked(1).withdraw(people.ada.actor)
    raise ZeroDivisionError


def test_a_change_that_was_undone_leaves_no_slip(app: Flask, people: Cast) -> None:
    with app.app_context():
        factories.make_proposal(people)
        before = db.session.scalars(select(Slip.id)).all()
        with pytest.raises(ZeroDivisionError), transaction():
            withdraw_in_vain(people)
        with transaction(), pytest.raises(ZeroDivisionError), db.session.begin_nested():
            withdraw_in_vain(people)
        assert db.session.scalars(select(Slip.id)).all() == before
        assert right()


def test_a_ballot_writes_no_slip(app: Flask, people: Cast) -> None:
    with app.app_context():
        factories.make_proposal(people)
        before = db.session.scalar(select(func.count()).select_from(Slip))
        factories.cast(people, 1, "for")
        factories.comment(people.ada.actor, "Gut.", proposal_id=1)
        assert db.session.scalar(select(func.count()).select_from(Slip)) == before


def test_putting_together_leaves_one_slip_of_each_and_none_of_what_came_to_nothing(app: Flask, people: Cast) -> None:
    with app.app_context():
        for n in range(3):
            factories.make_proposal(people, title=f"N{n}")
        with transaction():
            proposals.locked(1).withdraw(people.ada.actor)
        before = recount.kept()
        fold()
        assert recount.kept() == before
        assert db.session.scalar(select(func.count()).select_from(Slip)) == len(before) == 3
        fold()
        assert recount.kept() == before


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite has one writer at a time.
def test_slips_that_are_added_while_others_are_put_together_are_neither_lost_nor_held_up(
    app: Flask, people: Cast
) -> None:
    with app.app_context():
        factories.make_proposal(people)
        one = {"kind": MONTH, "place": 1, "state": "open", "n": 1}
        with db.engine.connect() as slow, slow.begin(), db.engine.connect() as other:
            slow.execute(insert(Slip), [one])
            with other.begin():
                other.execute(text("SET LOCAL lock_timeout = '1s'"))
                other.execute(insert(Slip), [one])
            fold()
            assert [found.n for found in sums(MONTH) if found.place == 1] == [1], "what is committed"
            db.session.close()
        with transaction():
            db.session.execute(insert(Slip), [one])
        fold()
        assert [found.n for found in sums(MONTH) if found.place == 1] == [3], "the slow one is not lost"


def test_triggers_follow_a_row_whoever_writes_it(app: Flask, people: Cast) -> None:
    with app.app_context():
        factories.make_proposal(people)
        for statement in (
            "UPDATE proposal SET effort_high = 4, days_offered = 3", "UPDATE proposal SET state = 'available'",
            "UPDATE proposal SET state = 'piloting'", "UPDATE proposal SET state = 'piloting', version = 9",
        ):  # fmt: skip
            with transaction():
                db.session.execute(text(statement))
        (found,) = sums(AHEAD)
        assert (found.place, found.state, found.n, found.days, found.effort) == (0, "piloting", 1, 3, 40)
        assert db.session.get_one(Proposal, 1).work_effort == 0


def test_who_has_only_read_can_propose_after_tables_were_changed_elsewhere(app: Flask, people: Cast) -> None:
    with app.app_context():
        db.engine.dispose()  # So that both connections are new.
        with db.engine.connect() as other:
            for _again in range(2):
                assert db.session.scalar(select(func.count(Proposal.id))) == 0
                db.session.rollback()
                for statement in ("CREATE INDEX made_meanwhile ON topic (slug)", "DROP INDEX made_meanwhile"):
                    other.exec_driver_sql(statement)
                other.commit()
            assert factories.make_proposal(people) == 1
