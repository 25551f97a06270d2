"""Orders that nobody knew before are stored with all that belongs to them, however many, in a handful of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.automations import Trigger
from db.base import Base
from db.engine import parts_first
from db.orders import Address, Line, Order, OrderKind, OrderTag
from db.payments import Payment, PaymentOrigin
from db.settings import GeneralSettings, LinkStart
from db.waivers import Waiver
from portal import imported_payments, left_alone, old_news, order_rows, shop_waivers
from portal.activity import By
from portal.imported import ImportedOrder
from portal.order_rows import Row


@dataclass(frozen=True, kw_only=True)
class NewOrder:
    """`content_sha256` as order_rows.digest counts it."""

    source_id: int
    external_id: str
    order: ImportedOrder
    content_sha256: str


async def add(new: Sequence[NewOrder], session: AsyncSession, by: By) -> list[int]:
    """Their ids, in the same order. All of them or none; who adds them in a savepoint may go on with others."""
    if not new:
        return []
    rule = (await session.scalars(select(GeneralSettings.paid_rule))).one()
    link_version = (await session.scalars(select(LinkStart.first_version))).one()
    first = (await session.scalar(select(func.max(Order.id))) or 0) + 1  # nobody else writes meanwhile
    numbered = list(enumerate(new, first))
    paid = {order_id for order_id, each in numbered if order_rows.facts(each.order, rule).is_paid}
    # An order that comes after its parts enters the index of the search once; parts that come after it renew its
    # entry each time, and that costs more than everything else together.
    async with parts_first(session):
        for table, rows in _parts(numbered, by):
            await _insert(table, rows, session)
        rows = [_row(order_id, each, order_id in paid, by) for order_id, each in numbered]
        await _insert(Order, [row | {"link_version": link_version} for row in rows], session)
    await _tell(numbered, paid, session, by)
    return [order_id for order_id, _ in numbered]


def _parts(numbered: Sequence[tuple[int, NewOrder]], by: By) -> Sequence[tuple[type[Base], list[Row]]]:
    orders = [({"order_id": order_id}, each.order) for order_id, each in numbered]
    told = {"origin": PaymentOrigin.IMPORT, "recorded_at": by.at}
    return (
        (Address, [of | row for of, order in orders for row in order_rows.of_addresses(order)]),
        (OrderTag, [of | {"tag": tag, "own": False} for of, order in orders for tag in order_rows.of_tags(order)]),
        (
            Line,
            [of | order_rows.of_line(line, place) for of, order in orders for place, line in enumerate(order.lines)],
        ),
        (Payment, [of | order_rows.of_payment(each) | told for of, order in orders for each in order.payments]),
        (Waiver, [of | row for of, order in orders for row in shop_waivers.rows(order, by)]),
    )


def _row(order_id: int, new: NewOrder, is_paid: bool, by: By) -> Row:
    return order_rows.of_order(new.order, new.content_sha256) | {
        "id": order_id,
        "source_id": new.source_id,
        "external_id": new.external_id,
        "source_updated_at": new.order.updated_at,
        "created_at": by.at,
        "changed_at": by.at,
        "first_seen_paid_at": by.at if is_paid else None,
        "version": 1,
    }


async def _tell(numbered: Sequence[tuple[int, NewOrder]], paid: set[int], session: AsyncSession, by: By) -> None:
    """History, notices, and whoever waits for orders that come in, or are paid."""
    old = await _old(numbered, session, by.at)
    for order_id, each in numbered:
        for payment in filter(imported_payments.is_reversal, each.order.payments):
            order = await session.get_one(Order, order_id)
            await imported_payments.tell_reversal(order, payment, session, by)
    await _insert(Activity, [_imported(order_id, each.order, by) for order_id, each in numbered], session)
    orders = [order_id for order_id, each in numbered if each.order.kind is OrderKind.ORDER]
    await left_alone.fire_all(Trigger.ORDER_IMPORTED, orders, old, session, by)
    await left_alone.fire_all(Trigger.ORDER_PAID, [each for each in orders if each in paid], old, session, by)


async def _old(numbered: Sequence[tuple[int, NewOrder]], session: AsyncSession, now: datetime) -> set[int]:
    watches = await old_news.watches({each.source_id for _, each in numbered}, session)
    return {
        order_id
        for order_id, each in numbered
        if old_news.is_old(old_news.last_news(each.order), now, watches[each.source_id])
    }


def _imported(order_id: int, order: ImportedOrder, by: By) -> Row:
    details = {"state": order.state.value}
    return {
        "at": by.at, "actor": by.actor, "kind": "order_imported", "order_id": order_id, "details": details,
        "notice": False,
    }  # fmt: skip


async def _insert(table: type[Base], rows: list[Row], session: AsyncSession) -> None:
    """By the connection: on its way through the ORM each row would be laid out once more."""
    if rows:
        await (await session.connection()).execute(insert(table), rows)
