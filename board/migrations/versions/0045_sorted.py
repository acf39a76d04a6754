"""Three indexes of lists carry what lists are sorted by, so that few are counted and sorted without their rows"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None

CARRIED = ["state", "topic_id", "partner_id", "value", "effort_high", "milestone_id"]
DRAWN = ["support_place", "contest_class"]
SORTED = ["active_at", "n_for", "contest", "strength", "vote_by"]
BEFORE = {"topic_state": DRAWN, "partner_state": [], "partner_topic": []}
COLUMNS = {
    "topic_state": ["topic_id", "state", "id"], "partner_state": ["partner_id", "state", "id"],
    "partner_topic": ["partner_id", "topic_id", "id"],
}  # fmt: skip


def upgrade():
    for name in COLUMNS:
        put(name, DRAWN + SORTED)
    learn(op.get_bind())


def put(name, more):
    columns = COLUMNS[name]
    carried = [column for column in CARRIED if column not in columns]
    op.drop_index(f"ix_proposal_{name}", "proposal")
    op.create_index(f"ix_proposal_{name}", "proposal", [*columns, *carried, *more])


def learn(connection):
    """SQLite has forgotten what it knew about the indexes; until it learns again, once a day, it would guess."""
    if connection.dialect.name == "sqlite" and sa.inspect(connection).has_table("sqlite_stat1"):
        connection.execute(sa.text("PRAGMA analysis_limit = 1000"))
        connection.execute(sa.text("ANALYZE proposal"))


def downgrade():
    for name, more in BEFORE.items():
        put(name, more)
    learn(op.get_bind())
