"""Numbers that cannot meet, days that cannot run away, and rows that nothing replaces."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.execute("DROP TRIGGER number_series_only_grows")
    keep_the_newest_day(op.get_bind())
    op.execute(ONLY_GROWS)
    op.execute("DROP INDEX ix_invoice_issued")


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
