"""Indexes for what a page looks up on a board that has grown; those of rare values hold only the rows that have one"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

NEW = {
    "ix_proposal_live": ("proposal", ["n_live", "id"]),
    "ix_estimate_proposal": ("estimate", ["proposal_id"]),
    "ix_activity_partner_verb": ("activity", ["partner_id", "verb", "id"]),
    "ix_activity_about_verb": ("activity", ["about_id", "verb", "id"]),
    "ix_ballot_cast": ("ballot", ["partner_id", "cast_at", "proposal_id"]),
}
RARE = {"ix_proposal_merged": ("proposal", "merged_into_id"), "ix_package_merged": ("package", "merged_into_id")}


def upgrade():
    op.drop_index("ix_proposal_milestone", "proposal")
    rare("ix_proposal_milestone", "proposal", "milestone_id", "id")
    for name, (table, columns) in NEW.items():
        op.create_index(name, table, columns)
    for name, (table, column) in RARE.items():
        rare(name, table, column)


def rare(name, table, column, *more):
    where = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, table, [column, *more], sqlite_where=where, postgresql_where=where)


def downgrade():
    for name, (table, _columns) in {**NEW, **RARE}.items():
        op.drop_index(name, table)
    op.drop_index("ix_proposal_milestone", "proposal")
    op.create_index("ix_proposal_milestone", "proposal", ["milestone_id", "id"])
