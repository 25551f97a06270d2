"""Payment attempts with their events, transfers that customers announced, and webhooks with what they delivered."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    _attempts()
    _announcements()
    _webhooks()
    for table in ("payment_attempt", "payment_event", "transfer_announcement"):
        freeze(table)
    op.execute(COUNT_EVENT)
    op.execute(COUNT_ANNOUNCEMENT)
    for event, row in (("INSERT", "NEW"), ("DELETE", "OLD")):
        op.execute(COUNT_OPEN.format(event=event, name=event.lower(), row=row))


def _attempts() -> None:
    op.create_table(
        "payment_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("method", sa.String(length=40), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_payment_attempt_order_id_order")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["payment_provider.id"], name=op.f("fk_payment_attempt_provider_id_payment_provider")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_attempt")),
        sa.UniqueConstraint("mark", name=op.f("uq_payment_attempt_mark")),
    )
    op.create_index("ix_payment_attempt_order", "payment_attempt", ["order_id", "id"])
    op.create_index(op.f("ix_payment_attempt_provider_id"), "payment_attempt", ["provider_id"])
    op.create_table(
        "payment_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["payment_attempt.id"], name=op.f("fk_payment_event_attempt_id_payment_attempt")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_event")),
    )
    op.create_index("ix_payment_event_attempt", "payment_event", ["attempt_id", "id"])
    op.create_index("ix_payment_event_reference", "payment_event", ["reference"])
    op.create_table(
        "open_payment",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("attempt_id", sa.Integer(), nullable=False),
        sa.Column("busy_until", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["payment_attempt.id"], name=op.f("fk_open_payment_attempt_id_payment_attempt")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_open_payment_order_id_order")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_open_payment")),
        sa.UniqueConstraint("attempt_id", name=op.f("uq_open_payment_attempt_id")),
    )


def _announcements() -> None:
    op.create_table(
        "transfer_announcement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_transfer_announcement_order_id_order")),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["payment_provider.id"], name=op.f("fk_transfer_announcement_provider_id_payment_provider")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_announcement")),
    )
    op.create_index("ix_transfer_announcement_order", "transfer_announcement", ["order_id"])
    op.create_index(op.f("ix_transfer_announcement_provider_id"), "transfer_announcement", ["provider_id"])


def _webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("verification", sa.String(length=40), nullable=False),
        sa.Column("registered_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["payment_provider.id"],
            name=op.f("fk_webhook_provider_id_payment_provider"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("provider_id", name=op.f("pk_webhook")),
    )
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("worked_on_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["payment_provider.id"],
            name=op.f("fk_webhook_delivery_provider_id_payment_provider"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("provider_id", "delivery", name=op.f("uq_webhook_delivery_provider_id_delivery")),
    )
    op.create_index("ix_webhook_delivery_received_at", "webhook_delivery", ["received_at"])


# What a page shows is counted, so that none is stale: how a payment fares, and what the customer said of a transfer.
COUNT_EVENT = """
CREATE TRIGGER payment_event_counts AFTER INSERT ON payment_event
BEGIN
  UPDATE "order" SET version = version + 1
  WHERE id = (SELECT order_id FROM payment_attempt WHERE id = NEW.attempt_id);
END
"""
COUNT_ANNOUNCEMENT = """
CREATE TRIGGER transfer_announcement_counts AFTER INSERT ON transfer_announcement
BEGIN UPDATE "order" SET version = version + 1 WHERE id = NEW.order_id; END
"""
COUNT_OPEN = """
CREATE TRIGGER open_payment_{name}_counts AFTER {event} ON open_payment
BEGIN UPDATE "order" SET version = version + 1 WHERE id = {row}.order_id; END
"""


def freeze(table: str) -> None:
    """These rows say where money went: never changed and never deleted, whoever asks."""
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} rows are frozen'); END"
        )
