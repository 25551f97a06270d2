"""When API keys were last used, as far as anybody looked."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "api_key_observation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["api_key.id"], name=op.f("fk_api_key_observation_key_id_api_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key_observation")),
    )
    op.create_index("ix_api_key_observation_key", "api_key_observation", ["key_id", "at"])
