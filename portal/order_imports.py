"""Orders come in: created, updated, unchanged or stale. An import owns what it tells and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Order, OrderKind, State
from db.sources import Source
from portal import imported, new_orders, order_rows, order_updates, sources
from portal.activity import By, entry
from portal.imported import ImportedOrder
from portal.new_orders import NewOrder
from portal.refusals import Invalid, NotFound

# A clock without a zone shows one hour twice in autumn, and one that was wrong is set back.
CLOCKS_STEP_BACK = timedelta(hours=1)
ERASED = "erased"  # stands for the content of an order that nobody may tell of again


class ImportResult(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    STALE = "stale"


@dataclass(frozen=True)
class Key:
    """What a source calls an order: the source's name and the id it uses there."""

    source: str
    external_id: str


@dataclass(frozen=True)
class Told:
    """An order as its source tells it; `content_sha256` as order_rows.digest counts it.

    `asked_at`: when its source was asked for it, and so it was true then. None for what came by itself, at any time.
    """

    key: Key
    order: ImportedOrder
    content_sha256: str
    asked_at: datetime | None = None


class Known(NamedTuple):
    """As much of a stored order as says whether there is news of it."""

    id: int
    kind: OrderKind
    state: State
    content_sha256: str
    source_updated_at: datetime | None
    changed_at: datetime


def told(key: Key, order: ImportedOrder, asked_at: datetime | None = None) -> Told:
    """For sources that cannot be told off: amounts that do not add up are flagged, not refused."""
    return Told(key, order, order_rows.digest(order), asked_at)


def checked(key: Key, order: ImportedOrder) -> Told:
    """For sources that can. Raises Invalid where the order contradicts itself."""
    if found := imported.faults(order):
        raise Invalid(*found)
    return told(key, order)


async def put(key: Key, order: ImportedOrder, session: AsyncSession, by: By) -> tuple[Order, ImportResult]:
    """Stores the order unless what is stored is newer. Raises Invalid where its sums do not add up, and Conflict."""
    return await accept(checked(key, order), session, by)


async def take(key: Key, order: ImportedOrder, session: AsyncSession, by: By) -> tuple[Order, ImportResult]:
    """Like `put`, but whatever the sums are. Raises Conflict."""
    return await accept(told(key, order), session, by)


async def accept(each: Told, session: AsyncSession, by: By) -> tuple[Order, ImportResult]:
    """Raises Conflict."""
    each = until(each, by.at)
    source = await sources.of_name(each.key.source, session, by)
    mine = select(Order).where(Order.source_id == source.id, Order.external_id == each.key.external_id)
    row = await session.scalar(mine)
    if row is None:
        (order_id,) = await new_orders.add([as_new(each, source)], session, by)
        return await session.get_one(Order, order_id), ImportResult.CREATED
    if outcome := already_known(_known(row), each, by.at):
        if outcome is ImportResult.UNCHANGED and each.order.updated_at:
            row.source_updated_at = each.order.updated_at  # what is older than this news is stale from now on
        return row, outcome
    await order_updates.take(row, each.order, each.content_sha256, session, by)
    return row, ImportResult.UPDATED


def as_new(each: Told, source: Source) -> NewOrder:
    return NewOrder(
        source_id=source.id,
        external_id=each.key.external_id,
        order=each.order,
        content_sha256=each.content_sha256,
    )


def until(each: Told, now: datetime) -> Told:
    """What is said to have changed in the future has changed now: a clock that was wrong hides no later news."""
    if each.order.updated_at is None or each.order.updated_at <= now:
        return each
    return replace(each, order=msgspec.structs.replace(each.order, updated_at=now))


def already_known(known: Known, each: Told, now: datetime) -> ImportResult | None:
    """Whether the source's clock or the content says that there is nothing to take over; see `until`."""
    if known.content_sha256 == ERASED or _is_stale(known, each, now):
        return ImportResult.STALE
    if known.state is State.DELETED and each.order.state is not State.DELETED:
        return None
    return ImportResult.UNCHANGED if known.content_sha256 == each.content_sha256 else None


def _is_stale(known: Known, each: Told, now: datetime) -> bool:
    told, have = each.order.updated_at, known.source_updated_at
    if told is None or have is None or have > now:
        return False
    if known.state is State.DELETED and each.order.state is not State.DELETED:
        return told <= have  # only something newer revives
    if each.asked_at and known.changed_at <= each.asked_at:
        return told < have - CLOCKS_STEP_BACK
    return told < have


async def known_of(source_id: int, external_ids: Iterable[str], session: AsyncSession) -> dict[str, Known]:
    """What is stored of these, by external id. One statement."""
    rows = await session.execute(
        select(
            Order.external_id, Order.id, Order.kind, Order.state, Order.content_sha256, Order.source_updated_at,
            Order.changed_at,
        ).where(Order.source_id == source_id, Order.external_id.in_(external_ids))
    )
    return {row.external_id: Known(*row[1:]) for row in rows}


def foretold(known: Known | None, each: Told, now: datetime) -> ImportResult:
    """What would become of an order that is stored as `known`. Raises Conflict."""
    if known is None:
        return ImportResult.CREATED
    if outcome := already_known(known, until(each, now), now):
        return outcome
    order_updates.refuse_other_kind(known.kind, each.order)
    return ImportResult.UPDATED


async def find(key: Key, session: AsyncSession) -> Order | None:
    """The order that a source knows under that id, tombstones included."""
    return await session.scalar(
        select(Order).join(Source).where(Source.name == key.source, Order.external_id == key.external_id)
    )


async def one(key: Key, session: AsyncSession) -> Order:
    """The same, or NotFound."""
    order = await find(key, session)
    if order is None:
        raise NotFound
    return order


async def bury(order: Order, session: AsyncSession, by: By) -> None:
    """A tombstone: the link answers 410, number, invoices and payments stay. Burying twice changes nothing."""
    if order.state is State.DELETED:
        return
    order.state = State.DELETED
    order.changed_at = by.at
    session.add(entry(by, "order_deleted", order.id))


def _known(row: Order) -> Known:
    return Known(row.id, row.kind, row.state, row.content_sha256, row.source_updated_at, row.changed_at)
