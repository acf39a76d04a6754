"""Partners' own variants and the packages of their return"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "variant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("differs", sa.String(length=2000), nullable=False),
        sa.Column("repository", sa.String(length=500), nullable=False),
        sa.Column("branch", sa.String(length=120), nullable=False),
        sa.Column("willing", sa.String(length=4), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('own', 'returning', 'returned')", name=op.f("ck_variant_state")),
        sa.CheckConstraint("willing IN ('yes', 'open', 'no')", name=op.f("ck_variant_willing")),
        sa.CheckConstraint("state <> 'returning' OR willing = 'yes'", name=op.f("ck_variant_returning_is_willing")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_variant_proposal_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_variant_partner_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_variant_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variant")),
        sa.UniqueConstraint("proposal_id", "partner_id", name=op.f("uq_variant_proposal_id")),
    )
    op.create_index(op.f("ix_variant_partner_id"), "variant", ["partner_id"])
    op.create_table(
        "return_package",
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("variant_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_return_package_package_id")),
        sa.ForeignKeyConstraint(["variant_id"], ["variant.id"], name=op.f("fk_return_package_variant_id")),
        sa.PrimaryKeyConstraint("package_id", name=op.f("pk_return_package")),
    )
    op.create_index(op.f("ix_return_package_variant_id"), "return_package", ["variant_id"])


def downgrade():
    op.drop_table("return_package")
    op.drop_table("variant")
