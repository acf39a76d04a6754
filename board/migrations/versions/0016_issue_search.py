"""The bodies of issues become searchable"""

import sqlalchemy as sa
from alembic import op

from board.text import fold

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SEARCHED = 10_000
BATCH = 500
repository = sa.table("repository", sa.column("id", sa.Integer), sa.column("name", sa.Text))
issue = sa.table(
    "issue",
    *(sa.column(name, sa.Integer) for name in ("id", "repository_id", "number")),
    *(sa.column(name, sa.Text) for name in ("title", "body", "search")),
    sa.column("visible", sa.Boolean),
)


def upgrade():
    _fill(lambda row: f"{row.name} #{row.number} {row.title} {row.body[:SEARCHED]}")


def downgrade():
    _fill(lambda row: f"{row.name} #{row.number} {row.title}")


def _fill(words):
    connection, last = op.get_bind(), 0
    wanted = (
        sa.select(issue.c.id, repository.c.name, issue.c.number, issue.c.title, issue.c.body)
        .join(repository, repository.c.id == issue.c.repository_id)
        .where(issue.c.visible)
        .order_by(issue.c.id)
        .limit(BATCH)
    )
    while rows := connection.execute(wanted.where(issue.c.id > last)).all():
        for row in rows:
            connection.execute(sa.update(issue).where(issue.c.id == row.id).values(search=fold(words(row))))
        last = rows[-1].id
