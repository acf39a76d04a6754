"""A fetch goes on where its last turn stopped"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("backfill") as batch:
        batch.add_column(sa.Column("position", sa.JSON(), nullable=False, server_default="{}"))
        batch.add_column(sa.Column("next_at", sa.DateTime(timezone=True)))


def downgrade():
    with op.batch_alter_table("backfill") as batch:
        batch.drop_column("next_at")
        batch.drop_column("position")
