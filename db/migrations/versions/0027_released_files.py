"""Files that the merchant releases; what was delivered without being asked for goes on being delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("file", sa.Column("released_version", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE file SET released_version = version")
