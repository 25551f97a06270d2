"""Payment providers, and what came of checking their credentials."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "payment_provider",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret", sa.Text(), nullable=False),
        sa.Column("client_secret_set_at", sa.DateTime(), nullable=True),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.Column("methods", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("credentials_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_provider")),
    )
    op.create_table(
        "payment_provider_check",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("provider_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("sandbox", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["payment_provider.id"],
            name=op.f("fk_payment_provider_check_provider_id_payment_provider"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_provider_check")),
    )
    op.create_index(op.f("ix_payment_provider_check_provider_id"), "payment_provider_check", ["provider_id"])
    for event in ("INSERT", "UPDATE", "DELETE"):
        op.execute(COUNT_PROVIDERS.format(event=event, name=event.lower()))


# What customers may pay with stands on their page, so that a change makes every page anew.
COUNT_PROVIDERS = """
CREATE TRIGGER payment_provider_{name}_counts AFTER {event} ON payment_provider
BEGIN UPDATE shop_version SET version = version + 1; END
"""
