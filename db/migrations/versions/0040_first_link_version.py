"""New orders after a restore get links that none of the orders before it had."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.add_column("general_settings", sa.Column("first_link_version", sa.Integer(), nullable=False, server_default="1"))
    # A backup of before, restored only now, cannot have been told.
    op.execute(
        "UPDATE general_settings SET first_link_version = unixepoch()"
        " WHERE EXISTS (SELECT 1 FROM activity WHERE kind = 'backup_restored')"
    )
