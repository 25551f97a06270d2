"""Which notices a merchant was told of by mail; what happened before this version is not mailed afterwards."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("merchant", sa.Column("notices_mailed", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE merchant SET notices_mailed = (SELECT coalesce(max(id), 0) FROM activity)")
