"""The indexes that pictures read carry what they are drawn from; a partner's states and topics get indexes of lists"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

CARRIED = ["state", "topic_id", "partner_id", "value", "effort_high", "milestone_id"]
DRAWN = ["support_place", "contest_class"]
WIDER = {"state": ["state", "id"], "topic_state": ["topic_id", "state", "id"]}
NEW = {"partner_state": ["partner_id", "state", "id"], "partner_topic": ["partner_id", "topic_id", "id"]}


def upgrade():
    for name, columns in WIDER.items():
        op.drop_index(f"ix_proposal_{name}", "proposal")
        create(name, columns, DRAWN)
    for name, columns in NEW.items():
        create(name, columns)
    learn(op.get_bind())


def create(name, columns, more=()):
    carried = (column for column in CARRIED if column not in columns)
    op.create_index(f"ix_proposal_{name}", "proposal", [*columns, *carried, *more])


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
        create(name, columns)
