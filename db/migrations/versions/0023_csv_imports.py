"""CSV files, what was read of them, and saved mappings."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "csv_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "place")),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("encoding", "delimiter")),
        sa.Column("header", sa.JSON(), nullable=False),
        sa.Column("header_line", sa.Integer(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_csv_file_source_id_source"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_csv_file")),
        sa.UniqueConstraint("place", name=op.f("uq_csv_file_place")),
    )
    op.create_index("ix_csv_file_source_id", "csv_file", ["source_id"])
    op.create_table(
        "csv_import",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("is_dry_run", sa.Boolean(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        *(sa.Column(name, sa.DateTime(), nullable=True) for name in ("started_at", "cancelled_at", "ended_at")),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("line", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in COUNTS),
        sa.ForeignKeyConstraint(
            ["file_id"], ["csv_file.id"], name=op.f("fk_csv_import_file_id_csv_file"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_csv_import")),
    )
    op.create_index("ix_csv_import_file", "csv_import", ["file_id", "id"])
    op.create_table(
        "csv_report_row",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("external_id", "result", "column", "code", "value")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["csv_import.id"], name=op.f("fk_csv_report_row_import_id_csv_import"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_csv_report_row")),
    )
    op.create_index("ix_csv_report_row_import", "csv_report_row", ["import_id", "line", "id"])
    op.create_table(
        "csv_preset",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_csv_preset")),
        sa.UniqueConstraint("name", name=op.f("uq_csv_preset_name")),
    )


COUNTS = "created updated unchanged stale ignored failed findings".split()
