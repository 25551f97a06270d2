"""Whether files whose owner password forbids changes are delivered without a release of each."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    op.add_column(
        "file_settings", sa.Column("deliver_protected", sa.Boolean(), nullable=False, server_default=sa.false())
    )
