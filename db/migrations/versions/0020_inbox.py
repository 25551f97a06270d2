"""One inbox for whatever calls us, payment services and sources alike; what was given up keeps its body."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.rename_table("webhook_delivery", "earlier_delivery")
    op.drop_index("ix_webhook_delivery_received_at", "earlier_delivery")
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=True),
        sa.Column("source_id", sa.Integer(), nullable=True),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("ip_prefix", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("worked_on_at", sa.DateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.CheckConstraint("(provider_id IS NULL) != (source_id IS NULL)", name=op.f("ck_webhook_delivery_one_sender")),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["payment_provider.id"],
            name=op.f("fk_webhook_delivery_provider_id_payment_provider"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_webhook_delivery_source_id_source"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
        sa.UniqueConstraint("provider_id", "delivery", name=op.f("uq_webhook_delivery_provider_id_delivery")),
        sa.UniqueConstraint("source_id", "delivery", name=op.f("uq_webhook_delivery_source_id_delivery")),
    )
    op.execute(f"INSERT INTO webhook_delivery ({KEPT}, error) SELECT {KEPT}, '' FROM earlier_delivery")
    op.drop_table("earlier_delivery")
    op.create_index("ix_webhook_delivery_received_at", "webhook_delivery", ["received_at"])
    op.create_index(
        "ix_webhook_delivery_given_up", "webhook_delivery", ["id"], sqlite_where=sa.text("outcome = 'given-up'")
    )
    op.create_table(
        "source_webhook",
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("registered_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["source.id"], name=op.f("fk_source_webhook_source_id_source"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_source_webhook")),
    )


KEPT = "id, provider_id, delivery, received_at, headers, body, ip_prefix, outcome, worked_on_at"
