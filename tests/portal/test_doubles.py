"""One order through two sources is told, and orders that only look alike are not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from db.engine import Database
from db.orders import Order, State
from db.sources import Source
from portal import doubles, order_imports
from portal.imported import Buyer
from portal.order_imports import Key
from tests.factories import ORDERED, SHOP, a_line, an_imported_order

MAX = Buyer(name="Max Mustermann", email="max@example.org")


async def come(database: Database, source: str, external_id: str, **fields: object) -> int:
    async with database.writing() as session:
        order = an_imported_order(**{"buyer": MAX, **fields})
        row, _ = await order_imports.put(Key(source, external_id), order, session, SHOP)
        return row.id


async def told(database: Database, order_id: int) -> list[str]:
    async with database.reading() as session:
        return list(await doubles.of_order(order_id, session))


async def test_the_same_order_through_a_shop_and_billbee_is_told_at_both(database: Database):
    first = await come(database, "laden", "7")
    second = await come(
        database, "billbee", "300042", ordered_at=ORDERED + timedelta(hours=1), buyer=Buyer(email="MAX@example.org")
    )

    assert await told(database, first) == ["billbee"]
    assert await told(database, second) == ["laden"]
    async with database.reading() as session:
        assert await doubles.among_newest(session) == {"laden": ["billbee"], "billbee": ["laden"]}


@pytest.mark.parametrize(
    "other",
    [
        {"number": "1"},
        {"buyer": Buyer(name="Erika", email="erika@example.org")},
        {"buyer": Buyer()},
        {"lines": [a_line(line_gross=1)]},
        {"currency": "CHF"},
        {"ordered_at": ORDERED + timedelta(days=3)},
        {"state": State.DELETED},
    ],
)
async def test_what_only_looks_alike_is_another_order(database: Database, other: dict[str, object]):
    first = await come(database, "laden", "7")
    second = await come(database, "zweiter", "7", **other)

    assert await told(database, first) == await told(database, second) == []


async def test_one_source_may_bring_a_number_twice(database: Database):
    first = await come(database, "laden", "7")
    await come(database, "laden", "8")

    assert await told(database, first) == []


async def test_a_source_that_is_switched_off_brings_nothing_twice_any_more(database: Database):
    order_id = await come(database, "laden", "7")
    await come(database, "billbee", "300042")
    async with database.writing() as session:
        await session.execute(update(Source).where(Source.name == "laden").values(active=False))

    async with database.reading() as session:
        assert await doubles.among_newest(session) == {}
        assert await session.scalar(select(Order.id).limit(1)) == order_id
    assert await told(database, order_id) == ["billbee"]
