"""Which mail server has taken a mail; and why an automatic mail was kept back, in a word that every language has."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.create_table(
        "mail_proof",
        sa.Column("server", sa.Text(), nullable=False),
        sa.Column("proved_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("server", name=op.f("pk_mail_proof")),
    )
    op.add_column("message", sa.Column("kept_back", sa.Text(), nullable=False, server_default=""))
