"""Lanes of the outbox: what waits for one shop does not wait for another. What waits already stays in its kind's."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("lane", sa.Text(), nullable=True))
    waiting = sa.text("done_at IS NULL AND dead_at IS NULL AND lane IS NOT NULL")
    op.create_index("ix_outbox_lanes", "outbox", ["kind", "lane", "run_at", "locked_until"], sqlite_where=waiting)
