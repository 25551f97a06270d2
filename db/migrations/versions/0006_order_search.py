"""The list of orders: where each one stands in time, how it stands with its money, and by which words it is found."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "order_search",
        sa.Column("order_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("payment_state", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["order.id"], name=op.f("fk_order_search_order_id_order")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("pk_order_search")),
    )
    op.execute(AS_FOUND)
    op.execute(f"INSERT INTO order_search ({COLUMNS}) SELECT {COLUMNS} FROM order_as_found ORDER BY order_id")
    with op.batch_alter_table("order_search", schema=None) as batch_op:
        batch_op.create_index("ix_order_search_place", ["place"], unique=True)
        batch_op.create_index("ix_order_search_state", ["state", "place"], unique=False)
        batch_op.create_index("ix_order_search_payment_state", ["payment_state", "place"], unique=False)
        batch_op.create_index("ix_order_search_source", ["source_id", "place"], unique=False)
    op.execute(
        "CREATE VIRTUAL TABLE order_search_index USING fts5("
        "text, content='order_search', content_rowid='order_id', tokenize='trigram', detail='none', columnsize=0)"
    )
    op.execute("INSERT INTO order_search_index (order_search_index) VALUES ('rebuild')")
    for trigger in (*INDEX_TRIGGERS, *order_triggers(), *(each for table in PARTS for each in part_triggers(table))):
        op.execute(trigger)


COLUMNS = "order_id, place, source_id, state, payment_state, text"
PARTS = {"line": "sku, order_id", "payment": "transaction_id, kind, status, amount, currency, order_id", "invoice": ""}
WATCHED = (
    "id, ordered_at, source_id, state, paid_at, total_gross, currency, number, external_id, source_invoice_number,"
    " buyer_name, buyer_company, buyer_email"
)
MARKED = {
    "a": "àáâãåāăą", "c": "çćč", "d": "ďđ", "e": "èéêëēėęě", "g": "ğģ", "i": "ìíîïīįı", "k": "ķ", "l": "ĺļľł",
    "n": "ñńņň", "o": "òóôõøōő", "r": "ŕř", "s": "śşš", "t": "ţťț", "u": "ùúûūůűų", "y": "ýÿ", "z": "źżž",
}  # fmt: skip
WRITTEN_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "ae", "Ö": "oe", "Ü": "ue", "ß": "ss", "ẞ": "ss"}
LEFT_OUT = {"ä": "a", "ö": "o", "ü": "u", "Ä": "a", "Ö": "o", "Ü": "u", "ß": "ss", "ẞ": "ss"}
UNMARKED = {
    marked: letter
    for letter, all_marked in MARKED.items()
    for marked in all_marked + all_marked.upper()
    if not marked.isascii()  # the small dotless i has a capital that is the plain one
}


def replaced(text: str, letters: dict[str, str]) -> str:
    for letter, plain in letters.items():
        text = f"replace({text}, '{letter}', '{plain}')"
    return text


def is_ascii(text: str) -> str:
    return f"length({text}) = length(CAST({text} AS BLOB))"


def spread(text: str) -> str:
    """Small letters, and a gap of two lines before every word."""
    return f"char(10, 10) || replace(lower({text}), ' ', char(10, 10))"


def distinct(column: str, table: str) -> str:
    each = f"SELECT DISTINCT {column} FROM {table} WHERE order_id = o.id"
    return f"coalesce((SELECT group_concat({column}, ' ') FROM ({each})), '')"


OF_ORDER = "order_id = o.id AND payment.currency = o.currency"


def money(kind: str) -> str:
    moved = f"payment WHERE {OF_ORDER} AND kind = '{kind}' AND status = 'completed'"
    return f"(SELECT coalesce(sum(amount), 0) FROM {moved})"


def waits(status: str) -> str:
    return f"EXISTS (SELECT 1 FROM payment WHERE {OF_ORDER} AND kind = 'payment' AND status = '{status}')"


# The translation of portal.orders.payment_state: `told` is paid by facts, `paid` and `refunded` are sums.
PAYMENT_STATE = f"""
CASE
  WHEN paid < total AND {waits("reversed")} THEN 'reversed'
  WHEN (CASE WHEN paid > 0 THEN paid WHEN told THEN total ELSE 0 END) BETWEEN 1 AND refunded THEN 'refunded'
  WHEN state = 'cancelled' AND NOT told AND paid = 0 AND {waits("failed")} THEN 'voided'
  WHEN told AND refunded > 0 AND paid - refunded < total THEN 'partially_refunded'
  WHEN told AND paid - refunded > total THEN 'overpaid'
  WHEN told THEN 'paid'
  WHEN {waits("pending")} THEN 'pending'
  WHEN {waits("authorized")} THEN 'authorized'
  WHEN paid > 0 THEN 'partially_paid'
  ELSE 'unpaid'
