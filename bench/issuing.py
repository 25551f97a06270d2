"""`python -m bench.issuing`: how many invoices a second customers get who click at once, and whether one is missing.

Orders of one line, each clicked several times; documents are drawn, checked and committed for real.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import assembly
from bench.results import Goal
from config import from_environment, with_data_directory
from db.invoices import Invoice
from db.orders import State
from db.settings import InvoiceSettings, SellerSettings
from portal import order_imports, settings
from portal.activity import CUSTOMER, By
from portal.house import House
from portal.imported import ImportedLine, ImportedOrder, PostalAddress
from portal.order_imports import Key
from portal.settings import InvoicesChange, SellerChange

ORDERS, CLICKS, CUSTOMERS, ROUNDS = 60, 4, 16, 3
SELLER = SellerChange(name="Bench", street="Weg 1", zip="50667", city="Köln", country="DE", vat_id="DE123456788")
HOME = PostalAddress(name="Max Mustermann", line1="Heidestraße 17", zip="51147", city="Köln", country="DE")


def measured(place: Path) -> list[Goal]:
    return asyncio.run(_measured(place / "issuing"))


async def _measured(data: Path) -> list[Goal]:
    config = with_data_directory(from_environment({"TRESEN_DATA": str(data), "TRESEN_LOG_LEVEL": "error"}))
    async with assembly.opened(config) as house:
        await _set_up(house)
        await _clicked(house, await _orders(house, "warm", 4))
        rounds = [await _rate(house, await _orders(house, str(number), ORDERS)) for number in range(ROUNDS)]
        missing = await _missing(house)
    return [
        Goal(f"invoices issued, {CUSTOMERS} customers at once", median(rounds), "/s", 12),
        Goal("numbers missing among them", missing, "", 0, at_least=False),
    ]


async def _rate(house: House, orders: Sequence[int]) -> float:
    began = time.perf_counter()
    await _clicked(house, orders)
    return len(orders) / (time.perf_counter() - began)


async def _clicked(house: House, orders: Sequence[int]) -> None:
    clicks = list(orders) * CLICKS
    random.Random(4711).shuffle(clicks)

    async def customer() -> None:
        while clicks:
            await house.issuing.invoice(clicks.pop(), By(CUSTOMER, datetime.now(UTC)))

    await asyncio.gather(*(customer() for _ in range(CUSTOMERS)))


async def _set_up(house: House) -> None:
    by = By("bench", datetime.now(UTC))
    async with house.database.writing() as session:
        await settings.change(SellerSettings, SELLER, session, by)
        await settings.change(InvoiceSettings, InvoicesChange(auto_create=True), session, by)


async def _orders(house: House, name: str, count: int) -> list[int]:
    by = By("bench", datetime.now(UTC))
    async with house.database.writing() as session:
        return [await _order(f"{name}-{number}", session, by) for number in range(count)]


async def _order(name: str, session: AsyncSession, by: By) -> int:
    order = ImportedOrder(
        number=name,
        state=State.PAID,
        ordered_at=by.at,
        paid_at=by.at,
        currency="EUR",
        billing=HOME,
        lines=[ImportedLine(id="1", title="Schnittmuster Bente", line_gross=2490, tax_rate="19", digital=True)],
        total_gross=2490,
    )
    row, _ = await order_imports.put(Key("bench", name), order, session, by)
    return row.id


async def _missing(house: House) -> int:
    async with house.database.reading() as session:
        found = [each or 0 for each in await session.scalars(select(Invoice.sequence).order_by(Invoice.sequence))]
    return len({*range(1, len(found) + 1)} - {*found})


if __name__ == "__main__":
    with TemporaryDirectory(prefix="tresen-bench-") as scratch:
        for goal in measured(Path(scratch)):
            sys.stdout.write(f"{goal.name}: {goal.value:.3g} {goal.unit} {goal.wanted} {goal.verdict}\n")
