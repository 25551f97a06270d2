"""An article whose SKU ends with an asterisk stands for all that begin so."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("article", sa.Column("prefix", sa.Text(), nullable=True))
    op.create_index("ix_article_prefix", "article", ["prefix"])
    op.execute("UPDATE article SET prefix = substr(sku, 1, length(sku) - 1) WHERE sku LIKE '%*'")
