"""Indexes of lists carry what lists are narrowed by; classes of contest, states and topics get some of their own"""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

CARRIED = ["state", "topic_id", "partner_id", "value", "effort_high", "milestone_id"]
WIDER = {
    "state": ["state", "id"], "topic": ["topic_id", "id"], "partner": ["partner_id", "id"],
    "support": ["n_for", "id"], "contest": ["contest", "id"], "contest_class": ["contest_class", "id"],
    "due": ["state", "vote_by", "id"], "active": ["active_at", "id"], "strength": ["strength", "id"],
    "value": ["value", "id"], "effort": ["effort_high", "id"],
}  # fmt: skip
NEW = {
    "contest_support": ["contest_class", "n_for", "id"], "contest_active": ["contest_class", "active_at", "id"],
    "state_strength": ["state", "strength", "id"], "topic_state": ["topic_id", "state", "id"],
    "state_live": ["state", "n_live", "id"],
}  # fmt: skip


def upgrade():
    for name in WIDER:
        op.drop_index(f"ix_proposal_{name}", "proposal")
    for name, columns in (WIDER | NEW).items():
        op.create_index(f"ix_proposal_{name}", "proposal", [*columns, *(c for c in CARRIED if c not in columns)])
    learn(op.get_bind())


def learn(connection):
    """SQLite has forgotten what it knew about the indexes; until it learns again, once a day, it would guess."""
    if connection.dialect.name == "sqlite" and sa.inspect(connection).has_table("sqlite_stat1"):
        connection.execute(sa.text("PRAGMA analysis_limit = 1000"))
        connection.execute(sa.text("ANALYZE proposal"))


def downgrade():
    for name in NEW:
        op.drop_index(f"ix_proposal_{name}", "proposal")
    for name, columns in WIDER.items():
        op.drop_index(f"ix_proposal_{name}", "proposal")
        op.create_index(f"ix_proposal_{name}", "proposal", columns)
