"""The merchant's images, and which of them stands above the portal page."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "image",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(), nullable=False),
        sa.Column("uploaded_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image")),
    )
    # By hand: Alembic would build the table anew and lose the triggers that count its changes.
    op.execute(
        "ALTER TABLE appearance_settings ADD COLUMN image_id INTEGER"
        " CONSTRAINT fk_appearance_settings_image_id_image REFERENCES image (id)"
    )
    for event in ("INSERT", "UPDATE", "DELETE"):
        op.execute(COUNT.format(event=event, name=event.lower()))


COUNT = """
CREATE TRIGGER image_{name}_counts AFTER {event} ON image
BEGIN UPDATE shop_version SET version = version + 1; END
"""
