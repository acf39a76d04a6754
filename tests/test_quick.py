"""Statements that are run past SQLAlchemy's execution end as they would with it, and are heard by who listens."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError, MultipleResultsFound, NoResultFound

from board import quick
from board.accounts.models import Person
from board.activity.models import Activity, act
from board.db import at, db, run, transaction
from board.partners.models import Partner
from board.proposals.models import Proposal
from tests.conftest import counting
from tests.factories import make_world
from tests.people import Cast
from tests.test_pages import on_sqlite

WHEN = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
_PARTNERS = select(Partner.id, Partner.name, Partner.votes, Partner.paused_at, Partner.id.label("again")).order_by(
    Partner.id
)
_ONE = select(Proposal.id, Proposal.title, Proposal.created_at).where(Proposal.id == bindparam("proposal")).limit(1)
_OF = select(Partner.id).where(Partner.id.in_(bindparam("ids", expanding=True))).order_by(Partner.id)
_NEWEST = select(Activity.at, Activity.verb, Activity.details).order_by(Activity.id.desc())
_SLUG = insert(Partner)


@pytest.fixture(autouse=True)
def world(app: Flask, people: Cast) -> None:
    """People and proposals."""
    with app.app_context():
        make_world(people)


@pytest.mark.parametrize(
    ("statement", "values"),
    [(_PARTNERS, {}), (_ONE, {"proposal": 1}), (_ONE, {"proposal": 0}), (_OF, {"ids": [1, 2]}), (_NEWEST, {})],
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
        assert quick.HELD in db.session().info
        with transaction(), db.session.begin_nested():
            run(_ONE, proposal=1)
        assert quick.HELD not in db.session().info
        run(_ONE, proposal=1)
        db.session.remove()
        assert quick.HELD not in db.session().info


@on_sqlite
def test_a_statement_is_prepared_once(app: Flask) -> None:
    with app.app_context():
        run(_ONE, proposal=1)
        held = quick._prepared[_ONE, ("proposal",)]
        run(_ONE, proposal=2)
        assert quick._prepared[_ONE, ("proposal",)] is held
