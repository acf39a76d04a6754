"""Estimates, milestones, and what a list of proposals is ordered by"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

NUMBERS = ("strength", "days_offered", "effort_low", "effort_high", "value")
INDEXES = {"strength": "strength", "value": "value", "effort": "effort_high", "milestone": "milestone_id"}


def number(name):
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def upgrade():
    op.create_table(
        "milestone",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_milestone")),
    )
    op.create_table(
        "estimate",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=True),
        sa.Column("provider", sa.String(length=160), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("low", sa.Integer(), nullable=False),
        sa.Column("high", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("low > 0 AND low <= high AND high <= 99999", name=op.f("ck_estimate_range")),
        sa.CheckConstraint("partner_id IS NOT NULL OR provider <> ''", name=op.f("ck_estimate_author")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_estimate_proposal_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_estimate_partner_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_estimate_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_estimate")),
    )
    live = {"partner": "withdrawn_at IS NULL AND partner_id IS NOT NULL"}
    live["provider"] = "withdrawn_at IS NULL AND partner_id IS NULL"
    for name, column in (("partner", "partner_id"), ("provider", "provider")):
        where = sa.text(live[name])
        op.create_index(
            f"uq_estimate_{name}", "estimate", ["proposal_id", column],
            unique=True, sqlite_where=where, postgresql_where=where,
        )  # fmt: skip
    op.create_index("ix_estimate_partner", "estimate", ["partner_id", "valid_until"])
    op.create_index("ix_estimate_valid", "estimate", ["valid_until"])
    with op.batch_alter_table("proposal") as batch:
        for name in NUMBERS:
            batch.add_column(number(name))
        batch.add_column(sa.Column("effort_until", sa.Date(), nullable=True))
        batch.add_column(sa.Column("milestone_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_proposal_milestone_id"), "milestone", ["milestone_id"], ["id"])
        batch.create_check_constraint(op.f("ck_proposal_value"), "value >= 0 AND value <= 5")
        for name, column in INDEXES.items():
            batch.create_index(f"ix_proposal_{name}", [column, "id"])
    with op.batch_alter_table("package") as batch:
        batch.add_column(sa.Column("milestone_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(op.f("fk_package_milestone_id"), "milestone", ["milestone_id"], ["id"])
        batch.create_index(op.f("ix_package_milestone_id"), ["milestone_id"])
    with op.batch_alter_table("decision") as batch:
        batch.add_column(number("effort_low"))
        batch.add_column(number("effort_high"))
        batch.add_column(sa.Column("without_estimate", sa.String(length=500), nullable=False, server_default=""))
        batch.add_column(sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True))
    _renew_strength()


def _renew_strength():
    """Without an estimate nothing is covered: what the coalition's line says, in the words of voting/strength.py."""
    import json

    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT id, coalition FROM proposal WHERE coalition <> ''")).all()
    for id_, line in rows:
        told = json.loads(line)
        strength = 100 * bool(told.get("lead")) + 25 * (told.get("pilot", 0) + told.get("co_fund", 0))
        connection.execute(
            sa.text("UPDATE proposal SET strength = :strength, days_offered = :days WHERE id = :id"),
            {"strength": strength, "days": told.get("days", 0), "id": id_},
        )


def downgrade():
    with op.batch_alter_table("decision") as batch:
        for name in ("taken_back_at", "without_estimate", "effort_high", "effort_low"):
            batch.drop_column(name)
    with op.batch_alter_table("package") as batch:
        batch.drop_index(op.f("ix_package_milestone_id"))
        batch.drop_constraint(op.f("fk_package_milestone_id"), type_="foreignkey")
        batch.drop_column("milestone_id")
    with op.batch_alter_table("proposal") as batch:
        for name in INDEXES:
            batch.drop_index(f"ix_proposal_{name}")
        batch.drop_constraint(op.f("ck_proposal_value"), type_="check")
        batch.drop_constraint(op.f("fk_proposal_milestone_id"), type_="foreignkey")
        batch.drop_column("milestone_id")
        batch.drop_column("effort_until")
        for name in reversed(NUMBERS):
            batch.drop_column(name)
    op.drop_table("estimate")
    op.drop_table("milestone")
