"""Until when a partner's work is funded"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("partner") as batch:
        batch.add_column(sa.Column("funded_until", sa.Date()))


def downgrade():
    with op.batch_alter_table("partner") as batch:
        batch.drop_column("funded_until")