END
"""
# One letter after the other, as SQLite reads no hundred calls inside each other.
WITHOUT_MARKS = f"""
(
  WITH RECURSIVE unmarked (done, words) AS (
    SELECT 0, o.words
    UNION ALL
    SELECT done + 1, replace(words,
      substr('{"".join(UNMARKED)}', done + 1, 1),
      substr('{"".join(UNMARKED.values())}', done + 1, 1))
    FROM unmarked WHERE done < {len(UNMARKED)}
  )
  SELECT words FROM unmarked WHERE done = {len(UNMARKED)}
)
"""
ORDERS = f"""
SELECT *, paid_at IS NOT NULL OR state = 'paid' OR total = 0 OR (total > 0 AND paid >= total) AS told
  FROM (
    SELECT
      o.id, o.ordered_at, o.source_id, o.state, o.paid_at, o.currency, o.total_gross AS total,
      {money("payment")} AS paid, {money("refund")} AS refunded,
      o.buyer_name || ' ' || o.buyer_company AS names,
      o.number || ' ' || CASE WHEN o.external_id = o.number THEN '' ELSE o.external_id END
        || ' ' || coalesce(o.source_invoice_number, '')
        || ' ' || o.buyer_name || ' ' || o.buyer_company || ' ' || o.buyer_email
        || ' ' || {distinct("sku", "line")} || ' ' || {distinct("transaction_id", "payment")}
        || ' ' || {distinct("number", "invoice")} AS words
    FROM "order" AS o
  ) AS o
"""
# Only letters that need it are looked at one by one. Names are found with their umlauts written out or left out.
PLAIN = f"""
CASE
  WHEN {is_ascii("words")} THEN words
  WHEN {is_ascii(replaced("words", WRITTEN_OUT))} THEN {replaced("words", WRITTEN_OUT)}
  ELSE {replaced(WITHOUT_MARKS, WRITTEN_OUT)}
END
"""
AS_FOUND = f"""
CREATE VIEW order_as_found AS
SELECT
  id AS order_id, (unixepoch(ordered_at) << 30) + id AS place, source_id, state, {PAYMENT_STATE} AS payment_state,
  {spread(PLAIN)}
    || CASE WHEN names GLOB '*[äöüÄÖÜ]*' THEN {spread(replaced("names", LEFT_OUT))} ELSE '' END AS text
FROM ({ORDERS}) AS o
"""
INDEX_TRIGGERS = (
    """
CREATE TRIGGER order_search_insert_indexes AFTER INSERT ON order_search
BEGIN INSERT INTO order_search_index (rowid, text) VALUES (NEW.order_id, NEW.text); END
""",
    """
CREATE TRIGGER order_search_update_indexes AFTER UPDATE ON order_search
WHEN NEW.text != OLD.text
BEGIN
  INSERT INTO order_search_index (order_search_index, rowid, text) VALUES ('delete', OLD.order_id, OLD.text);
  INSERT INTO order_search_index (rowid, text) VALUES (NEW.order_id, NEW.text);
END
""",
    """
CREATE TRIGGER order_search_delete_indexes AFTER DELETE ON order_search
BEGIN INSERT INTO order_search_index (order_search_index, rowid, text) VALUES ('delete', OLD.order_id, OLD.text); END
""",
)


def renewed(order_id: str) -> str:
    return (
        f"UPDATE order_search SET ({COLUMNS}) = (SELECT {COLUMNS} FROM order_as_found WHERE order_id = {order_id})"
        f" WHERE order_id = {order_id};"
    )


def order_triggers() -> tuple[str, ...]:
    return (
        'CREATE TRIGGER order_insert_is_found AFTER INSERT ON "order" BEGIN'
        f" INSERT INTO order_search ({COLUMNS}) SELECT {COLUMNS} FROM order_as_found WHERE order_id = NEW.id; END",
        f'CREATE TRIGGER order_update_is_found AFTER UPDATE OF {WATCHED} ON "order" BEGIN {renewed("NEW.id")} END',
        'CREATE TRIGGER order_delete_is_found BEFORE DELETE ON "order" BEGIN'
        " DELETE FROM order_search WHERE order_id = OLD.id; END",
    )


def part_triggers(table: str) -> tuple[str, ...]:
    """For what an order has many of. Invoices are frozen, so they only come."""
    inserted = f"CREATE TRIGGER {table}_insert_is_found AFTER INSERT ON {table} BEGIN {renewed('NEW.order_id')} END"
    if not PARTS[table]:
        return (inserted,)
    return (
        inserted,
        f"CREATE TRIGGER {table}_update_is_found AFTER UPDATE OF {PARTS[table]} ON {table}"
        f" BEGIN {renewed('NEW.order_id')} END",
        f"CREATE TRIGGER {table}_delete_is_found AFTER DELETE ON {table} BEGIN {renewed('OLD.order_id')} END",
    )
