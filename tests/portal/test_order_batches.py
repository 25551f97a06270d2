"""Many orders at once: the same rows as one after the other, in a handful of statements, and none spoils another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

import msgspec
import pytest
from sqlalchemy import event, select
from sqlalchemy.exc import IntegrityError

from db.activity import Activity
from db.automations import Automation, AutomationRun, RunState, Trigger
from db.base import Base, columns
from db.engine import Database
from db.order_search import OrderSearch
from db.orders import Address, Line, Order, OrderKind, OrderTag, State
from db.outbox import Job
from db.payments import Payment, PaymentStatus
from db.sources import Source
from db.waivers import Waiver
from portal import order_batches, order_imports, triggers
from portal.imported import ImportedOrder, PostalAddress, ShopWaiver
from portal.order_batches import Taken
from portal.order_imports import ImportResult, Key, Told
from portal.refusals import Conflict
from tests.factories import NOON, SHOP, a_line, an_imported_order, an_imported_payment

T = TypeVar("T", bound=Base)
CREATED, UPDATED, UNCHANGED, STALE = ImportResult
EARLY = NOON - timedelta(hours=1)
OF_ORDERS: Sequence[type[Base]] = (Address, OrderTag, Line, Payment, Waiver, Activity, AutomationRun)
OWN_NAMES = {"id", "order_id", "source_id", "place"}  # ids differ from one shop to the next
ORDERS = (
    an_imported_order(number="A1", lines=[a_line(id="1"), a_line(id="2", sku="KÄFER", digital=False)], tags=["b", "a"]),
    an_imported_order(
        number="A2",
        state=State.PAID,
        billing=PostalAddress(name="Erika", city="Köln"),
        shipping=PostalAddress(city="Bonn"),
        waiver=ShopWaiver(accepted=True, at=NOON, text="Ich stimme zu."),
        custom={"farbe": "blau"},
        updated_at=NOON,
    ),
    an_imported_order(number="A3", payments=[an_imported_payment(), an_imported_payment(5, transaction_id="2")]),
    an_imported_order(number="A4", payments=[an_imported_payment(status=PaymentStatus.REVERSED)]),
    an_imported_order(number="G1", kind=OrderKind.CREDIT, lines=[a_line(line_gross=-500)], refers_to="A1"),
    an_imported_order(number="A5", state=State.SHIPPED, total_gross=1),
)


class Shop:
    """A source that sends orders, few or many at a time."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.statements = 0

    async def sends(self, *orders: ImportedOrder, source: str = "etsy", names: Sequence[str] = ()) -> list[Taken]:
        named = zip(names or [order.number for order in orders], orders, strict=True)
        return await self.tells(*(order_imports.told(Key(source, name), order) for name, order in named))

    async def tells(self, *told: Told) -> list[Taken]:
        async with self.database.writing() as session:
            connection = await session.connection()
            event.listen(connection.sync_connection, "before_cursor_execute", self._count)
            taken = await order_batches.take(told, session, SHOP)
            event.remove(connection.sync_connection, "before_cursor_execute", self._count)
        return taken

    async def listens(self, *triggers: Trigger) -> None:
        async with self.database.writing() as session:
            for place, trigger in enumerate(triggers):
                row = Automation(name=trigger, active=True, position=place, trigger=trigger, created_at=NOON)
                session.add(row)

    async def rows(self, source: str) -> dict[str, list[dict[str, object]]]:
        """Everything that is stored of its orders, by order number, but for names that differ between two shops."""
        found: dict[str, list[dict[str, object]]] = {}
        async with self.database.reading() as session:
            row = await session.scalar(select(Source).where(Source.name == source))
            assert row is not None
            for order in await session.scalars(select(Order).where(Order.source_id == row.id)):
                search = await session.get_one(OrderSearch, order.id)
                mine: list[Base] = [order, search]
                for table in OF_ORDERS:
                    mine += await session.scalars(select(table).filter_by(order_id=order.id))
                found[order.number] = [_told(each) for each in mine]
        return found

    async def every(self, table: type[T]) -> list[T]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(table)))

    def _count(self, *_what: object) -> None:
        self.statements += 1


def _told(row: Base) -> dict[str, object]:
    named = {name: value for name, value in columns(row).items() if name not in OWN_NAMES}
    if "event" in named:  # the happening's own number
        named["event"] = str(named["event"]).partition(":")[0]
    if isinstance(details := named.get("details"), dict):
        named["details"] = {name: value for name, value in details.items() if name != "run"}
    return {"table": row.__tablename__, **named}


