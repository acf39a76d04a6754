"""How many proposals there are per state and topic, kept in the transaction that changes it."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from board.db import Base, db, on_postgres


class ProposalCount(Base):
    """How many proposals there are per state and topic: totals without counting."""

    __tablename__ = "proposal_count"

    state: Mapped[str] = mapped_column(String(12), primary_key=True)
    topic_id: Mapped[int] = mapped_column(ForeignKey("topic.id"), primary_key=True)
    n: Mapped[int] = mapped_column(default=0)


def count(changes: dict[tuple[str, int], int]) -> None:
    """Add to the totals per (state, topic), in the transaction of the change.

    In a fixed order, so that two transactions never wait for each other; + 0 takes the locks ahead.
    """
    insert = postgresql.insert if on_postgres() else sqlite.insert
    for (state, topic_id), n in sorted((key, n) for key, n in changes.items()):
        row = insert(ProposalCount).values(state=str(state), topic_id=topic_id, n=n)
        db.session.execute(
            row.on_conflict_do_update(
                index_elements=[ProposalCount.state, ProposalCount.topic_id], set_={"n": ProposalCount.n + n}
            )
        )
