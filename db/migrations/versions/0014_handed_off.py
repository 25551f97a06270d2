"""Whether bytes were left to the web server or the storage to send."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("download_observation", sa.Column("handed_off", sa.Boolean(), nullable=False, server_default="0"))