@pytest.fixture
def shop(database: Database) -> Shop:
    return Shop(database)


@pytest.mark.parametrize("age", [timedelta(), timedelta(days=90)])
async def test_many_at_once_are_stored_like_one_after_the_other(shop: Shop, age: timedelta):
    await shop.listens(Trigger.ORDER_IMPORTED, Trigger.ORDER_PAID, Trigger.PAYMENT_REVERSED)
    orders = [msgspec.structs.replace(order, ordered_at=NOON - age) for order in ORDERS]

    together = await shop.sends(*orders, source="etsy")
    alone = [(await shop.sends(order, source="ebay"))[0] for order in orders]

    assert together == alone == [CREATED] * len(ORDERS)
    assert await shop.rows("etsy") == await shop.rows("ebay")
    due = [run for run in await shop.every(AutomationRun) if run.state is RunState.NEW]
    jobs = [job for job in await shop.every(Job) if job.kind == triggers.JOB]
    assert sorted(job.key.split(":")[1] for job in jobs) == sorted(str(run.id) for run in due)
    assert {order.ordered_at for order in await shop.every(Order)} == {NOON - age}


async def test_what_is_known_is_compared_and_what_changed_is_taken_over(shop: Shop):
    before = [an_imported_order(number=number, updated_at=EARLY) for number in ("same", "newer", "older", "changed")]
    await shop.sends(*before)

    taken = await shop.sends(
        before[0],
        an_imported_order(number="newer", updated_at=NOON),
        an_imported_order(number="older", updated_at=EARLY - timedelta(hours=1), state=State.CANCELLED),
        an_imported_order(number="changed", updated_at=NOON, state=State.PAID),
        an_imported_order(number="new"),
    )

    assert taken == [UNCHANGED, UNCHANGED, STALE, UPDATED, CREATED]
    late = an_imported_order(number="newer", updated_at=EARLY + timedelta(minutes=1), state=State.PAID)
    assert await shop.sends(late) == [STALE]


async def test_an_order_that_is_told_twice_is_one_and_the_later_one_counts(shop: Shop):
    ordered, paid = an_imported_order(number="1"), an_imported_order(number="1", state=State.PAID)

    assert await shop.sends(ordered, paid, paid, ordered) == [CREATED, UPDATED, UNCHANGED, UPDATED]
    assert [row.state for row in await shop.every(Order)] == [State.ORDERED]


async def test_one_that_cannot_be_stored_spoils_no_other(shop: Shop):
    odd = an_imported_order(number="odd", lines=[a_line(id="1"), a_line(id="1")])

    first, second, third = await shop.sends(an_imported_order(number="1"), odd, an_imported_order(number="2"))

    assert (first, third) == (CREATED, CREATED)
    assert isinstance(second, IntegrityError)
    assert {row.number for row in await shop.every(Order)} == {"1", "2"}
    assert len(await shop.every(Line)) == 2


async def test_a_source_that_is_switched_off_spoils_no_other(shop: Shop):
    async with shop.database.writing() as session:
        session.add(Source(name="off", active=False, created_at=NOON))
    off, on = (order_imports.told(Key(name, "1"), an_imported_order()) for name in ("off", "on"))

    refused, taken = await shop.tells(off, on)

    assert isinstance(refused, Conflict)
    assert taken is CREATED


async def test_many_orders_take_no_more_statements_than_one(shop: Shop):
    await shop.listens(Trigger.ORDER_IMPORTED)
    await shop.sends(an_imported_order(number="the first one makes the source"))
    counts = []
    for start, many in ((0, 1), (100, 100)):
        orders = [an_imported_order(number=f"{start + number}", tags=["a"]) for number in range(many)]
        for _ in ("new", "known"):
            shop.statements = 0
            await shop.sends(*orders)
            counts.append(shop.statements)

    assert counts[0] == counts[2]
    assert counts[1] == counts[3]
    assert counts[3] < 6


async def test_nothing_is_left_that_refers_to_nothing(shop: Shop):
    with pytest.raises(IntegrityError):
        async with shop.database.writing() as session:
            await order_batches.take([order_imports.told(Key("etsy", "1"), an_imported_order())], session, SHOP)
            session.add(OrderTag(order_id=4711, tag="a"))
            await session.flush()

    assert await shop.every(Order) == []
