"""Which network a webhook's delivery came from, and nothing kept of one that was worked on."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("webhook_delivery", sa.Column("ip_prefix", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE webhook_delivery SET headers = '{}', body = x'' WHERE outcome IS NOT NULL")
