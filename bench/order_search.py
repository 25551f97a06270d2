"""`python -m bench.order_search`: how long the merchant waits for a page of the list, over a million orders."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.results import Goal
from db.engine import Database
from db.migrate import migrate
from db.orders import State
from portal import order_list, settings
from portal.order_list import Concern, Found, OrderFilter, Turn
from portal.orders import PaymentState

ORDERS = 1_000_000
QUERIES = 600
NOW = datetime(2026, 11, 24, tzinfo=UTC)
FIRST = (
    "Erika Max Jürgen Theodora Wolfgang Ana Maximilian Änne Björn Zoë Li Xu Karl Heinz Sabine Petra Ute Anke Käthe Paul"
)
SYLLABLES = (
    "mül ler schmidt ber ger hof mann öz türk sten gro ß kreutz wei dner bach feld häu ser kö nig lang haus vo gel"
)
DOMAINS = "example.org example.net post.example web.example mail.example"
STATES = ["ordered"] * 5 + ["paid"] * 5 + ["shipped"] * 80 + ["completed"] * 8 + ["cancelled", "complaint"]
TABLES = ("order", "line", "payment")


def main() -> None:
    with TemporaryDirectory(prefix="tresen-bench-") as scratch:
        for goal in measured(Path(scratch)):
            print(f"{goal.name}: {goal.value:.3g} {goal.unit} {goal.wanted} {goal.verdict}", flush=True)


def measured(place: Path) -> list[Goal]:
    """Fills a database in that directory and asks it. Takes about three minutes."""
    database = place / "search.sqlite3"
    migrate(database, place)
    began = time.monotonic()
    fill(database, ORDERS)
    print(f"{ORDERS:,} orders in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return asyncio.run(asked(database))


def fill(place: Path, orders: int) -> None:
    """By SQL, and without the triggers that follow single changes; then the list and its index at once."""
    with closing(sqlite3.connect(place, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-200000")
        connection.execute("BEGIN IMMEDIATE")
        triggers = connection.execute(
            f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN {(*TABLES, 'order_search')}"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(
            "INSERT INTO source (id, name, kind, options, waiver_needs_text, invoices_elsewhere, active, created_at)"
            " VALUES (1, 'shop', 'api', '{}', 0, 0, 1, '2026-01-01 00:00:00.000000')"
        )
        for table, rows in (("order", orders_of), ("line", lines_of), ("payment", payments_of)):
            insert(connection, table, rows(orders))
        connection.execute("INSERT INTO order_search SELECT * FROM order_as_found ORDER BY order_id")
        connection.execute("INSERT INTO order_search_index (order_search_index) VALUES ('rebuild')")
        for _, sql in triggers:
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def insert(connection: sqlite3.Connection, table: str, rows: Iterator[dict[str, object]]) -> None:
    first = next(rows)
    names = ", ".join(f'"{name}"' for name in first)
    statement = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(first))})'
    connection.execute(statement, list(first.values()))
    connection.executemany(statement, (list(row.values()) for row in rows))


def orders_of(orders: int) -> Iterator[dict[str, object]]:
    """Sold over five years, imported in any order."""
    chance = random.Random(1)
    first, syllables, domains = FIRST.split(), SYLLABLES.split(), DOMAINS.split()
    for number in range(1, orders + 1):
        given, family = chance.choice(first), "".join(chance.choices(syllables, k=chance.randint(2, 3))).capitalize()
        at = str((NOW - timedelta(seconds=chance.randint(0, 5 * 365 * 86_400))).replace(tzinfo=None))
        yield {
            "id": number, "source_id": 1, "external_id": str(number), "kind": "order", "state": chance.choice(STATES),
            "number": str(chance.randint(3 * 10**9, 4 * 10**9)) if number % 2 else f"NW-{10_000 + number}",
            "platform": "Etsy", "shop_name": "", "ordered_at": at, "dunning_level": 0, "currency": "EUR",
            "prices_include_tax": 1, "vat_mode": "standard", "locale": "de-DE", "buyer_name": f"{given} {family}",
            "buyer_company": "Änderungsschneiderei Öztürk GmbH" if number % 50 == 0 else "",
            "buyer_email": f"{given}.{family}{number % 100}@{chance.choice(domains)}", "buyer_phone": "",
            "buyer_vat_id": "", "buyer_customer_number": "", "buyer_reference": "", "buyer_kind": "consumer",
            "total_gross": 2000, "amounts_consistent": 1, "note": "", "custom": "{}", "content_sha256": "",
            "created_at": at, "changed_at": at, "link_version": 1, "version": 1,
        }  # fmt: skip


def lines_of(orders: int) -> Iterator[dict[str, object]]:
    chance = random.Random(2)
    for number in range(1, orders + 1):
        yield {
            "order_id": number, "external_id": "1", "position": 0, "kind": "item", "title": "Pattern",
            "sku": f"PDF-{chance.randint(1, 3000)}", "quantity": "1", "unit": "", "line_gross": 2000,
            "discount_gross": 0, "tax_rate": 1900, "tax_category": "S", "refunded_quantity": "0",
        }  # fmt: skip


def payments_of(orders: int) -> Iterator[dict[str, object]]:
    """Of nineteen orders in twenty."""
    chance = random.Random(3)
    for number in range(1, orders + 1):
        if number % 20:
            yield {
                "order_id": number, "provider": "paypal", "transaction_id": f"{chance.getrandbits(68):017X}",
                "kind": "payment", "amount": 2000, "currency": "EUR", "status": "completed",
                "at": "2026-01-01 00:00:00.000000", "origin": "import", "recorded_at": "2026-01-01 00:00:00.000000",
            }  # fmt: skip


async def asked(place: Path) -> list[Goal]:
    database = Database(place)
    async with database.writing() as session:
        await settings.lay_out(session)
    typed = typed_queries(place)
    turned = [OrderFilter(), OrderFilter(state=State.COMPLAINT), OrderFilter(payment_state=PaymentState.UNPAID)]
    searches = await seconds(database, [OrderFilter(query=query) for query in typed])
    pages = await seconds(database, turned * 30)
    concerns = [await seconds(database, [OrderFilter(concern=concern)] * 5) for concern in Concern]
    await database.close()
    return [
        Goal("search over a million orders, p50", 1000 * searches[len(searches) // 2], "ms"),
        Goal("search over a million orders, p99", 1000 * searches[len(searches) * 99 // 100], "ms", 50, at_least=False),
        Goal("filters and pages, p99", 1000 * pages[len(pages) * 99 // 100], "ms", 50, at_least=False),
        *(
            Goal(f"filter {concern.value}, slowest", 1000 * times[-1], "ms")
            for concern, times in zip(Concern, concerns, strict=True)
        ),
    ]


def typed_queries(place: Path) -> list[str]:
    """What merchants type: whole numbers and ends of them, names, addresses, parts of transactions, and nonsense."""
    chance = random.Random(4)
    typed = ["example", "pdf", "erika", "example.org", "muller", "pdf-1", "erika pdf", "nosuchthing", "ma", "x", "öz"]
    with closing(sqlite3.connect(place)) as connection:
        while len(typed) < QUERIES:
            row = connection.execute(
                "SELECT number, buyer_name, buyer_email, transaction_id"
                ' FROM "order" AS o JOIN payment ON order_id = o.id WHERE o.id = ?',
                (chance.randint(1, ORDERS),),
            ).fetchone()
            if row is None:
                continue
            number, name, email, transaction = row
            family = name.split()[-1]
            typed += [
                number,
                number[-5:],
                name,
                family,
                family[1:6],
                email,
                transaction[:8],
                f"{name.split()[0]} {number[:4]}",
            ]
    return typed


async def seconds(database: Database, wanted: list[OrderFilter]) -> list[float]:
    """How long each took, sorted. Every third one is asked for its second page, where it has one."""
    times = []
    for number, each in enumerate(wanted):
        turn = Turn()
        if number % 3 == 0:
            turn = Turn(after=(await page(database, each, turn)).older)
        began = time.perf_counter()
        await page(database, each, turn)
        times.append(time.perf_counter() - began)
    return sorted(times)


async def page(database: Database, wanted: OrderFilter, turn: Turn) -> Found:
    async with database.reading() as session:
        return await order_list.page(wanted, turn, session, NOW)


if __name__ == "__main__":
    main()
