"""Waivers of the right of withdrawal, their confirmations, and every wording that was ever asked with."""

import hashlib
import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "waiver_text",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("set_at", sa.DateTime(), nullable=True),
        sa.Column("set_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver_text")),
        sa.UniqueConstraint("sha256", name=op.f("uq_waiver_text_sha256")),
    )
    op.create_table(
        "waiver",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(40), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("text_sha256", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_waiver_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiver")),
    )
    with op.batch_alter_table("waiver", schema=None) as batch_op:
        batch_op.create_index("ix_waiver_order", ["order_id"], unique=False)
    op.create_table(
        "waiver_confirmation",
        sa.Column("waiver_id", sa.Integer(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(), nullable=False),
        sa.Column("way", sa.String(40), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["waiver_id"], ["waiver.id"], name=op.f("fk_waiver_confirmation_waiver_id_waiver")),
        sa.PrimaryKeyConstraint("waiver_id", name=op.f("pk_waiver_confirmation")),
    )
    op.create_table(
        "waiver_message",
        sa.Column("waiver_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["waiver_id"], ["waiver.id"], name=op.f("fk_waiver_message_waiver_id_waiver")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_waiver_message_message_id_message")),
        sa.PrimaryKeyConstraint("waiver_id", name=op.f("pk_waiver_message")),
        sa.UniqueConstraint("message_id", name=op.f("uq_waiver_message_message_id")),
    )
    record_what_shops_told(op.get_bind())
    for table in ("waiver_text", "waiver", "waiver_confirmation", "waiver_message"):
        freeze(table)
    op.execute(COUNT_WAIVER)
    for table in ("waiver_confirmation", "waiver_message"):
        op.execute(COUNT_OF_WAIVER.format(table=table))
    op.execute(COUNT_FAILED_MAIL)
    for event in ("INSERT", "UPDATE"):
        op.execute(COUNT_MAIL_SETTINGS.format(event=event, name=event.lower()))


# What a page shows is counted, so that none is stale: consent, its confirmation, and how the mail with it fares.
COUNT_WAIVER = """
CREATE TRIGGER waiver_counts AFTER INSERT ON waiver
BEGIN UPDATE "order" SET version = version + 1 WHERE id = NEW.order_id; END
"""
COUNT_OF_WAIVER = """
CREATE TRIGGER {table}_counts AFTER INSERT ON {table}
BEGIN
  UPDATE "order" SET version = version + 1 WHERE id = (SELECT order_id FROM waiver WHERE id = NEW.waiver_id);
END
"""
COUNT_FAILED_MAIL = """
CREATE TRIGGER message_of_waiver_counts AFTER UPDATE OF state ON message
WHEN EXISTS (SELECT 1 FROM waiver_message WHERE message_id = NEW.id)
BEGIN UPDATE "order" SET version = version + 1 WHERE id = NEW.order_id; END
"""
COUNT_MAIL_SETTINGS = """
CREATE TRIGGER mail_settings_{name}_counts AFTER {event} ON mail_settings
BEGIN UPDATE shop_version SET version = version + 1; END
"""


def record_what_shops_told(connection: sa.Connection) -> None:
    """Orders that came in before had their shop's consent in their own row alone."""
    told = connection.exec_driver_sql(
        'SELECT id, locale, waiver_text, waiver_at FROM "order" WHERE waiver_accepted'
    ).fetchall()
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(" ")
    for order_id, locale, text, at in told:
        lines = connection.exec_driver_sql(
            "SELECT external_id, title FROM line WHERE order_id = ? AND kind = 'item' AND digital IS NOT 0"
            " ORDER BY position",
            (order_id,),
        ).fetchall()
        digest = hashlib.sha256(text.encode()).hexdigest() if text else None
        snapshot = json.dumps([{"id": line_id, "title": title} for line_id, title in lines])
        connection.exec_driver_sql(
            "INSERT INTO waiver (order_id, source, text, text_sha256, locale, lines, given_at, recorded_at)"
            " VALUES (?, 'shop', ?, ?, ?, ?, ?, ?)",
            (order_id, text or None, digest, locale, snapshot, at, now),
        )


def freeze(table: str) -> None:
    """These rows are evidence: never changed and never deleted, whoever asks."""
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} rows are frozen'); END"
        )
