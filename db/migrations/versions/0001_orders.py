"""Orders, payments, files, downloads, invoices issued elsewhere, settings."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_sha256", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_sha256", name=op.f("uq_api_key_key_sha256")),
    )
    op.create_table(
        "appearance_settings",
        sa.Column("greeting_html", sa.Text(), nullable=False),
        sa.Column("accent_colour", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appearance_settings")),
    )
    op.create_table(
        "article",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("removed_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article")),
        sa.UniqueConstraint("sku", name=op.f("uq_article_sku")),
    )
    op.create_table(
        "file_settings",
        sa.Column("download_enabled", sa.Boolean(), nullable=False),
        sa.Column("limit_per_file", sa.Integer(), nullable=True),
        sa.Column("limit_times_quantity", sa.Boolean(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=True),
        sa.Column("waiver_required", sa.Boolean(), nullable=False),
        sa.Column("waiver_text", sa.Text(), nullable=False),
        sa.Column("watermark_text", sa.Text(), nullable=False),
        sa.Column("watermark_font_size_pt", sa.Double(), nullable=False),
        sa.Column("watermark_x_mm", sa.Double(), nullable=False),
        sa.Column("watermark_y_mm", sa.Double(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_settings")),
    )
    op.create_table(
        "general_settings",
        sa.Column("paid_rule", sa.String(40), nullable=False),
        sa.Column("withdrawal_days", sa.Integer(), nullable=False),
        sa.Column("link_retention_days", sa.Integer(), nullable=False),
        sa.Column("log_retention_days", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_general_settings")),
    )
    op.create_table(
        "invoice_settings",
        sa.Column("download_enabled", sa.Boolean(), nullable=False),
        sa.Column("auto_create", sa.Boolean(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=True),
        sa.Column("address_correction", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_settings")),
    )
    op.create_table(
        "seller_settings",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=False),
        sa.Column("zip", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("vat_id", sa.Text(), nullable=False),
        sa.Column("tax_number", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("contact_name", sa.Text(), nullable=False),
        sa.Column("iban", sa.Text(), nullable=False),
        sa.Column("bic", sa.Text(), nullable=False),
        sa.Column("bank_name", sa.Text(), nullable=False),
        sa.Column("tax_regime", sa.String(40), nullable=False),
        sa.Column("invoice_series", sa.Text(), nullable=False),
        sa.Column("imprint_url", sa.Text(), nullable=False),
        sa.Column("privacy_url", sa.Text(), nullable=False),
        sa.Column("terms_url", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seller_settings")),
    )
    op.create_table(
        "source",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("waiver_needs_text", sa.Boolean(), nullable=False),
        sa.Column("invoices_elsewhere", sa.Boolean(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        sa.UniqueConstraint("name", name=op.f("uq_source_name")),
    )
    op.create_table(
        "storage",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage")),
        sa.UniqueConstraint("name", name=op.f("uq_storage_name")),
    )
    op.create_table(
        "file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("storage_id", sa.Integer(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("inspection", sa.JSON(), nullable=True),
        sa.Column("checked_at", sa.DateTime(), nullable=True),
        sa.Column("missing_since", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["storage_id"], ["storage.id"], name=op.f("fk_file_storage_id_storage")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file")),
        sa.UniqueConstraint("storage_id", "path", name=op.f("uq_file_storage_id_path")),
    )
    op.create_table(
        "order",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("shop_name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("ordered_at", sa.DateTime(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.Column("paid_at", sa.DateTime(), nullable=True),
        sa.Column("shipped_at", sa.DateTime(), nullable=True),
        sa.Column("delivered_at", sa.DateTime(), nullable=True),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("archived_at", sa.DateTime(), nullable=True),
        sa.Column("dunning_level", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("prices_include_tax", sa.Boolean(), nullable=False),
        sa.Column("vat_mode", sa.String(40), nullable=False),
        sa.Column("payment_method", sa.String(40), nullable=True),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("buyer_name", sa.Text(), nullable=False),
        sa.Column("buyer_company", sa.Text(), nullable=False),
        sa.Column("buyer_email", sa.Text(), nullable=False),
        sa.Column("buyer_email_key", sa.Text(), nullable=False, server_default=""),
        sa.Column("buyer_phone", sa.Text(), nullable=False),
        sa.Column("buyer_vat_id", sa.Text(), nullable=False),
        sa.Column("buyer_customer_number", sa.Text(), nullable=False),
        sa.Column("buyer_reference", sa.Text(), nullable=False),
        sa.Column("buyer_kind", sa.String(40), nullable=False),
        sa.Column("waiver_accepted", sa.Boolean(), nullable=True),
        sa.Column("waiver_at", sa.DateTime(), nullable=True),
        sa.Column("waiver_text", sa.Text(), nullable=True),
        sa.Column("total_gross", sa.Integer(), nullable=False),
        sa.Column("amounts_consistent", sa.Boolean(), nullable=False),
        sa.Column("source_invoice_number", sa.Text(), nullable=True),
        sa.Column("source_invoice_date", sa.Date(), nullable=True),
        sa.Column("refers_to", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("custom", sa.JSON(), nullable=False),
        sa.Column("content_sha256", sa.Text(), nullable=False),
        sa.Column("source_updated_at", sa.DateTime(), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.Column("first_seen_paid_at", sa.DateTime(), nullable=True),
        sa.Column("link_version", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name=op.f("fk_order_source_id_source")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order")),
        sa.UniqueConstraint("source_id", "external_id", name=op.f("uq_order_source_id_external_id")),
        sa.Index("ix_order_refers_to", "refers_to", "source_id", sqlite_where=sa.text("refers_to IS NOT NULL")),
    )
    with op.batch_alter_table("order", schema=None) as batch_op:
        batch_op.create_index("ix_order_buyer_email_key", ["buyer_email_key"], unique=False)
        batch_op.create_index("ix_order_changed_at", ["changed_at", "id"], unique=False)
        batch_op.create_index("ix_order_number", ["number"], unique=False)
        batch_op.create_index("ix_order_ordered_at", ["ordered_at", "id"], unique=False)

    op.create_table(
        "activity",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("notice", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_activity_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activity")),
    )
    with op.batch_alter_table("activity", schema=None) as batch_op:
        batch_op.create_index("ix_activity_order", ["order_id", "id"], unique=False)

    op.create_table(
        "address",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("line1", sa.Text(), nullable=False),
        sa.Column("line2", sa.Text(), nullable=False),
        sa.Column("zip", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_address_order_id_order")),
        sa.PrimaryKeyConstraint("order_id", "role", name=op.f("pk_address")),
    )
    op.create_table(
        "allowance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("downloads", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_by", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_allowance_file_id_file")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_allowance_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_allowance")),
    )
    with op.batch_alter_table("allowance", schema=None) as batch_op:
        batch_op.create_index("ix_allowance_order_file", ["order_id", "file_id"], unique=False)

    op.create_table(
        "article_file",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("linked_at", sa.DateTime(), nullable=False),
        sa.Column("unlinked_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_article_file_article_id_article")),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_article_file_file_id_file")),
        sa.PrimaryKeyConstraint("article_id", "file_id", name=op.f("pk_article_file")),
    )
    op.create_table(
        "download",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("file_version", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("ip_prefix", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["file_id"], ["file.id"], name=op.f("fk_download_file_id_file")),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_download_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_download")),
    )
    with op.batch_alter_table("download", schema=None) as batch_op:
        batch_op.create_index("ix_download_order_file", ["order_id", "file_id"], unique=False)

    op.create_table(
        "invoice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("issuer", sa.String(40), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("total_gross", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("refers_to", sa.Integer(), nullable=True),
        sa.Column("stored_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_invoice_order_id_order")),
        sa.ForeignKeyConstraint(["refers_to"], ["invoice.id"], name=op.f("fk_invoice_refers_to_invoice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
    )
    with op.batch_alter_table("invoice", schema=None) as batch_op:
        batch_op.create_index("ix_invoice_number", ["number"], unique=False)
        batch_op.create_index("ix_invoice_order", ["order_id"], unique=False)

    op.create_table(
        "line",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("unit_gross", sa.Integer(), nullable=True),
        sa.Column("line_gross", sa.Integer(), nullable=False),
        sa.Column("discount_gross", sa.Integer(), nullable=False),
        sa.Column("tax_rate", sa.Integer(), nullable=False),
        sa.Column("tax_category", sa.String(40), nullable=False),
        sa.Column("digital", sa.Boolean(), nullable=True),
        sa.Column("refunded_quantity", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_line_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line")),
        sa.UniqueConstraint("order_id", "external_id", name=op.f("uq_line_order_id_external_id")),
    )
    with op.batch_alter_table("line", schema=None) as batch_op:
        batch_op.create_index("ix_line_sku", ["sku"], unique=False)

    op.create_table(
        "link_observation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("ip_prefix", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_link_observation_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link_observation")),
    )
    with op.batch_alter_table("link_observation", schema=None) as batch_op:
        batch_op.create_index("ix_link_observation_order", ["order_id", "at"], unique=False)

    op.create_table(
        "order_tag",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_tag_order_id_order")),
        sa.PrimaryKeyConstraint("order_id", "tag", name=op.f("pk_order_tag")),
    )
    op.create_table(
        "payment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("origin", sa.String(40), nullable=False),
        sa.Column("recorded_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_payment_order_id_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint(
            "order_id",
            "provider",
            "transaction_id",
            "kind",
            name=op.f("uq_payment_order_id_provider_transaction_id_kind"),
        ),
    )
    op.create_table(
        "download_observation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("download_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("finished", sa.Boolean(), nullable=False),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("ip_prefix", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["download_id"], ["download.id"], name=op.f("fk_download_observation_download_id_download")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_download_observation")),
    )
    with op.batch_alter_table("download_observation", schema=None) as batch_op:
        batch_op.create_index("ix_download_observation_download", ["download_id"], unique=False)

    op.create_table(
        "invoice_document",
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("format", sa.String(40), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_document_invoice_id_invoice")),
        sa.PrimaryKeyConstraint("invoice_id", "format", name=op.f("pk_invoice_document")),
    )
    op.create_table(
        "shop_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shop_version")),
    )
    op.execute("INSERT INTO shop_version (id, version) VALUES (1, 1)")
    for table in SHOP_TABLES:
        count(table, "UPDATE shop_version SET version = version + 1")
    for table in ORDER_TABLES:
        count(table, 'UPDATE "order" SET version = version + 1 WHERE id = {row}.order_id')
    op.execute(
        'CREATE TRIGGER order_counts AFTER UPDATE ON "order" WHEN NEW.version = OLD.version '
        'BEGIN UPDATE "order" SET version = version + 1 WHERE id = NEW.id; END'
    )
    op.execute(GIVE_BACK)
    for table in ("invoice", "invoice_document"):
        freeze(table)


SHOP_TABLES = (
    "source storage file article article_file appearance_settings invoice_settings file_settings general_settings"
    " seller_settings"
).split()
ORDER_TABLES = "address line payment order_tag download allowance invoice".split()
# A download that we failed to deliver is given back, unless it was finished all the same.
GIVE_BACK = """
CREATE TRIGGER download_observation_counts AFTER INSERT ON download_observation
WHEN NEW.failure != '' OR (NEW.finished AND EXISTS (
  SELECT 1 FROM download_observation WHERE download_id = NEW.download_id AND failure != ''))
BEGIN
  UPDATE "order" SET version = version + 1 WHERE id = (SELECT order_id FROM download WHERE id = NEW.download_id);
END
"""


def count(table: str, deed: str) -> None:
    """Every change of the table does the deed, in which `{row}` is the row that changed."""
    for event, row in (("INSERT", "NEW"), ("UPDATE", "NEW"), ("DELETE", "OLD")):
        op.execute(
            f"CREATE TRIGGER {table}_{event.lower()}_counts AFTER {event} ON {table} "
            f"BEGIN {deed.format(row=row)}; END"
        )


def freeze(table: str) -> None:
    """Issued documents are never changed and never deleted, whoever asks (GoBD)."""
    for deed in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} rows are frozen'); END"
        )
