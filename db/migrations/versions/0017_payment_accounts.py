"""Each payment attempt notes the account that it was begun with, and is found by the number that its service was told.

What was begun before gets its provider's account.
"""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    # Added one by one: a table that is copied would lose its triggers, which refuse every change.
    op.execute("ALTER TABLE payment_attempt ADD COLUMN client_id TEXT NOT NULL DEFAULT ''")
    op.execute("ALTER TABLE payment_attempt ADD COLUMN sandbox BOOLEAN NOT NULL DEFAULT 0")
    op.execute("DROP TRIGGER payment_attempt_no_update")
    op.create_index("ix_payment_attempt_label", "payment_attempt", ["label"])
    op.execute(FILL)
    op.execute(FREEZE)


FILL = """
UPDATE payment_attempt SET
  client_id = (SELECT client_id FROM payment_provider WHERE id = provider_id),
  sandbox = (SELECT sandbox FROM payment_provider WHERE id = provider_id)
"""
FREEZE = """
CREATE TRIGGER payment_attempt_no_update BEFORE UPDATE ON payment_attempt
BEGIN SELECT RAISE(ABORT, 'payment_attempt rows are frozen'); END
"""
