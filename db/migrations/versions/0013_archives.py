"""Several files of an order, taken as one ZIP archive."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "archive",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Text(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_archive_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archive")),
    )
    op.create_index("ix_archive_order", "archive", ["order_id", "attempt"])
    op.create_table(
        "archive_member",
        sa.Column("archive_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("download_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["archive_id"], ["archive.id"], name=op.f("fk_archive_member_archive_id_archive")),
        sa.ForeignKeyConstraint(["download_id"], ["download.id"], name=op.f("fk_archive_member_download_id_download")),
        sa.PrimaryKeyConstraint("archive_id", "position", name=op.f("pk_archive_member")),
    )
    op.create_index("ix_archive_member_download", "archive_member", ["download_id"])
