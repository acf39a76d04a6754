"""When a use is planned for, and where it can be seen"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("reuse") as batch:
        batch.add_column(sa.Column("planned_for", sa.String(length=7), nullable=False, server_default=""))
        batch.add_column(sa.Column("link", sa.String(length=500), nullable=False, server_default=""))


def downgrade():
    with op.batch_alter_table("reuse") as batch:
        batch.drop_column("link")
        batch.drop_column("planned_for")
