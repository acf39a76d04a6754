"""Mail that helps: what people want, watch and have been told, and how far the log was read"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade():
    for name, column, length in (("mail_choice", "declined", 12), ("watch", "key", 16), ("told", "what", 40)):
        op.create_table(
            name,
            sa.Column("person_id", sa.Integer(), nullable=False),
            sa.Column(column, sa.String(length=length), nullable=False),
            sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f(f"fk_{name}_person_id")),
            sa.PrimaryKeyConstraint("person_id", column, name=op.f(f"pk_{name}")),
        )
    op.create_index(op.f("ix_watch_key"), "watch", ["key"])
    op.create_table(
        "log_cursor",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("position", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_log_cursor")),
    )


def downgrade():
    for name in ("log_cursor", "told", "watch", "mail_choice"):
        op.drop_table(name)
