"""What somebody was told is not kept for ever"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("told") as batch:
        batch.add_column(
            sa.Column("told_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.current_timestamp())
        )
        batch.create_index("ix_told_told_at", ["told_at"])


def downgrade():
    with op.batch_alter_table("told") as batch:
        batch.drop_index("ix_told_told_at")
        batch.drop_column("told_at")
