"""Invoices of our own: numbers, snapshots, and the billing address as the customer corrects it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    # Added one by one: a table that is copied would lose its triggers, which refuse every change.
    for column in ("series TEXT", "year INTEGER", "sequence INTEGER", "generation INTEGER"):
        op.execute(f"ALTER TABLE invoice ADD COLUMN {column}")
    op.execute("ALTER TABLE invoice ADD COLUMN cancels_id INTEGER REFERENCES invoice (id)")
    own = "issuer = 'tresen'"
    unique = "CREATE UNIQUE INDEX"
    op.execute(f"{unique} uq_invoice_own_number ON invoice (number) WHERE {own}")
    op.execute(f"{unique} uq_invoice_sequence ON invoice (series, year, sequence) WHERE {own}")
    op.execute(f"{unique} uq_invoice_generation ON invoice (order_id, generation) WHERE {own} AND kind = 'invoice'")
    op.execute(f"{unique} uq_invoice_cancels ON invoice (cancels_id) WHERE cancels_id IS NOT NULL")
    op.execute("CREATE INDEX ix_invoice_refers_to ON invoice (refers_to) WHERE refers_to IS NOT NULL")
    op.execute("CREATE INDEX ix_invoice_issued ON invoice (series, issued_on) WHERE series IS NOT NULL")
    op.execute("CREATE INDEX ix_invoice_day ON invoice (issued_on)")
    op.execute(COMPLETE)
    op.create_table(
        "invoice_snapshot",
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("renderer_version", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_snapshot_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("invoice_id", name=op.f("pk_invoice_snapshot")),
    )
    op.create_table(
        "number_series",
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("next", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("prefix", name=op.f("pk_number_series")),
    )
    op.execute(ONLY_GROWS)
    op.execute(NEVER_FORGOTTEN)
    op.create_table(
        "billing_correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in "name company line1 line2 zip city country".split()),
        sa.Column("corrected_by", sa.Text(), nullable=False),
        sa.Column("corrected_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_billing_correction_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_billing_correction")),
    )
    op.create_index("ix_billing_correction_order", "billing_correction", ["order_id", "id"])
    op.execute(COUNT_CORRECTION)
    for table in ("invoice_snapshot", "billing_correction"):
        freeze(table)
    add_settings()


# What the law asks of an own document is there from the first moment, since nothing can be added later.
COMPLETE = """
CREATE TRIGGER invoice_own_is_complete BEFORE INSERT ON invoice
WHEN NEW.issuer = 'tresen' AND (
  NEW.series IS NULL OR NEW.year IS NULL OR NEW.sequence IS NULL
  OR (NEW.kind = 'invoice' AND NEW.generation IS NULL)
  OR (NEW.kind = 'credit_note' AND NEW.refers_to IS NULL)
)
BEGIN SELECT RAISE(ABORT, 'an own document has a series, a number in it, and a place among its order''s'); END
"""
ONLY_GROWS = """
CREATE TRIGGER number_series_only_grows BEFORE UPDATE ON number_series
WHEN NEW.next != OLD.next + 1 OR NEW.prefix != OLD.prefix OR NEW.series != OLD.series OR NEW.first != OLD.first
BEGIN SELECT RAISE(ABORT, 'a number series only grows, one by one'); END
"""
NEVER_FORGOTTEN = """
CREATE TRIGGER number_series_no_delete BEFORE DELETE ON number_series
BEGIN SELECT RAISE(ABORT, 'number_series rows are never deleted'); END
"""
COUNT_CORRECTION = """
CREATE TRIGGER billing_correction_counts AFTER INSERT ON billing_correction
BEGIN UPDATE "order" SET version = version + 1 WHERE id = NEW.order_id; END
"""
COUNT_TEXTS = """
CREATE TRIGGER invoice_text_settings_{name}_counts AFTER {event} ON invoice_text_settings
BEGIN UPDATE shop_version SET version = version + 1; END
"""
TEXTS = "small_business exempt reverse_charge intra_eu export margin outside_scope".split()


def add_settings() -> None:
    op.execute("ALTER TABLE seller_settings ADD COLUMN invoice_start INTEGER NOT NULL DEFAULT 1")
    op.execute("ALTER TABLE seller_settings ADD COLUMN credit_note_series TEXT NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE seller_settings ADD COLUMN credit_note_start INTEGER NOT NULL DEFAULT 1")
    op.create_table(
        "invoice_text_settings",
        *(sa.Column(f"{text}_{language}", sa.Text(), nullable=False) for text in TEXTS for language in ("de", "en")),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_text_settings")),
    )
    for event in ("INSERT", "UPDATE"):
        op.execute(COUNT_TEXTS.format(event=event, name=event.lower()))


def freeze(table: str) -> None:
    """What documents were made from is evidence as they are: never changed and never deleted."""
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} rows are frozen'); END"
        )
