"""Numbers that cannot meet, days that cannot run away, and rows that nothing replaces."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("DROP TRIGGER number_series_only_grows")
    keep_the_newest_day(op.get_bind())
    op.execute(ONLY_GROWS)
    op.execute("DROP INDEX ix_invoice_issued")
    for table, keys in KEYS.items():
        refuse_replacing(table, *keys)


# Every key by which a row that is there would make way for another one. The literals are those of the partial indexes.
OWN = "issuer = 'tresen' AND NEW.issuer = 'tresen'"
KEYS = {
    "invoice": (
        "id = NEW.id",
        f"{OWN} AND number = NEW.number",
        f"{OWN} AND series = NEW.series AND year = NEW.year AND sequence = NEW.sequence",
        f"{OWN} AND kind = 'invoice' AND NEW.kind = 'invoice'"
        " AND order_id = NEW.order_id AND generation = NEW.generation",
        "cancels_id IS NOT NULL AND cancels_id = NEW.cancels_id",
    ),
    "invoice_document": ("invoice_id = NEW.invoice_id AND format = NEW.format",),
    "invoice_snapshot": ("invoice_id = NEW.invoice_id",),
    "number_series": ("prefix = NEW.prefix",),
    "billing_correction": ("id = NEW.id",),
    "waiver_text": ("id = NEW.id", "sha256 = NEW.sha256"),
    "waiver": ("id = NEW.id",),
    "waiver_confirmation": ("waiver_id = NEW.waiver_id",),
    "waiver_message": ("waiver_id = NEW.waiver_id", "message_id = NEW.message_id"),
    "payment_attempt": ("id = NEW.id", "mark = NEW.mark"),
    "payment_event": ("id = NEW.id",),
    "transfer_announcement": ("id = NEW.id",),
}


def refuse_replacing(table: str, *keys: str) -> None:
    """INSERT OR REPLACE takes away the row that stands in its way, and asks no trigger that refuses DELETE."""
    there = " OR ".join(f"EXISTS (SELECT 1 FROM {table} WHERE {key})" for key in keys)
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {there} "
        f"BEGIN SELECT RAISE(ABORT, '{table} rows are frozen'); END"
    )


def keep_the_newest_day(connection: sa.Connection) -> None:
    """With each prefix, whatever template its documents were issued by: two could come to the same prefix."""
    op.execute("ALTER TABLE number_series ADD COLUMN newest DATE NOT NULL DEFAULT '0001-01-01'")
    connection.exec_driver_sql(
        "UPDATE number_series SET newest = coalesce((SELECT max(issued_on) FROM invoice WHERE issuer = 'tresen'"
        " AND number = number_series.prefix || printf('%05d', sequence)), date(begun_at))"
    )


ONLY_GROWS = """
CREATE TRIGGER number_series_only_grows BEFORE UPDATE ON number_series
WHEN NEW.next != OLD.next + 1 OR NEW.newest < OLD.newest
  OR NEW.prefix != OLD.prefix OR NEW.series != OLD.series OR NEW.first != OLD.first
BEGIN SELECT RAISE(ABORT, 'a number series only grows, one by one'); END
"""
