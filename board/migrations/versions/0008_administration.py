"""Erased people, partners that left or were merged, topics that are no longer offered"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("person", sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("partner", sa.Column("left_on", sa.Date(), nullable=True))
    op.add_column("topic", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("partner", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merged_into_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f("fk_partner_merged_into_id"), "partner", ["merged_into_id"], ["id"])


def downgrade():
    with op.batch_alter_table("partner", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("fk_partner_merged_into_id"), type_="foreignkey")
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("left_on")
    with op.batch_alter_table("topic", schema=None) as batch_op:
        batch_op.drop_column("retired_at")
    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_column("erased_at")
