"""Since when a source is asked for its orders: what had happened before is told late, and nobody is written to."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0027"


def upgrade() -> None:
    op.add_column("source", sa.Column("connected_at", sa.DateTime(), nullable=True))
