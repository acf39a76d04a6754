"""Which words of a proposal or package came from an issue"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "issue_source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("proposal_id", sa.Integer(), nullable=True),
        sa.Column("package_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=1000), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(proposal_id IS NULL) <> (package_id IS NULL)", name=op.f("ck_issue_source_one_end")),
        sa.ForeignKeyConstraint(["issue_id"], ["issue.id"], name=op.f("fk_issue_source_issue_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_issue_source_proposal_id")),
        sa.ForeignKeyConstraint(["package_id"], ["package.id"], name=op.f("fk_issue_source_package_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issue_source")),
    )
    op.create_index("ix_issue_source_issue", "issue_source", ["issue_id"])
    _remember("proposal")
    _remember("package")


def downgrade():
    op.drop_index("ix_issue_source_issue", table_name="issue_source")
    op.drop_table("issue_source")


def _remember(thing):
    """What was made of a visible issue before this table: made in the same moment in which it was linked."""
    end, db = f"{thing}_id", op.get_bind()
    moment = sa.DateTime(timezone=True)
    link = sa.table("issue_link", sa.column("issue_id"), sa.column(end), sa.column("created_at", moment))
    issue = sa.table("issue", *map(sa.column, ("id", "title", "body", "visible")))
    made = sa.table(thing, sa.column("id"), sa.column("created_at", moment))
    names = ("issue_id", end, "title", "body", "created_at")
    source = sa.table("issue_source", *map(sa.column, names[:4]), sa.column(names[4], moment))
    rows = db.execute(
        sa.select(link.c.issue_id, link.c[end], issue.c.title, issue.c.body, link.c.created_at, made.c.created_at)
        .join(issue, issue.c.id == link.c.issue_id)
        .join(made, made.c.id == link.c[end])
        .where(issue.c.visible)
    )
    for *taken, linked_at, made_at in rows.all():
        if abs((linked_at - made_at).total_seconds()) < 2:
            db.execute(source.insert().values(dict(zip(names, (*taken, linked_at), strict=True))))
