"""A small proposal is accepted unless a partner objects"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "objection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=2000), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_objection_has_reason")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_objection_partner_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_objection_person_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_objection_proposal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objection")),
    )
    op.create_index(op.f("ix_objection_proposal_id"), "objection", ["proposal_id"])
    op.create_index(op.f("ix_objection_partner_id"), "objection", ["partner_id"])
    op.add_column("proposal", sa.Column("consent_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_proposal_consent", "proposal", ["consent_until"])
    op.add_column("decision", sa.Column("silent", sa.Integer(), nullable=True))


def downgrade():
    with op.batch_alter_table("decision") as batch:
        batch.drop_column("silent")
    with op.batch_alter_table("proposal") as batch:
        batch.drop_index("ix_proposal_consent")
        batch.drop_column("consent_until")
    op.drop_table("objection")
