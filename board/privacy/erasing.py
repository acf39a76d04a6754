"""Erasure: an account becomes a pseudonym. The partner's ballots and the record stay, the name goes.

What goes and what stays is said once, in `inventory`.
"""

from sqlalchemy import delete, or_, select, union, update

from board.accounts.closing import require_another_admin
from board.accounts.models import Membership, Person
from board.activity.models import act
from board.comments.models import Comment
from board.db import Base, db, now
from board.policy import Actor
from board.privacy.inventory import DELETE, HELD
from board.proposals.models import Proposal
from board.voting.models import Ballot
from board.work.models import Bid, Claim, Package

NOWHERE = "erased.invalid"


def erase(person: Person, by: Actor) -> None:
    """Turn a person into a pseudonym, for good. Repeating it is harmless.

    Name, address, password, sessions, devices and mail go; comments keep their text, ballots stay the partner's.
    Raises Conflict for the only administrator: somebody must be able to run the board.
    """
    act(by, "person.erase", person, person=person.id)
    if person.erased_at is not None:
        return
    if person.is_admin and person.disabled_at is None:
        require_another_admin(person)
    address = person.email
    _touch_what_shows_the_name(person.id)
    for held in HELD:
        if held.erase == DELETE:
            table = Base.metadata.tables[held.table]
            db.session.execute(delete(table).where(table.columns[held.column] == person.id))
    _forget_address(address)
    ended = update(Membership).where(Membership.person_id == person.id, Membership.ended_at.is_(None))
    db.session.execute(ended.values(ended_at=now()).execution_options(synchronize_session=False))
    person.email, person.name, person.password_hash = f"{person.id}@{NOWHERE}", "", ""
    person.is_admin = person.is_product_owner = person.is_host = False
    person.locale = person.theme = person.visited_at = None
    person.disabled_at, person.erased_at = person.disabled_at or now(), now()
    db.session.flush()


def _forget_address(address: str) -> None:
    """Rows that hold the address itself instead of the person."""
    for name, column in ADDRESSES:
        table = Base.metadata.tables[name]
        db.session.execute(delete(table).where(table.columns[column] == address))


ADDRESSES: tuple[tuple[str, str], ...] = (("mail", "address"), ("invitation", "email"), ("proof", "email"))
"""(table, column) of what was addressed to an address without an account."""


def _touch_what_shows_the_name(person_id: int) -> None:
    """A new version for every proposal and package on which the name stands, so that no browser keeps it."""
    mine = union(
        select(Ballot.proposal_id).where(Ballot.person_id == person_id),
        select(Comment.proposal_id).where(Comment.person_id == person_id),
        select(Package.proposal_id).join(Claim, Claim.package_id == Package.id).where(Claim.person_id == person_id),
    ).subquery()
    work = union(
        select(Claim.package_id).where(Claim.person_id == person_id),
        select(Bid.package_id).where(Bid.person_id == person_id),
        select(Comment.package_id).where(Comment.person_id == person_id, Comment.package_id.is_not(None)),
    ).subquery()
    proposals = or_(Proposal.author_id == person_id, Proposal.id.in_(select(mine.c[0])))
    packages = or_(Package.author_id == person_id, Package.id.in_(select(work.c[0])))
    for table, which in ((Package, packages), (Proposal, proposals)):
        new = update(table).where(which).values(version=table.version + 1)
        db.session.execute(new.execution_options(synchronize_session=False))
