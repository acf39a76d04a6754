"""Packages wait for one another and ask for skills"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "package_skill",
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("skill", sa.String(length=16), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_package_skill_package_id")),
        sa.PrimaryKeyConstraint("package_id", "skill", name=op.f("pk_package_skill")),
    )
    op.create_index("ix_package_skill", "package_skill", ["skill", "package_id"])
    op.create_table(
        "package_dependency",
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("needs_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("package_id <> needs_id", name=op.f("ck_package_dependency_not_itself")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_package_dependency_package_id")),
        sa.ForeignKeyConstraint(["needs_id"], ["package.id"], name=op.f("fk_package_dependency_needs_id")),
        sa.PrimaryKeyConstraint("package_id", "needs_id", name=op.f("pk_package_dependency")),
    )
    op.create_index(op.f("ix_package_dependency_needs_id"), "package_dependency", ["needs_id"])


def downgrade():
    op.drop_table("package_dependency")
    op.drop_table("package_skill")
