"""Learnings, and to whom they were useful"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "learning",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.Column("package_id", sa.Integer(), nullable=True),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("occasion", sa.String(length=6), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("effort", sa.Numeric(precision=6, scale=1), nullable=True),
        sa.Column("configuration", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("privacy_notice", sa.Text(), nullable=False),
        sa.Column("press_release", sa.Text(), nullable=False),
        sa.Column("other_text", sa.Text(), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("occasion IN ('free', 'pilot', 'live', 'ended')", name=op.f("ck_learning_occasion")),
        sa.CheckConstraint(
            "occasion = 'free' OR proposal_id IS NOT NULL", name=op.f("ck_learning_occasion_has_proposal")
        ),
        sa.CheckConstraint("effort IS NULL OR (effort > 0 AND effort <= 9999)", name=op.f("ck_learning_effort")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_learning_partner_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_learning_person_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_learning_proposal_id")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_learning_package_id")),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_learning_topic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_learning")),
    )
    for column in ("proposal", "package", "partner", "topic"):
        op.create_index(f"ix_learning_{column}", "learning", [f"{column}_id", "id"])
    op.create_table(
        "useful",
        sa.Column("learning_id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["learning_id"], ["learning.id"], name=op.f("fk_useful_learning_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_useful_partner_id")),
        sa.PrimaryKeyConstraint("learning_id", "partner_id", name=op.f("pk_useful")),
    )
    op.create_index(op.f("ix_useful_partner_id"), "useful", ["partner_id"])


def downgrade():
    op.drop_table("useful")
    op.drop_table("learning")
