"""Outgoing webhooks: endpoints, their secrets, what was sent to them"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

WHEN = sa.DateTime(timezone=True)


def upgrade():
    op.create_table(
        "outgoing_endpoint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("since_at", WHEN, nullable=False),
        sa.Column("failing_since", WHEN, nullable=True),
        sa.Column("disabled_at", WHEN, nullable=True),
        sa.Column("disabled_why", sa.String(length=8), nullable=False),
        sa.Column("deleted_at", WHEN, nullable=True),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_outgoing_endpoint_partner_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_outgoing_endpoint_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_endpoint")),
        sa.UniqueConstraint("public_id", name=op.f("uq_outgoing_endpoint_public_id")),
    )
    op.create_table(
        "outgoing_secret",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("retired_at", WHEN, nullable=True),
        sa.CheckConstraint("slot IN (1, 2)", name=op.f("ck_outgoing_secret_slot")),
        sa.ForeignKeyConstraint(["endpoint_id"], ["outgoing_endpoint.id"], name=op.f("fk_outgoing_secret_endpoint_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_secret")),
    )
    op.create_index(op.f("ix_outgoing_secret_endpoint_id"), "outgoing_secret", ["endpoint_id"])
    live = sa.text("retired_at IS NULL")
    op.create_index(
        "uq_outgoing_secret_slot", "outgoing_secret", ["endpoint_id", "slot"], unique=True, sqlite_where=live,
        postgresql_where=live,
    )  # fmt: skip
    op.create_table(
        "outgoing_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("activity_id", sa.Integer(), nullable=True),
        sa.Column("webhook_id", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=16), nullable=False),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", WHEN, nullable=False),
        sa.Column("claim", sa.String(length=32), nullable=False),
        sa.Column("claimed_until", WHEN, nullable=True),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("tried_at", WHEN, nullable=True),
        sa.Column("done_at", WHEN, nullable=True),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("ms", sa.Float(), nullable=True),
        sa.Column("tries", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["activity_id"], ["activity.id"], name=op.f("fk_outgoing_delivery_activity_id")),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["outgoing_endpoint.id"], name=op.f("fk_outgoing_delivery_endpoint_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_delivery")),
        sa.UniqueConstraint("webhook_id", name=op.f("uq_outgoing_delivery_webhook_id")),
    )
    op.create_index("uq_outgoing_delivery_once", "outgoing_delivery", ["endpoint_id", "activity_id"], unique=True)
    op.create_index("ix_outgoing_delivery_log", "outgoing_delivery", ["endpoint_id", "id"])
    op.create_index("ix_outgoing_delivery_status", "outgoing_delivery", ["endpoint_id", "status", "id"])
    waiting = sa.text("status = 'waiting'")
    op.create_index(
        "ix_outgoing_delivery_due", "outgoing_delivery", ["next_at", "id"], sqlite_where=waiting,
        postgresql_where=waiting,
    )  # fmt: skip
    op.create_index("ix_outgoing_delivery_created", "outgoing_delivery", ["created_at", "id"])


def downgrade():
    op.drop_table("outgoing_delivery")
    op.drop_table("outgoing_secret")
    op.drop_table("outgoing_endpoint")
