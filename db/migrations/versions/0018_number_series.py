"""Numbers that cannot meet, days that cannot run away, and rows that nothing replaces."""

import hashlib
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.execute("DROP TRIGGER number_series_only_grows")
    keep_the_newest_day(op.get_bind())
    op.execute(ONLY_GROWS)
    op.execute("DROP INDEX ix_invoice_issued")
    op.create_table(
        "invoice_seal",
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("seal", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_seal_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("invoice_id", name=op.f("pk_invoice_seal")),
        sa.UniqueConstraint("prefix", "sequence", name=op.f("uq_invoice_seal_prefix_sequence")),
    )
    seal_what_is_there(op.get_bind())
    freeze("invoice_seal")
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
    "invoice_seal": ("invoice_id = NEW.invoice_id", "prefix = NEW.prefix AND sequence = NEW.sequence"),
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
OWN_DOCUMENTS = """
SELECT id, number, issued_on, total_gross, currency, sequence, series, content
FROM invoice LEFT JOIN invoice_snapshot ON invoice_id = id
WHERE issuer = 'tresen' ORDER BY sequence, id
"""


def seal_what_is_there(connection: sa.Connection) -> None:
    """The documents from before begin the chain of their prefix, as they are at this moment."""
    last: dict[str, str] = defaultdict(str)
    rows = connection.exec_driver_sql(OWN_DOCUMENTS).fetchall()
    for invoice_id, number, issued_on, total, currency, sequence, series, snapshot in rows:
        prefix = number.removesuffix(f"{sequence:05}") if number.endswith(f"{sequence:05}") else series
        hashes = connection.exec_driver_sql(
            "SELECT format, sha256 FROM invoice_document WHERE invoice_id = ?", (invoice_id,)
        ).fetchall()
        by_form = {form: sha256 for form, sha256 in hashes}
        lines = (
            last[prefix],
            number,
            issued_on,
            str(total),
            currency,
            *(by_form.get(form, "") for form in ("pdf", "xml", "xrechnung.xml")),
            "" if snapshot is None else hashlib.sha256(snapshot.encode()).hexdigest(),
        )
        last[prefix] = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        connection.exec_driver_sql(
            "INSERT INTO invoice_seal VALUES (?, ?, ?, ?)", (invoice_id, prefix, sequence, last[prefix])
        )


def freeze(table: str) -> None:
    """Never changed and never deleted, whoever asks."""
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} rows are frozen'); END"
        )
