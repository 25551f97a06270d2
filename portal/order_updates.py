"""A known order is told anew. What is told no more is gone; what belongs to Tresen stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.automations import Trigger
from db.base import Base
from db.orders import Address, Line, Order, OrderKind, OrderTag, State
from portal import first_paid, foreign_invoices, imported_payments, left_alone, old_news, order_rows, shop_waivers
from portal.activity import By, entry
from portal.imported import ImportedLine, ImportedOrder
from portal.left_alone import Occasion
from portal.order_rows import Row
from portal.refusals import Conflict


async def take(row: Order, order: ImportedOrder, content_sha256: str, session: AsyncSession, by: By) -> None:
    """Raises Conflict."""
    refuse_other_kind(row.kind, order)
    before = row.state
    for name, value in order_rows.of_order(order, content_sha256).items():
        setattr(row, name, value)
    row.source_updated_at = order.updated_at or row.source_updated_at
    row.changed_at = by.at
    await _replace_parts(row, order, session, by)
    told = entry(by, "order_updated", row.id, {"state": row.state.value, "state_before": before.value})
    session.add(told)
    is_old = row.state is not before and await old_news.came_late(order.updated_at, row, session, by.at)
    await state_changed(state_change(row, told, is_old=is_old), before, session, by)
    await first_paid.note(row, session, by)
    await shop_waivers.note(row.id, order, session, by)
    await foreign_invoices.note_reported(row, session, by)


def refuse_other_kind(kind: OrderKind, order: ImportedOrder) -> None:
    """Raises Conflict."""
    if kind is not order.kind:
        raise Conflict(f"This order is stored as {kind.value} and stays one.")


def state_change(row: Order, told: Activity, *, is_old: bool = False) -> Occasion:
    """What `state_changed` tells of; `told` is the entry in the history."""
    return Occasion(trigger=Trigger.STATE_CHANGED, order=row, is_old=is_old, note=told)


async def state_changed(changed: Occasion, before: State, session: AsyncSession, by: By) -> None:
    """Tells who waits for it, if the state is another one now. What is old is noted, and writes to nobody."""
    if changed.order.state is before:
        return
    await left_alone.fire(changed, session, by)
    if changed.order.state is State.CANCELLED:
        await left_alone.fire(replace(changed, trigger=Trigger.ORDER_CANCELLED, note=None), session, by)


async def _replace_parts(row: Order, order: ImportedOrder, session: AsyncSession, by: By) -> None:
    await session.execute(delete(Address).where(Address.order_id == row.id))
    await _insert(Address, [{"order_id": row.id} | address for address in order_rows.of_addresses(order)], session)
    await session.execute(delete(OrderTag).where(OrderTag.order_id == row.id, ~OrderTag.own))
    own = set(await session.scalars(select(OrderTag.tag).where(OrderTag.order_id == row.id)))
    session.add_all(OrderTag(order_id=row.id, tag=tag) for tag in order_rows.of_tags(order) if tag not in own)
    await _merge_lines(row, order.lines, session)
    await imported_payments.merge(row, order.payments, session, by)


async def _merge_lines(row: Order, lines: Iterable[ImportedLine], session: AsyncSession) -> None:
    """Lines keep their row as long as their id lives, so that what refers to them stays right."""
    stored = {line.external_id: line for line in await session.scalars(select(Line).where(Line.order_id == row.id))}
    new = []
    for position, line in enumerate(lines):
        values = order_rows.of_line(line, position)
        if known := stored.pop(line.id, None):
            for name, value in values.items():
                setattr(known, name, value)
        else:
            new.append({"order_id": row.id} | values)
    for gone in stored.values():
        await session.delete(gone)
    await _insert(Line, new, session)


async def _insert(table: type[Base], rows: Sequence[Row], session: AsyncSession) -> None:
    if rows:
        await session.execute(insert(table), rows)
