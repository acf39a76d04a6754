"""Proposals that say the same become one"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "duplicate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("of_id", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("proposal_id <> of_id", name=op.f("ck_duplicate_two")),
        sa.ForeignKeyConstraint(["of_id"], ["proposal.id"], name=op.f("fk_duplicate_of_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_duplicate_partner_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_duplicate_person_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_duplicate_proposal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duplicate")),
    )
    waits, running = sa.text("dismissed_at IS NULL"), sa.text("undone_at IS NULL")
    op.create_index(
        "uq_duplicate_waits", "duplicate", ["proposal_id", "of_id"],
        unique=True, sqlite_where=waits, postgresql_where=waits,
    )  # fmt: skip
    op.create_index(op.f("ix_duplicate_of_id"), "duplicate", ["of_id"])
    op.create_table(
        "merger",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("into_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.CheckConstraint("proposal_id <> into_id", name=op.f("ck_merger_two")),
        sa.ForeignKeyConstraint(["into_id"], ["proposal.id"], name=op.f("fk_merger_into_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_merger_person_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_merger_proposal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merger")),
    )
    op.create_index(
        "uq_merger_running", "merger", ["proposal_id"], unique=True, sqlite_where=running, postgresql_where=running
    )
    op.create_index(op.f("ix_merger_proposal_id"), "merger", ["proposal_id"])
    op.create_index(op.f("ix_merger_into_id"), "merger", ["into_id"])


def downgrade():
    op.drop_table("merger")
    op.drop_table("duplicate")
