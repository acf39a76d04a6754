"""The folded text of comments, for the text index"""

import sqlalchemy as sa
from alembic import op

from board.text import fold

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

comment = sa.table("comment", sa.column("id", sa.Integer), sa.column("text", sa.Text), sa.column("search", sa.Text))


def upgrade():
    with op.batch_alter_table("comment") as batch:
        batch.add_column(sa.Column("search", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    for row in connection.execute(sa.select(comment.c.id, comment.c.text)).all():
        connection.execute(sa.update(comment).where(comment.c.id == row.id).values(search=fold(row.text)))


def downgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP INDEX IF EXISTS ix_comment_fts")
        op.execute("ALTER TABLE comment DROP COLUMN IF EXISTS fts")
    else:
        for trigger in ("new", "gone", "changed"):
            op.execute(f"DROP TRIGGER IF EXISTS comment_fts_{trigger}")
        op.execute("DROP TABLE IF EXISTS comment_fts")
    with op.batch_alter_table("comment") as batch:
        batch.drop_column("search")
