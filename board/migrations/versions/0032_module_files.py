"""What the files of modules and of the app say"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "module_file",
        sa.Column("proposal_id", sa.Integer(), autoincrement=False, nullable=False),
        *_said(),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_module_file_proposal_id")),
        sa.PrimaryKeyConstraint("proposal_id", name=op.f("pk_module_file")),
    )
    op.create_table(
        "app_file",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        *_said(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_file")),
    )


def _said():
    return (
        sa.Column("given", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=500), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
    )


def downgrade():
    op.drop_table("app_file")
    op.drop_table("module_file")
