"""The clocks of retention become settings, and what they removed is written down."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0032"

# The jobs that cleared what one nightly job clears now.
GONE = ("forget_done_jobs", "forget_deliveries", "forget_automation_runs", "forget_source_runs")


def upgrade() -> None:
    op.create_table(
        "retention_settings",
        sa.Column("work_retention_days", sa.Integer(), nullable=False),
        sa.Column("run_retention_days", sa.Integer(), nullable=False),
        sa.Column("message_retention_years", sa.Integer(), nullable=False),
        sa.Column("order_retention_years", sa.Integer(), nullable=False),
        sa.Column("waiver_retention_years", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_settings"),
    )
    op.create_table(
        "retention_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_retention_run"),
    )
    names = ", ".join(f"'{name}'" for name in GONE)
    op.execute(f"DELETE FROM due_time WHERE kind IN ({names})")
    op.execute(f"DELETE FROM outbox WHERE kind IN ({names}) AND done_at IS NULL")
