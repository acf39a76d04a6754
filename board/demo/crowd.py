"""A crowd of partners for measuring: invented municipalities with a delegate and a member each, and what they do.

All of them voted on the same few proposals and run the same few functions: that is what makes a page long.
They are fictional and say nothing against anybody (rule 11).
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text, update

from board.accounts.models import Membership, Person, Role
from board.activity.models import Activity
from board.db import db, on_postgres, transaction
from board.demo import bulk
from board.demo.world import World
from board.partners.models import Electorate, Kind, Partner, searchable
from board.proposals.models import Proposal
from board.proposals.states import State
from board.voting import tallies
from board.voting.models import Ballot, Choice, Reuse, ReuseStatus

EACH = 3
"""On so many proposals everybody votes, and so many functions everybody runs."""
TABLES = (Partner, Person, Membership, Ballot, Reuse, Activity)


def join(world: World, number: int) -> None:
    """Let that many more municipalities take part, all or nothing."""
    with transaction():
        rows = _people(world, number)
        votes = _ids(Proposal.state == State.OPEN, Proposal.consent_until.is_(None))
        uses = _ids(Proposal.state == State.AVAILABLE)
        _vote(rows, votes, world)
        at = world.base - timedelta(days=1)
        rows[Reuse] = [
            {"proposal_id": one, "partner_id": partner["id"], "status": ReuseStatus.LIVE.value,
             "confirmed_on": at.date(), "changed_at": at}
            for one in uses for partner in rows[Partner]
        ]  # fmt: skip
        for model in TABLES:
            bulk.write(db.session.connection(), bulk.table(model), rows[model])
        grown = {"size": Electorate.size + number, "version": Electorate.version + 1}
        db.session.execute(update(Electorate).values(grown))
        for proposal_id in (*votes, *uses):
            tallies.recount(proposal_id)
        if on_postgres():
            for name in ("partner", "person"):
                db.session.execute(
                    text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")  # noqa: S608 # nosec
                )


def _ids(*where: Any) -> list[int]:
    return list(db.session.scalars(select(Proposal.id).where(*where).order_by(Proposal.id).limit(EACH)))


def _people(world: World, number: int) -> dict[Any, list[dict[str, Any]]]:
    """Rows of partners with their two people, and that they joined."""
    first = (db.session.scalar(select(func.max(Partner.id))) or 0) + 1
    someone = (db.session.scalar(select(func.max(Person.id))) or 0) + 1
    password = db.session.scalar(select(Person.password_hash).order_by(Person.id).limit(1)) or ""
    joined = world.base - timedelta(days=30)
    rows: dict[Any, list[dict[str, Any]]] = {model: [] for model in TABLES}
    for n in range(number):
        name, state = f"Beispielgemeinde {n + 1}", "Beispielland"
        rows[Partner].append({
            "id": first + n, "slug": f"beispielgemeinde-{n + 1}", "name": name, "sign": "BG",
            "kind": Kind.MUNICIPALITY.value, "votes": True, "state": state, "fictional": True,
            "search": searchable(name, state), "joined_at": joined,
        })  # fmt: skip
        rows[Activity].append(_log(joined, "partner.create", None, None, about_id=first + n))
        for place, role in enumerate((Role.DELEGATE, Role.MEMBER)):
            person = someone + 2 * n + place
            rows[Person].append({
                "id": person, "email": f"{role.value}.{n + 1}@demo.example", "name": f"Beispielperson {person}",
                "password_hash": password, "created_at": joined,
            })  # fmt: skip
            rows[Membership].append(
                {"person_id": person, "partner_id": first + n, "role": role.value, "started_at": joined}
            )
    return rows


def _vote(rows: dict[Any, list[dict[str, Any]]], proposals: list[int], world: World) -> None:
    seats = [(m["partner_id"], m["person_id"]) for m in rows[Membership] if m["role"] == Role.DELEGATE.value]
    wanted = select(Proposal.id, Proposal.text_version).where(Proposal.id.in_(proposals))
    versions = {row.id: row.text_version for row in db.session.execute(wanted)}
    for proposal_id in proposals:
        for n, (partner_id, person_id) in enumerate(seats):
            at = world.base - timedelta(seconds=len(seats) - n)
            choice = Choice.ABSTAIN if n % 10 == 0 else Choice.FOR
            rows[Ballot].append({
                "proposal_id": proposal_id, "partner_id": partner_id, "person_id": person_id, "choice": choice.value,
                "cast_at": at, "text_version": versions[proposal_id], "counted": True, "version": 1,
            })  # fmt: skip
            cast = {"details": {"from": None, "to": choice.value}, "proposal_id": proposal_id, "about_id": partner_id}
            rows[Activity].append(_log(at, "ballot.cast", partner_id, person_id, **cast))


def _log(at: Any, verb: str, partner_id: int | None, person_id: int | None, **more: Any) -> dict[str, Any]:
    empty: dict[str, Any] = {"proposal_id": None, "about_id": None, "details": {}}
    source = "person" if person_id else "system"
    return {"at": at, "verb": verb, "source": source, "partner_id": partner_id, "person_id": person_id, **empty, **more}
