"""How the shop stands, in numbers that a monitoring system draws as curves. None of them is about a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.downloads import Download
from db.invoices import Invoice
from db.messages import Message
from db.orders import Order
from db.outbox import WAITING, Job
from db.payments import Payment
from db.sources import Source, SourceRun

STORED: Mapping[str, ColumnElement[int]] = {
    "orders": Order.id.expression,
    "payments": Payment.id.expression,
    "invoices": Invoice.id.expression,
    "downloads": Download.id.expression,
    "messages": Message.id.expression,
}


@dataclass(frozen=True, kw_only=True)
class Lane:
    """What waits in the outbox of one kind: how much, and for how many seconds longer than it should."""

    kind: str
    waiting: int
    late_seconds: float


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A source that is asked for its orders. `outcome` is that of its last run, `ended_at` when that was over."""

    name: str
    kind: str
    outcome: str
    ended_at: datetime


@dataclass(frozen=True, kw_only=True)
class Figures:
    """`stored` says how many of each thing were ever stored: it only grows, whatever is removed."""

    stored: Mapping[str, int]
    lanes: tuple[Lane, ...]
    given_up: int
    connections: tuple[Connection, ...]


async def figures(session: AsyncSession, now: datetime) -> Figures:
    """Four statements. Only the outbox is walked through, which forgets what was done."""
    newest = (func.coalesce(select(func.max(key)).scalar_subquery(), 0).label(name) for name, key in STORED.items())
    stored = (await session.execute(select(*newest))).one()
    waiting = select(Job.kind, func.count(), func.min(Job.run_at)).where(WAITING).group_by(Job.kind)
    lanes = [
        Lane(kind=kind, waiting=number, late_seconds=max(0.0, (now - first).total_seconds()))
        for kind, number, first in await session.execute(waiting)
    ]
    given_up = (await session.scalars(select(func.count()).where(Job.dead_at.is_not(None)))).one()
    return Figures(
        stored=dict(zip(STORED, stored, strict=True)),
        lanes=tuple(lanes),
        given_up=given_up,
        connections=await _connections(session),
    )


async def _connections(session: AsyncSession) -> tuple[Connection, ...]:
    last = (
        select(func.max(SourceRun.id))
        .where(SourceRun.source_id == Source.id, SourceRun.ended_at.is_not(None))
        .correlate(Source)
        .scalar_subquery()
    )
    rows = await session.execute(select(Source, SourceRun).join(SourceRun, SourceRun.id == last).where(Source.active))
    return tuple(
        Connection(name=source.name, kind=source.kind.value, outcome=run.outcome.value, ended_at=run.ended_at)
        for source, run in rows
        if run.outcome and run.ended_at
    )
