"""Classes of support and contest as generated columns with indexes: a list narrowed to one of them looks it up"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0036"
branch_labels = None
depends_on = None

COLUMNS = {
    "support_place": """
    CASE
        WHEN electorate_size IS NULL THEN n_for
        WHEN n_for = 0 THEN -1
        WHEN 100 * n_for <= 20 * electorate_size THEN -2
        WHEN 100 * n_for <= 40 * electorate_size THEN -3
        WHEN 100 * n_for <= 60 * electorate_size THEN -4
        WHEN 100 * n_for <= 80 * electorate_size THEN -5
        ELSE -6 END
    """,
    "contest_class": """
    CASE
        WHEN n_against = 0 THEN 0
        WHEN 100 * n_against <= 10 * (n_for + n_against) THEN 1
        WHEN 100 * n_against <= 25 * (n_for + n_against) THEN 2
        WHEN 100 * n_against <= 50 * (n_for + n_against) THEN 3
        ELSE 4 END
    """,
}


def upgrade():
    stored = op.get_bind().dialect.name == "postgresql"  # It indexes no others; SQLite can add no others.
    for name, formula in COLUMNS.items():
        computed = sa.Computed(" ".join(formula.split()), persisted=stored)
        op.add_column("proposal", sa.Column(name, sa.Integer(), computed, nullable=False))
        op.create_index(f"ix_proposal_{name}", "proposal", [name, "id"])


def downgrade():
    for name in COLUMNS:
        op.drop_index(f"ix_proposal_{name}", "proposal")
        op.drop_column("proposal", name)
