"""Which network a webhook's delivery came from, nothing kept of one that was worked on, and the app of a webhook."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("webhook_delivery", sa.Column("ip_prefix", sa.Text(), nullable=False, server_default=""))
    op.add_column("webhook", sa.Column("client_id", sa.Text(), nullable=False, server_default=""))
    op.add_column("webhook", sa.Column("sandbox", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute(
        "UPDATE webhook SET (client_id, sandbox)"
        " = (SELECT client_id, sandbox FROM payment_provider WHERE id = webhook.provider_id)"
    )
    op.execute("UPDATE webhook_delivery SET headers = '{}', body = x'' WHERE outcome IS NOT NULL")
