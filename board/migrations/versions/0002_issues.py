"""Git issues: connections, deliveries, issues and their links"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "connection",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("provider", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("instance", sa.String(length=200), nullable=False),
        sa.Column("accept_new", sa.Boolean(), nullable=False),
        sa.Column("show_private", sa.Boolean(), nullable=False),
        sa.Column("token_box", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("n_refused", sa.Integer(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("provider IN ('github', 'gitlab', 'gitea')", name=op.f("ck_connection_provider")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection")),
        sa.UniqueConstraint("public_id", name=op.f("uq_connection_public_id")),
    )
    op.create_table(
        "repository",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=8), nullable=False),
        sa.Column("instance", sa.String(length=200), nullable=False),
        sa.Column("external_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("private_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repository")),
    )
    with op.batch_alter_table("repository", schema=None) as batch_op:
        batch_op.create_index("uq_repository_external", ["instance", "external_id"], unique=True)
        batch_op.create_index(
            "uq_repository_nameless",
            ["instance", "name"],
            unique=True,
            sqlite_where=sa.text("external_id IS NULL"),
            postgresql_where=sa.text("external_id IS NULL"),
        )

    op.create_table(
        "connection_repository",
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("standing", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("synced_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connection.id"], name=op.f("fk_connection_repository_connection_id")
        ),
        sa.ForeignKeyConstraint(
            ["repository_id"], ["repository.id"], name=op.f("fk_connection_repository_repository_id")
        ),
        sa.PrimaryKeyConstraint("connection_id", "repository_id", name=op.f("pk_connection_repository")),
    )
    with op.batch_alter_table("connection_repository", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_connection_repository_repository_id"), ["repository_id"], unique=False)

    op.create_table(
        "connection_secret",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("slot IN (1, 2)", name=op.f("ck_connection_secret_slot")),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_connection_secret_connection_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connection_secret")),
    )
    with op.batch_alter_table("connection_secret", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_connection_secret_connection_id"), ["connection_id"], unique=False)
        batch_op.create_index(
            "uq_connection_secret_slot",
            ["connection_id", "slot"],
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )

    op.create_table(
        "issue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=1000), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=True),
        sa.Column("labels", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.Column("provider_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.String(length=12), nullable=False),
        sa.Column("triage", sa.String(length=10), nullable=False),
        sa.Column("judged", sa.Boolean(), nullable=False),
        sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dismiss_reason", sa.String(length=200), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("partner_id", sa.Integer(), nullable=True),
        sa.Column("undo", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("active_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("visible OR (title = '' AND body = '')", name=op.f("ck_issue_tombstone")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_issue_partner_id")),
        sa.ForeignKeyConstraint(["repository_id"], ["repository.id"], name=op.f("fk_issue_repository_id")),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_issue_topic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue")),
    )
    with op.batch_alter_table("issue", schema=None) as batch_op:
        batch_op.create_index("ix_issue_inbox", ["visible", "triage", "id"], unique=False)
        batch_op.create_index("ix_issue_partner", ["partner_id", "id"], unique=False)
        batch_op.create_index("uq_issue_number", ["repository_id", "number"], unique=True)

    op.create_table(
        "label_rule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("effect", sa.String(length=8), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=True),
        sa.Column("partner_id", sa.Integer(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.CheckConstraint("effect <> 'partner' OR partner_id IS NOT NULL", name=op.f("ck_label_rule_partner")),
        sa.CheckConstraint("effect IN ('topic', 'partner', 'dismiss', 'propose')", name=op.f("ck_label_rule_effect")),
        sa.CheckConstraint(
            "effect NOT IN ('topic', 'propose') OR topic_id IS NOT NULL", name=op.f("ck_label_rule_topic")
        ),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_label_rule_connection_id")),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"], name=op.f("fk_label_rule_partner_id")),
        sa.ForeignKeyConstraint(["topic_id"], ["topic.id"], name=op.f("fk_label_rule_topic_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label_rule")),
    )
    with op.batch_alter_table("label_rule", schema=None) as batch_op:
        batch_op.create_index("uq_label_rule", ["connection_id", "label", "effect"], unique=True)

    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("connection_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=100), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=60), nullable=False),
        sa.Column("ms", sa.Double(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("secret_id", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["connection_id"], ["connection.id"], name=op.f("fk_delivery_connection_id")),
        sa.ForeignKeyConstraint(["repository_id"], ["repository.id"], name=op.f("fk_delivery_repository_id")),
        sa.ForeignKeyConstraint(["secret_id"], ["connection_secret.id"], name=op.f("fk_delivery_secret_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_log", ["connection_id", "id"], unique=False)
        batch_op.create_index("ix_delivery_issue", ["number", "repository_id"], unique=False)
        batch_op.create_index("ix_delivery_received", ["received_at", "id"], unique=False)
        batch_op.create_index("ix_delivery_status", ["connection_id", "status", "id"], unique=False)
        batch_op.create_index("uq_delivery_once", ["connection_id", "body_hash", "external_id"], unique=True)

    op.create_table(
        "development",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("package_id", sa.Integer(), nullable=False),
        sa.Column("repository_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("ref", sa.String(length=255), nullable=False),
        sa.Column("url", sa.String(length=1000), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=6), nullable=False),
        sa.Column("provider_updated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('branch', 'merge')", name=op.f("ck_development_kind")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_development_package_id")),
        sa.ForeignKeyConstraint(["repository_id"], ["repository.id"], name=op.f("fk_development_repository_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_development")),
    )
    with op.batch_alter_table("development", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_development_repository_id"), ["repository_id"], unique=False)
        batch_op.create_index("uq_development", ["package_id", "repository_id", "kind", "ref"], unique=True)

    op.create_table(
        "issue_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.Column("package_id", sa.Integer(), nullable=True),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(proposal_id IS NULL) <> (package_id IS NULL)", name=op.f("ck_issue_link_one_end")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_link_issue_id")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_issue_link_package_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_issue_link_proposal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_link")),
    )
    with op.batch_alter_table("issue_link", schema=None) as batch_op:
        batch_op.create_index("ix_issue_link_package", ["package_id"], unique=False)
        batch_op.create_index("ix_issue_link_proposal", ["proposal_id"], unique=False)
        batch_op.create_index("uq_issue_link_package", ["issue_id", "package_id"], unique=True)
        batch_op.create_index("uq_issue_link_proposal", ["issue_id", "proposal_id"], unique=True)


def downgrade():
    with op.batch_alter_table("issue_link", schema=None) as batch_op:
        batch_op.drop_index("uq_issue_link_proposal")
        batch_op.drop_index("uq_issue_link_package")
        batch_op.drop_index("ix_issue_link_proposal")
        batch_op.drop_index("ix_issue_link_package")

    op.drop_table("issue_link")
    with op.batch_alter_table("development", schema=None) as batch_op:
        batch_op.drop_index("uq_development")
        batch_op.drop_index(batch_op.f("ix_development_repository_id"))

    op.drop_table("development")
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.drop_index("uq_delivery_once")
        batch_op.drop_index("ix_delivery_status")
        batch_op.drop_index("ix_delivery_received")
        batch_op.drop_index("ix_delivery_issue")
        batch_op.drop_index("ix_delivery_log")

    op.drop_table("delivery")
    with op.batch_alter_table("label_rule", schema=None) as batch_op:
        batch_op.drop_index("uq_label_rule")

    op.drop_table("label_rule")
    with op.batch_alter_table("issue", schema=None) as batch_op:
        batch_op.drop_index("uq_issue_number")
        batch_op.drop_index("ix_issue_partner")
        batch_op.drop_index("ix_issue_inbox")

    op.drop_table("issue")
    with op.batch_alter_table("connection_secret", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_connection_secret_slot",
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_connection_secret_connection_id"))

    op.drop_table("connection_secret")
    with op.batch_alter_table("connection_repository", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_connection_repository_repository_id"))

    op.drop_table("connection_repository")
    with op.batch_alter_table("repository", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_repository_nameless",
            sqlite_where=sa.text("external_id IS NULL"),
            postgresql_where=sa.text("external_id IS NULL"),
        )
        batch_op.drop_index("uq_repository_external")

    op.drop_table("repository")
    op.drop_table("connection")
