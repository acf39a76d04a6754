"""Jobs: when each ran last, and how it ended"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("task_lock", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ran_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("problem", sa.String(length=80), server_default="", nullable=False))


def downgrade():
    with op.batch_alter_table("task_lock", schema=None) as batch_op:
        batch_op.drop_column("problem")
        batch_op.drop_column("ran_at")
