"""Why a proposal in consent goes without a valid estimate, until the decision takes it over"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("proposal") as batch:
        batch.add_column(sa.Column("without_estimate", sa.String(length=500), nullable=False, server_default=""))


def downgrade():
    with op.batch_alter_table("proposal") as batch:
        batch.drop_column("without_estimate")
