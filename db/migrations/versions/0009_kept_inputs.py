"""Each form keeps its own input: what waits for one is not lost by saving another."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "kept_input",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"],
            ["merchant_session.id"],
            name=op.f("fk_kept_input_session_id_merchant_session"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", "action", name=op.f("pk_kept_input")),
    )
    op.drop_column("merchant_session", "kept")
