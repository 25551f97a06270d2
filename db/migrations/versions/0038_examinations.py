"""What the doctor found, so that a page can show it without looking."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.create_table(
        "examination",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("begun_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
    )
