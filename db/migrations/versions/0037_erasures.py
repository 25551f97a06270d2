"""Orders may be erased: what freezes an order's evidence lets go of it for those, and for no others."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"

IS_ERASED = "EXISTS (SELECT 1 FROM erased_order WHERE order_id = {order})"
OF_WAIVER = "(SELECT order_id FROM waiver WHERE id = OLD.waiver_id)"


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("asked_at", sa.DateTime(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("removed", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
    )
    op.create_table(
        "erased_order",
        sa.Column("order_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("erasure_id", sa.Integer(), nullable=True),
        sa.Column("erased_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name="fk_erased_order_order_id_order"),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasure.id"], name="fk_erased_order_erasure_id_erasure"),
        sa.PrimaryKeyConstraint("order_id", name="pk_erased_order"),
    )
    op.create_index("ix_erased_order_erasure", "erased_order", ["erasure_id"])
    let_go("billing_correction", "OLD.order_id")
    let_go("waiver", "OLD.order_id")
    let_go("waiver_confirmation", OF_WAIVER)
    let_go("waiver_message", OF_WAIVER)


def let_go(table: str, order: str) -> None:
    op.execute(f"DROP TRIGGER {table}_no_delete")
    op.execute(
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} WHEN NOT {IS_ERASED.format(order=order)} "
        f"BEGIN SELECT RAISE(ABORT, '{table} rows are frozen'); END"
    )
