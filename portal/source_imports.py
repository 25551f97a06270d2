"""Orders that a source was asked for are taken over, and those that cannot be are kept to be looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Order, OrderKind
from db.sources import Source, SourceFault, SourceRun
from portal import order_batches, order_imports
from portal.activity import By, entry
from portal.fetching import Fetched, Unreadable
from portal.imported import ImportedOrder
from portal.order_batches import Taken
from portal.order_imports import ImportResult, Key
from portal.refusals import Conflict, Invalid

FAULTY = "source_orders_unread"  # the notice
MOST_NAMED = 20  # in one notice
SHOPS_OWN_ID = "$.billbee_shop_order_id"  # in `custom`: what the shop behind a source calls an order


async def take(
    source: Source, run: SourceRun, some: Sequence[Fetched | Unreadable], session: AsyncSession, by: By
) -> None:
    """Counts each in the run. One that cannot be taken hides no other. Raises OperationalError."""
    faulty = [each for each in some if isinstance(each, Unreadable)]
    counts = Counter(ignored=sum(isinstance(each, Fetched) and each.order is None for each in some))
    orders = [each for each in some if isinstance(each, Fetched) and each.order]
    for result in await taken(source, orders, session, by):
        if isinstance(result, Unreadable):
            faulty.append(result)
        else:
            counts[result] += 1
    for name, count in counts.items():
        setattr(run, name, getattr(run, name) + count)
    run.failed += len(faulty)
    await _note(source, run, faulty, session, by)


async def taken(
    source: Source, some: Sequence[Fetched], session: AsyncSession, by: By
) -> list[ImportResult | Unreadable]:
    """What became of each order, in their order. Raises OperationalError.

    Credits are taken last: they name orders that may have come together with them.
    """
    results: dict[int, ImportResult | Unreadable] = {}
    for kind in (OrderKind.ORDER, OrderKind.CREDIT):
        told = {
            place: order_imports.told(
                Key(source.name, each.external_id), await with_reference(source, each.order, session), each.asked_at
            )
            for place, each in enumerate(some)
            if each.order and each.order.kind is kind
        }
        if told:
            became = await order_batches.take(list(told.values()), session, by)
            results |= {place: _told(told[place].key.external_id, one) for place, one in zip(told, became, strict=True)}
    return [results[place] for place in sorted(results)]


def _told(external_id: str, result: Taken) -> ImportResult | Unreadable:
    match result:
        case ImportResult():
            return result
        case Conflict() | Invalid():
            return Unreadable(external_id, "$", str(result))
        case _:
            return Unreadable(external_id, "$", f"Tresen itself failed: {type(result).__name__}.")


async def with_reference(source: Source, order: ImportedOrder, session: AsyncSession) -> ImportedOrder:
    """A credit may name its order by what the shop behind the source calls it; it gets the source's own name."""
    if order.kind is not OrderKind.CREDIT or not order.refers_to:
        return order
    mine = select(Order.external_id).where(Order.source_id == source.id)
    if await session.scalar(mine.where(Order.external_id == order.refers_to)):
        return order
    told = func.json_extract(Order.custom, SHOPS_OWN_ID)
    found = await session.scalar(mine.where(told == order.refers_to, Order.kind == OrderKind.ORDER).limit(1))
    return msgspec.structs.replace(order, refers_to=found) if found else order


async def _note(source: Source, run: SourceRun, faulty: Sequence[Unreadable], session: AsyncSession, by: By) -> None:
    """Only what is new: what is asked for again and again would be told again and again."""
    known = set()
    if faulty:
        mine = select(SourceFault).join(SourceRun, SourceRun.id == SourceFault.run_id)
        ids = [each.external_id for each in faulty]
        mine = mine.where(SourceRun.source_id == source.id, SourceFault.external_id.in_(ids))
        known = {(row.external_id, row.why) for row in await session.scalars(mine)}
    fresh = [each for each in faulty if (each.external_id, each.why) not in known]
    session.add_all(
        SourceFault(run_id=run.id, external_id=each.external_id, place=each.place, why=each.why) for each in fresh
    )
    if fresh:
        named = ", ".join(each.external_id for each in fresh[:MOST_NAMED])
        told: dict[str, object] = {
            "source": source.id, "name": source.name, "count": len(fresh), "orders": named, "detail": fresh[0].why
        }  # fmt: skip
        session.add(entry(by, FAULTY, details=told, notice=True))
