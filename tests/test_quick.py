"""Statements that are run past SQLAlchemy's execution end as they would with it, and are heard by who listens."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, bindparam, event, insert, select, text, update
from sqlalchemy.exc import IntegrityError, MultipleResultsFound, NoResultFound, OperationalError

from board import quick
from board.accounts.models import Person
from board.activity.models import Activity, act
from board.db import at, db, on_postgres, run, transaction
from board.joined import HELD, LINE, SPARE
from board.partners.models import Partner
from board.proposals.models import Proposal
from tests.conftest import Browser, counting
from tests.factories import make_package, make_proposal, make_world
from tests.people import Cast
from tests.test_pages import on_sqlite

WHEN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
_PARTNERS = select(Partner.id, Partner.name, Partner.votes, Partner.paused_at, Partner.id.label("again")).order_by(
    Partner.id
)
_ONE = select(Proposal.id, Proposal.title, Proposal.created_at).where(Proposal.id == bindparam("proposal")).limit(1)
_OF = select(Partner.id).where(Partner.id.in_(bindparam("ids", expanding=True))).order_by(Partner.id)
_SOME = select(Proposal.id).where(
    Proposal.state.in_(["open", "draft"]), Proposal.id.in_(bindparam("ids", expanding=True))
)
_NEWEST = select(Activity.at, Activity.verb, Activity.details).order_by(Activity.id.desc())
_SLUG = insert(Partner)
_SEARCH = select(Partner.search).where(Partner.slug.startswith("ort-"))
_WORDS = select(Proposal.title, Proposal.summary).where(Proposal.id == 1)
_NOBODYS = update(Proposal).where(Proposal.id == 1).values(topic_id=0)
_SUMMARY = update(Proposal).where(Proposal.id == bindparam("which"))


@pytest.fixture(autouse=True)
def world(app: Flask, people: Cast) -> None:
    """People and proposals."""
    with app.app_context():
        make_world(people)


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (_PARTNERS, {}),
        (_ONE, {"proposal": 1}),
        (_ONE, {"proposal": 0}),
        (_NEWEST, {}),
        (_OF, {"ids": [1, 2]}),
        (_OF, {"ids": [2]}),
        (_OF, {"ids": (1, 3)}),
        (_OF, {"ids": (3,)}),
        (_OF, {"ids": []}),
        (_OF, {"ids": [*range(quick.LONGEST + 1)]}),
        (_SOME, {"ids": [1, 2, 3]}),
    ],
)
def test_what_is_found_is_what_sqlalchemy_finds(app: Flask, statement: Any, values: dict[str, Any]) -> None:
    with app.app_context():
        usual = db.session.connection().execute(statement, values).all()
        for _ in range(2):
            found = run(statement, **values)
            assert found.all() == usual
        assert [row._asdict() for row in run(statement, **values)] == [row._asdict() for row in usual]
        assert run(statement, **values).first() == (usual[0] if usual else None)
        assert run(statement, **values).scalar() == (usual[0][0] if usual else None)


def test_one_row_is_asked_for_as_sqlalchemy_understands_it(app: Flask) -> None:
    with app.app_context():
        assert run(_ONE, proposal=1).one().id == run(_ONE, proposal=1).one_or_none().id == 1
        assert run(_ONE, proposal=0).one_or_none() is None
        with pytest.raises(NoResultFound):
            run(_ONE, proposal=0).one()
        for ask in ("one", "one_or_none"):
            with pytest.raises(MultipleResultsFound):
                getattr(run(_PARTNERS), ask)()


def test_what_a_column_makes_by_itself_is_made(app: Flask, people: Cast) -> None:
    with app.app_context(), at(WHEN), transaction():
        act(people.ada.actor, "session.start", db.session.get_one(Person, people.ada.person_id), reason="test")
        row = run(_NEWEST).first()
    assert (row.at, row.verb, row.details) == (WHEN, "session.start", {"reason": "test"})


def test_what_a_column_makes_of_the_others_is_made(app: Flask) -> None:
    with app.app_context(), transaction():
        for way in (run, lambda statement, **values: db.session.execute(statement, values)):
            way(_SLUG, slug=f"ort-{way is run}", sign="Ö", kind="municipality", name="Örtlingen", state="By")
        one, other = run(_SEARCH).all()
        assert one == other == ("oertlingen\nby",)


def test_what_the_database_minds_is_told_in_sqlalchemys_words_and_undone(app: Flask) -> None:
    with app.app_context():
        before = run(_PARTNERS).all()
        with pytest.raises(IntegrityError), transaction():
            run(_SLUG, id=before[0].id, slug="doppelt", name="Doppelt")
        assert run(_PARTNERS).all() == before


def test_who_listens_hears_of_each_statement(app: Flask) -> None:
    with app.app_context(), counting(app) as seen:
        run(_ONE, proposal=1)
        run(_OF, ids=[1])
        assert len(seen) == 2


def test_each_transaction_has_its_own_connection(app: Flask) -> None:
    with app.app_context():
        run(_ONE, proposal=1)
        assert db.session().info.keys() & {HELD, LINE}
        with transaction(), db.session.begin_nested():
            run(_ONE, proposal=1)
        assert not db.session().info.keys() & {HELD, LINE}
        run(_ONE, proposal=1)
        db.session.remove()
        assert not db.session().info.keys() & {HELD, LINE, SPARE}


def test_the_session_works_on_the_connection_that_was_opened_before_and_gives_it_back(app: Flask) -> None:
    with app.app_context():
        free = db.engine.pool.checkedout()  # type: ignore[attr-defined]
        for first, then in ((_by_itself, _by_run), (_by_run, _by_itself)):
            for end in (db.session.close, db.session.rollback, db.session.commit, db.session.remove):
                first(), then()
                assert db.session.connection() is db.session().info[HELD]
                assert db.engine.pool.checkedout() == free + 1  # type: ignore[attr-defined]
                end()
                assert db.engine.pool.checkedout() == free  # type: ignore[attr-defined]


@on_sqlite
def test_a_session_without_the_orm_keeps_its_line_until_it_is_closed(app: Flask) -> None:
    with app.app_context():
        free = db.engine.pool.checkedout()  # type: ignore[attr-defined]
        run(_ONE, proposal=1)
        line = db.session().info[LINE]
        with transaction():
            _reword(_told_by_run())
            assert db.session().info[LINE] is line
        assert not line.driver.in_transaction
        run(_ONE, proposal=1)
        assert db.session().info[LINE] is line
        assert db.engine.pool.checkedout() == free + 1  # type: ignore[attr-defined]
        db.session.close()
        assert db.engine.pool.checkedout() == free  # type: ignore[attr-defined]


@on_sqlite
def test_nothing_goes_on_in_a_transaction_that_sqlite_has_undone(app: Flask) -> None:
    with app.app_context():
        before = _told_by_run()
        for go_on in (_by_itself, lambda: run(_SLUG, id=1, slug="doppelt", name="Doppelt")):
            with pytest.raises(OperationalError):
                _change(before, lambda: db.session().driver().rollback(), go_on)  # As after a full disk.
        assert _told_by_run() == before


@on_sqlite
def test_a_commit_that_fails_is_told_in_sqlalchemys_words_and_heard(app: Flask) -> None:
    heard: list[Any] = []
    with app.app_context():
        before, note = _told_by_run(), heard.append
        event.listen(db.engine, "handle_error", note)
        try:
            with pytest.raises(IntegrityError):
                _change(before, lambda: run(text("PRAGMA defer_foreign_keys = ON")), lambda: run(_NOBODYS))
        finally:
            event.remove(db.engine, "handle_error", note)
        assert (len(heard), _told_by_run()) == (1, before)


def _change(before: tuple[str, str], *then: Callable[[], Any]) -> None:
    with transaction():
        _reword(before)
        for do in then:
            do()


def _told_by_run() -> tuple[str, str]:
    return tuple(run(_WORDS).one())


def test_what_is_done_on_either_way_is_committed_and_undone_together(app: Flask) -> None:
    with app.app_context():
        for keep in (True, False):
            for ways in ((_rename,), (_reword,), (_rename, _reword), (_reword, _rename)):
                before = _told()
                with suppress(ZeroDivisionError), transaction():
                    for way in ways:
                        way(before)
                    assert _told() != before
                    assert keep or 1 / 0
                assert (_told() != before) is keep


def test_a_savepoint_holds_for_statements_past_the_orm(app: Flask) -> None:
    with app.app_context(), transaction():
        before = _told()
        with suppress(IntegrityError), db.session.begin_nested():
            _reword(before)
            run(_SLUG, id=1, slug="doppelt", name="Doppelt")
        assert _told() == before
        _reword(before)
        assert _told() != before


def _by_itself() -> None:
    db.session.get_one(Proposal, 1)


def _by_run() -> None:
    run(_ONE, proposal=1)


def _told() -> tuple[str, str]:
    db.session.flush()
    title, summary = db.session.execute(select(Proposal.title, Proposal.summary).where(Proposal.id == 1)).one()
    return title, summary


def _rename(before: tuple[str, str]) -> None:
    db.session.get_one(Proposal, 1).title = before[0] + "."


def _reword(before: tuple[str, str]) -> None:
    run(_SUMMARY, which=1, summary=before[1] + ".")


@on_sqlite
def test_a_statement_is_prepared_once(app: Flask) -> None:
    with app.app_context():
        run(_ONE, proposal=1)
        held = quick._prepared[_ONE, ("proposal",), ()]
        run(_ONE, proposal=2)
        run(_OF, ids=[1, 2])
        run(_OF, ids=[3, 4])
        driver = db.session().connection().connection
        assert quick._prepared[_OF, ("ids",), (2,)].run(driver, db.engine, {"ids": [1, 2]}) == [(1,), (2,)]
        assert quick._prepared[_ONE, ("proposal",), ()] is held


def test_what_is_done_most_often_takes_few_statements_and_one_commit(app: Flask, people: Cast, ada: Browser) -> None:
    """Who asks three, settings included; the change; what is shown. PostgreSQL locks the partner with one more."""
    with app.app_context():
        proposal_id, package_id, more = make_proposal(people), make_package(people), int(on_postgres())
    voted, ballot, face = {"choice": "for"}, f"ballot-{proposal_id}", f"package-{package_id}"
    for path, sent, target, most in (
        (f"/proposals/FV-{proposal_id}/ballot", voted, ballot, 10 + more),
        (f"/proposals/FV-{proposal_id}/ballot", {"choice": "abstain"}, ballot, 10 + more),
        (f"/proposals/FV-{proposal_id}/ballot/withdraw", {}, ballot, 10 + more),
        (f"/packages/AP-{package_id}/claim", {"seat": "lead"}, face, 17),
        (f"/packages/AP-{package_id}/move", {"to": "in_progress"}, face, 16),
        (f"/packages/AP-{package_id}/move", {"to": "review"}, face, 16),
        (f"/packages/AP-{package_id}/move", {"to": "in_progress"}, face, 16),
        (f"/packages/AP-{package_id}/hand-back", {}, face, 16),
    ):
        with app.app_context(), asked(db.engine) as statements:
            answer = ada.post(path, data=sent, partial=True, target=target)
        assert answer.status_code == 200, answer.text
        assert statements.count("COMMIT") == 1
        assert len(statements) - 1 <= most, f"{path}:\n" + "\n".join(statements)


@contextmanager
def asked(engine: Engine) -> Iterator[list[str]]:
    """Whatever this thread sends to the database, commits of writing transactions included."""
    seen: list[str] = []
    me = threading.get_ident()

    def note(*args: Any) -> None:
        if threading.get_ident() == me:
            seen.append(args[2] if len(args) > 2 else "COMMIT")

    heard = (("before_cursor_execute", note), ("commit", note))
    for name, listener in heard:
        event.listen(engine, name, listener)
    try:
        yield seen
    finally:
        for name, listener in heard:
            event.remove(engine, name, listener)
