"""What the roadmap adds up of every proposal that is to come, in one index: the rows with their texts stay unread"""

from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index(
        "ix_proposal_ahead", "proposal", ["state", "milestone_id", "vote_by", "effort_high", "days_offered"]
    )


def downgrade():
    op.drop_index("ix_proposal_ahead", "proposal")
