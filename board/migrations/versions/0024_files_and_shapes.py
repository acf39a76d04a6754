"""Packages come from files and go into them, are split and merged"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("package") as batch:
        batch.add_column(sa.Column("points", sa.Numeric(6, 1)))
        batch.add_column(sa.Column("cluster", sa.String(length=80), nullable=False, server_default=""))
        batch.add_column(sa.Column("source_id", sa.String(length=60), nullable=False, server_default=""))
        batch.add_column(sa.Column("stage", sa.String(length=12), nullable=False, server_default=""))
        batch.add_column(sa.Column("extra", sa.JSON(), nullable=False, server_default="{}"))
        batch.add_column(sa.Column("split_from_id", sa.Integer()))
        batch.add_column(sa.Column("merged_into_id", sa.Integer()))
        batch.create_foreign_key(op.f("fk_package_split_from_id"), "package", ["split_from_id"], ["id"])
        batch.create_foreign_key(op.f("fk_package_merged_into_id"), "package", ["merged_into_id"], ["id"])


def downgrade():
    # What was merged cannot be told from what is free without these columns: it is done, nobody can claim it anew.
    op.execute("UPDATE package SET state = 'done' WHERE state = 'merged'")
    with op.batch_alter_table("package") as batch:
        batch.drop_constraint(op.f("fk_package_merged_into_id"), type_="foreignkey")
        batch.drop_constraint(op.f("fk_package_split_from_id"), type_="foreignkey")
        for name in ("merged_into_id", "split_from_id", "extra", "stage", "source_id", "cluster", "points"):
            batch.drop_column(name)
