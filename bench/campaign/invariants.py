"""What must hold of a database whatever happened to the server; each broken one is a sentence."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path

from bench.campaign.customers import Acknowledged
from bench.campaign.grounds import LIMIT
from demo.paypal_stand_in.ledger import ToldOrder

# A download that failed by our own fault and never came whole is given back.
OVERSPENT = """
    SELECT order_id, file_id, count(*) AS spent FROM download AS spent
    WHERE NOT EXISTS (
        SELECT 1 FROM download_observation AS seen
        WHERE seen.download_id = spent.id AND seen.failure != '' AND NOT seen.finished)
    GROUP BY order_id, file_id HAVING count(*) > ?
"""
BOOKED_TWICE = "SELECT transaction_id, count(*) FROM payment WHERE kind = 'payment' GROUP BY 1 HAVING count(*) > 1"
SETTLED_TWICE = "SELECT attempt_id, count(*) FROM payment_event WHERE kind = 'completed' GROUP BY 1 HAVING count(*) > 1"
OVERPAID = """
    SELECT "order".id, sum(amount), total_gross FROM payment JOIN "order" ON "order".id = payment.order_id
    WHERE payment.kind = 'payment' AND payment.status = 'completed' GROUP BY 1 HAVING sum(amount) > total_gross
"""
INVOICED_TWICE = "SELECT order_id, count(*) FROM invoice WHERE kind = 'invoice' GROUP BY 1 HAVING count(*) > 1"


def broken(database: Path, acknowledged: Acknowledged) -> list[str]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60)) as connection:
        return list(_broken(connection, acknowledged))


def _broken(connection: sqlite3.Connection, acknowledged: Acknowledged) -> Iterator[str]:
    for pragma in ("integrity_check", "foreign_key_check"):
        found = connection.execute(f"PRAGMA {pragma}").fetchall()
        if found not in ([], [("ok",)]):
            yield f"{pragma}: {found[:5]}"
    for name, statement, values in (
        ("more downloads than the limit", OVERSPENT, (LIMIT,)),
        ("a payment booked twice", BOOKED_TWICE, ()),
        ("an attempt settled twice", SETTLED_TWICE, ()),
        ("an order paid more than once", OVERPAID, ()),
        ("an order invoiced twice", INVOICED_TWICE, ()),
    ):
        if found := connection.execute(statement, values).fetchall():
            yield f"{name}: {found[:5]}"
    yield from _numbers(connection)
    yield from _documents(connection)
    yield from _lost(connection, acknowledged)


def _numbers(connection: sqlite3.Connection) -> Iterator[str]:
    """Gapless and unique in each series and year, which goes on behind its last one."""
    spent: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for series, year, number in connection.execute(
        "SELECT series, year, sequence FROM invoice WHERE series IS NOT NULL ORDER BY sequence"
    ):
        spent[series, year].append(number)
    for series, numbers in spent.items():
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"numbers of {series}: {numbers[-5:]} are the last of {len(numbers)}"
    for series, year, following in connection.execute("SELECT series, year, next FROM number_series"):
        if following != len(spent[series, year]) + 1:
            yield f"{series} of {year} goes on with {following}, after {len(spent[series, year])} invoices"


def _documents(connection: sqlite3.Connection) -> Iterator[str]:
    """Every one has its documents, and their bytes are those of their sums."""
    bare = connection.execute(
        "SELECT id FROM invoice WHERE id NOT IN (SELECT invoice_id FROM invoice_document WHERE format = 'pdf')"
    ).fetchall()
    if bare:
        yield f"invoices without a PDF: {bare[:5]}"
    for invoice, content, told in connection.execute("SELECT invoice_id, content, sha256 FROM invoice_document"):
        if hashlib.sha256(content).hexdigest() != told:
            yield f"a document of invoice {invoice} has other bytes than its sum"


def _lost(connection: sqlite3.Connection, acknowledged: Acknowledged) -> Iterator[str]:
    orders = {external for (external,) in connection.execute('SELECT external_id FROM "order"')}
    if gone := acknowledged.orders - orders:
        yield f"orders that were acknowledged and are gone: {sorted(gone)[:5]}"
    invoices = {number for (number,) in connection.execute("SELECT id FROM invoice")}
    if missing := acknowledged.invoices - invoices:
        yield f"invoices that were acknowledged and are gone: {sorted(missing)[:5]}"
    [(downloads,)] = connection.execute("SELECT count(*) FROM download").fetchall()
    if downloads < len(acknowledged.downloads):
        yield f"{len(acknowledged.downloads)} downloads were acknowledged, {downloads} are left"


def unsettled(database: Path, told: Mapping[str, ToldOrder]) -> list[str]:
    """What PayPal has taken and what is booked, once all is worked off: the same, each once."""
    taken = {str(order.capture["id"]): _cents(order) for order in told.values() if order.capture}
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        booked = dict(
            connection.execute("SELECT transaction_id, amount FROM payment WHERE origin = 'portal'").fetchall()
        )
    different = {each for each in taken.keys() | booked.keys() if taken.get(each) != booked.get(each)}
    return [f"PayPal took {taken.get(each)}, booked is {booked.get(each)} ({each})" for each in sorted(different)]


def _cents(order: ToldOrder) -> int:
    amount = order.capture["amount"] if order.capture else {}
    return int(Decimal(str(amount["value"])) * 100)  # type: ignore[index]  # what PayPal tells has no type


def mails(database: Path, came: Counter[str]) -> tuple[list[str], int]:
    """What is wrong with the mail, once all is worked off; and how many came more than once.

    A mail whose server was killed between the other's *taken* and our note of it goes out again under the same
    Message-ID, by which mailboxes know it: SMTP has no way to ask.
    """
    with closing(sqlite3.connect(database, timeout=60)) as connection:
        states = dict(connection.execute("SELECT message_id, state FROM message").fetchall())
    wrong = [f"a mail that nobody wrote: {each}" for each in came.keys() - states.keys()]
    wrong += [f"{each} is {state}" for each, state in states.items() if state.lower() != "sent"]
    wrong += [f"{each} is told to be sent, and never came" for each in states.keys() - came.keys()]
    return wrong, sum(count > 1 for count in came.values())
