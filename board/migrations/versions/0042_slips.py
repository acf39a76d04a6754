"""Sums that pages show of the whole board, kept as slips; the packages' effort on the proposal; the roadmap's order"""

from collections import Counter
from datetime import UTC
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

BERLIN = ZoneInfo("Europe/Berlin")
FROM = {
    "withdraw": "open", "accept": "open", "defer": "open", "decline": "open", "start": "accepted", "pilot": "building",
    "publish": "building", "reopen": "accepted",
}  # fmt: skip
STEPS = [*(f"proposal.{verb}" for verb in FROM), "consent.pass", "proposal.take_back"]
RANGE = 5000
AHEAD = """
    INSERT INTO slip (kind, place, state, n, days, effort)
    SELECT 'ahead', COALESCE(milestone_id, 0), state, COUNT(*), SUM(days_offered),
        SUM(CASE WHEN work_effort > 0 THEN work_effort ELSE 10 * effort_high END)
    FROM proposal WHERE state IN ('building', 'piloting', 'accepted', 'open')
    GROUP BY COALESCE(milestone_id, 0), state
"""
EFFORT = """
    UPDATE proposal SET work_effort = (
        SELECT CAST(ROUND(SUM(effort) * 10) AS INTEGER) FROM package
        WHERE package.proposal_id = proposal.id AND merged_into_id IS NULL AND effort IS NOT NULL)
    WHERE id IN (SELECT proposal_id FROM package WHERE merged_into_id IS NULL AND effort IS NOT NULL)
"""

moment = sa.DateTime(timezone=True)
proposal = sa.table(
    "proposal", sa.column("id"), sa.column("state"), sa.column("created_at", moment), sa.column("imported", sa.Boolean)
)
activity = sa.table(
    "activity", sa.column("id"), sa.column("proposal_id"), sa.column("verb"), sa.column("at", moment),
    sa.column("details", sa.JSON),
)  # fmt: skip
decision = sa.table(
    "decision", sa.column("proposal_id"), sa.column("decided_on", sa.Date), sa.column("taken_back_at", moment)
)
slip = sa.table("slip", *(sa.column(name) for name in ("kind", "place", "state", "n", "days", "effort")))


def upgrade():
    op.create_table(
        "slip",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("days", sa.BigInteger(), nullable=False),
        sa.Column("effort", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slip")),
    )
    op.create_index("ix_slip_kind", "slip", ["kind", "place"])
    op.drop_index("ix_proposal_ahead", "proposal")
    op.create_index("ix_proposal_ahead", "proposal", ["state", "milestone_id", "vote_by", "id"])
    op.add_column("proposal", sa.Column("work_effort", sa.Integer(), nullable=False, server_default="0"))
    connection = op.get_bind()
    connection.execute(sa.text(EFFORT))
    connection.execute(sa.text(AHEAD))
    rows = [
        {"kind": kind, "place": place, "state": state, "n": n, "days": 0, "effort": 0}
        for (kind, place, state), n in sorted(counted(connection).items())
        if n
    ]
    if rows:
        connection.execute(sa.insert(slip), rows)


def counted(connection):
    """(kind, place, state) → how many: what the log and the decisions say of each proposal that was not merged."""
    found = Counter()
    first, last = 1, connection.scalar(sa.select(sa.func.max(proposal.c.id))) or 0
    while first <= last:
        within = [column.between(first, first + RANGE - 1) for column in (
            proposal.c.id, activity.c.proposal_id, decision.c.proposal_id)]  # fmt: skip
        steps, decided = {}, {}
        step = sa.case((activity.c.verb.in_(STEPS), 1), else_=0) == 1  # Not by the index of verbs: it has all of them.
        told = sa.select(activity).where(within[1], step).order_by(activity.c.id)
        for row in connection.execute(told):
            if (row.details or {}).get("to"):
                steps.setdefault(row.proposal_id, []).append(row)
        for row in connection.execute(sa.select(decision).where(within[2], decision.c.taken_back_at.is_(None))):
            decided[row.proposal_id] = min(row.decided_on, decided.get(row.proposal_id, row.decided_on))
        for row in connection.execute(sa.select(proposal).where(within[0], proposal.c.state != "merged")):
            count(found, row, steps.get(row.id, ()), decided.get(row.id))
        first += RANGE
    return found


def count(found, row, steps, decided_on):
    born, before = month(row.created_at), ""
    for step in steps:
        left = before or FROM.get(step.verb.removeprefix("proposal."), "open")
        if not before:
            found["month", born, left] += 1
        found["month", month(step.at), left] -= 1
        found["month", month(step.at), step.details["to"]] += 1
        before = step.details["to"]
    if not before:
        found["month", born, row.state] += 1
    if decided_on and not row.imported:
        found["took", (decided_on - utc(row.created_at).date()).days, ""] += 1


def utc(at):
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def month(at):
    there = utc(at).astimezone(BERLIN)
    return there.year * 12 + there.month - 1


def downgrade():
    op.drop_column("proposal", "work_effort")
    op.drop_index("ix_proposal_ahead", "proposal")
    op.create_index(
        "ix_proposal_ahead", "proposal", ["state", "milestone_id", "vote_by", "effort_high", "days_offered"]
    )
    op.drop_table("slip")
