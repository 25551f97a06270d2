"""Orders that a source was asked for are taken over, and those that cannot be are kept to be looked at."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

import msgspec
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Order, OrderKind
from db.sources import Source, SourceFault, SourceRun
from portal import order_imports
from portal.activity import By, entry
from portal.fetching import Fetched, Unreadable
from portal.imported import ImportedOrder
from portal.order_imports import Key
from portal.refusals import Conflict, Invalid

FAULTY = "source_orders_unread"  # the notice
MOST_NAMED = 20  # in one notice
SHOPS_OWN_ID = "$.billbee_shop_order_id"  # in `custom`: what the shop behind a source calls an order
log = logging.getLogger("tresen.sources")


async def take(
    source: Source, run: SourceRun, some: Sequence[Fetched | Unreadable], session: AsyncSession, by: By
) -> None:
    """Counts each in the run. One that cannot be taken hides no other."""
    counts: Counter[str] = Counter()
    faulty: list[Unreadable] = []
    for each in some:
        if isinstance(each, Unreadable):
            faulty.append(each)
        elif each.order is None:
            counts["ignored"] += 1
        else:
            result = await taken(source, each.external_id, each.order, session, by)
            if isinstance(result, Unreadable):
                faulty.append(result)
            else:
                counts[result] += 1
    for name, count in counts.items():
        setattr(run, name, getattr(run, name) + count)
    run.failed += len(faulty)
    await _note(source, run, faulty, session, by)


async def taken(
    source: Source, external_id: str, order: ImportedOrder, session: AsyncSession, by: By
) -> str | Unreadable:
    """What became of it: `created`, `updated`, `unchanged`, `stale`."""
    try:
        async with session.begin_nested():
            order = await with_reference(source, order, session)
            _, result = await order_imports.take(Key(source.name, external_id), order, session, by)
            return result.value
    except OperationalError:  # a full disk is no fault of the order
        raise
    except (Conflict, Invalid) as error:
        return Unreadable(external_id, "$", str(error))
    except Exception as error:
        log.exception("Order %s of %s could not be taken.", external_id, source.name)
        return Unreadable(external_id, "$", f"Tresen itself failed: {type(error).__name__}.")


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
