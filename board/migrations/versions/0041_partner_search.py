"""Partners have a folded text by which they are sorted and found"""

import sqlalchemy as sa
from alembic import op

from board import text

revision = "0041"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade():
    connection = op.get_bind()
    plain = sa.Text(collation="C") if connection.dialect.name == "postgresql" else sa.Text()
    op.add_column("partner", sa.Column("search", plain, nullable=False, server_default=""))
    rows = connection.execute(sa.text("SELECT id, name, state FROM partner")).all()
    folded = [{"id": id_, "search": f"{text.fold(name)}\n{text.fold(state)}"} for id_, name, state in rows]
    if folded:
        connection.execute(sa.text("UPDATE partner SET search = :search WHERE id = :id"), folded)
    op.create_index("ix_partner_listed", "partner", ["kind", "fictional", "search", "id"])
    op.create_index("ix_partner_search", "partner", ["search", "id"])


def downgrade():
    op.drop_index("ix_partner_search", "partner")
    op.drop_index("ix_partner_listed", "partner")
    op.drop_column("partner", "search")
