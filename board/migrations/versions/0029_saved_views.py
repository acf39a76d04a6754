"""Saved views of the proposals"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("face", sa.String(length=8), nullable=False),
        sa.Column("query", sa.String(length=600), nullable=False),
        sa.Column("audience", sa.String(length=8), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("partner_id", sa.Integer(), nullable=True),
        sa.Column("beginning", sa.Boolean(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("audience IN ('private', 'partner', 'all')", name=op.f("ck_saved_view_audience")),
        sa.CheckConstraint(
            "NOT beginning OR (partner_id IS NOT NULL AND audience <> 'private')", name=op.f("ck_saved_view_beginning")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_saved_view_person_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_saved_view_partner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
    )
    for column in ("person_id", "partner_id"):
        op.create_index(op.f(f"ix_saved_view_{column}"), "saved_view", [column])
    op.create_index(
        "uq_saved_view_beginning", "saved_view", ["partner_id"],
        unique=True, sqlite_where=sa.text("beginning"), postgresql_where=sa.text("beginning"),
    )  # fmt: skip


def downgrade():
    op.drop_table("saved_view")
