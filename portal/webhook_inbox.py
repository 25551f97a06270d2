"""What calls us: stored with the sender's own id, worked on by the outbox, set aside to be retried if that fails.

Payment services and sources share it. Who may put something in is for each of them to say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, func, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from db.activity import Activity
from db.payment_providers import PaymentProvider
from db.sources import Source
from db.webhooks import UNLESS_KNOWN, DeliveryOutcome, WebhookDelivery
from portal import outbox, source_runs
from portal.activity import TRESEN, By, entry
from portal.outbox import Lane, NewJob
from portal.refusals import Conflict, NotFound

OF_PROVIDERS, OF_SOURCES = "webhook_delivery", "source_delivery"  # the jobs
GIVEN_UP = "webhook_delivery_failed"  # the notice
TOLD_AGAIN_AFTER = timedelta(days=1)
LARGEST = 256 * 1024  # bytes
# A shop that saves many orders calls for each and waits for every answer: they come in first, then are worked on.
BURST = timedelta(seconds=2)
MOST_WAITING, MOST_BYTES_WAITING = 1000, 16 * 1024 * 1024  # of one sender: whoever floods us fills no disk
MOST_WAITING_OF_NETWORK = 200  # so that one that sends rubbish leaves room for the service
FORGERIES_AN_HOUR = 30  # of one network; the next one is not even stored
NOT_GIVEN_UP = "This delivery was worked on, or is going to be."


class NotADelivery(Exception):
    """It lacks what every delivery has."""


class TooMany(Exception):
    """More wait than can be real."""


class TooManyForged(Exception):
    """That network has sent too much lately that was not the service's."""


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """Of a provider or of a source. `ip_prefix` is the shortened address that it came from."""

    provider_id: int | None = None
    source_id: int | None = None
    ip_prefix: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """A delivery that was given up, and who sent it."""

    id: int
    sender: str
    received_at: datetime
    error: str


@dataclass(frozen=True)
class Waiting:
    """A delivery as it came; `job_id` is that of its job, where it is taken along by another one's."""

    id: int
    headers: Mapping[str, str]
    body: bytes
    job_id: int | None = None


async def store(incoming: Incoming, name: str, session: AsyncSession, now: datetime) -> None:
    """Stores it with all its headers and asks the worker; nothing where that name was stored before.

    The sender waits for it, and there may be many: two statements. See `refuse_flood`, which comes before.
    """
    values = {
        "provider_id": incoming.provider_id,
        "source_id": incoming.source_id,
        "delivery": name,
        "received_at": now,
        "headers": dict(incoming.headers),
        "body": incoming.body,
        "ip_prefix": incoming.ip_prefix,
        "error": "",
    }
    delivery_id = await (await session.connection()).scalar(UNLESS_KNOWN, values)
    if delivery_id is not None:
        kind = OF_SOURCES if incoming.provider_id is None else OF_PROVIDERS
        run_at = now if incoming.provider_id else now + BURST
        key = outbox.key_of(kind, delivery_id, now)
        payload: dict[str, object] = {"delivery_id": delivery_id}
        lane = _lane(incoming.source_id)
        await outbox.add([NewJob(kind=kind, key=key, payload=payload, run_at=run_at, lane=lane)], session, now)


async def due_of_source(
    source_id: int, but: int, session: AsyncSession, now: datetime, limit: int
) -> Sequence[Waiting]:
    """Others of that source that are due, oldest first."""
    lane = Lane(OF_SOURCES, source_runs.lane_of(source_id))
    jobs = {
        int(str(payload["delivery_id"])): job_id for job_id, payload in await outbox.also_due(lane, session, now, limit)
    }
    mine = select(WebhookDelivery).where(WebhookDelivery.id.in_(jobs), WebhookDelivery.id != but)
    rows = {row.id: row for row in await session.scalars(mine.where(WebhookDelivery.outcome.is_(None)))}
    return [Waiting(one, rows[one].headers, rows[one].body, job_id) for one, job_id in jobs.items() if one in rows]


async def note(delivery_ids: Sequence[int], outcome: DeliveryOutcome, session: AsyncSession, now: datetime) -> None:
    """What they said is not needed any more: it may hold a customer's name, and a forger's rubbish."""
    told = {"outcome": outcome, "worked_on_at": now, "error": "", "headers": {}, "body": b""}
    await session.execute(update(WebhookDelivery).where(WebhookDelivery.id.in_(delivery_ids)).values(told))


async def set_aside(delivery_id: int, error: str, session: AsyncSession, now: datetime) -> None:
    """Nobody tries any more by himself; the merchant may have it tried."""
    row = await session.get(WebhookDelivery, delivery_id)
    if row is not None:
        row.outcome, row.worked_on_at, row.error = DeliveryOutcome.GIVEN_UP, now, error


async def give_up(delivery_id: int, error: str, session: AsyncSession, now: datetime) -> None:
    """The same with a notice, one of each sender in a day: what fails once fails many times."""
    await set_aside(delivery_id, error, session, now)
    row = await session.get(WebhookDelivery, delivery_id)
    if row is None:
        return
    told: dict[str, object] = {**await _sender(row, session), "error": error}
    if not await _was_told(told, session, now):
        session.add(entry(By(TRESEN, now), GIVEN_UP, details=told, notice=True))


async def given_up(session: AsyncSession, limit: int = 100, source_id: int | None = None) -> Sequence[SetAside]:
    """Newest first, of everybody or of one source."""
    wanted = true() if source_id is None else WebhookDelivery.source_id == source_id
    rows = await session.execute(
        select(WebhookDelivery, func.coalesce(PaymentProvider.name, Source.name))
        .outerjoin(PaymentProvider, PaymentProvider.id == WebhookDelivery.provider_id)
        .outerjoin(Source, Source.id == WebhookDelivery.source_id)
        .where(WebhookDelivery.outcome == DeliveryOutcome.GIVEN_UP, wanted)
        .order_by(WebhookDelivery.id.desc())
        .limit(limit)
    )
    return [SetAside(id=row.id, sender=name, received_at=row.received_at, error=row.error) for row, name in rows]


async def retry(delivery_id: int, session: AsyncSession, by: By) -> None:
    """Once more from the beginning, with as many tries as a new one. Raises NotFound, Conflict."""
    row = await session.get(WebhookDelivery, delivery_id)
    if row is None:
        raise NotFound
    if row.outcome is not DeliveryOutcome.GIVEN_UP or not row.body:
        raise Conflict(NOT_GIVEN_UP)
    row.outcome, row.worked_on_at, row.error = None, None, ""
    kind = OF_PROVIDERS if row.provider_id else OF_SOURCES
    payload: dict[str, object] = {"delivery_id": row.id}
    key = outbox.key_of(kind, row.id, by.at)
    await outbox.enqueue(NewJob(kind=kind, key=key, payload=payload, lane=_lane(row.source_id)), session, by.at)
    session.add(entry(by, "webhook_delivery_retried", details=await _sender(row, session)))


def _lane(source_id: int | None) -> str | None:
    """A shop is asked about each of its deliveries, and may hang."""
    return None if source_id is None else source_runs.lane_of(source_id)


async def refuse_flood(incoming: Incoming, session: AsyncSession, now: datetime) -> None:
    """Looks without the writer's turn: a few more that come in this very moment do no harm. One statement.

    A payment service's may be anybody's until the worker has asked, so that they are bounded by network, too.
    Raises TooMany, TooManyForged.
    """
    is_provider = incoming.provider_id is not None
    asked = {
        "sender": incoming.provider_id if is_provider else incoming.source_id,
        "network": incoming.ip_prefix,
        "lately": now - timedelta(hours=1),
    }
    waiting, stored, of_network, forged = (await session.execute(_FLOOD[is_provider], asked)).one()
    if forged >= FORGERIES_AN_HOUR:
        raise TooManyForged
    if waiting >= MOST_WAITING or (is_provider and of_network >= MOST_WAITING_OF_NETWORK):
        raise TooMany
    if stored + len(incoming.body) > MOST_BYTES_WAITING:
        raise TooMany


def _flood(sender: InstrumentedAttribute[int | None]) -> Select[int, int, int, int]:
    """How many wait of that sender, with how many bytes, how many of that network, and how many were forged lately."""
    row, lately = WebhookDelivery, bindparam("lately", type_=WebhookDelivery.received_at.type)
    waits, same_network = row.outcome.is_(None), row.ip_prefix == bindparam("network")
    lately_forged = (row.outcome == DeliveryOutcome.FORGED) & (row.received_at > lately)
    return select(
        func.count().filter(waits),
        func.coalesce(func.sum(func.length(row.body)).filter(waits), 0),
        func.count().filter(waits, same_network),
        func.count().filter(lately_forged, same_network),
    ).where(sender == bindparam("sender"), waits | (row.received_at > lately))


_FLOOD = {True: _flood(WebhookDelivery.provider_id), False: _flood(WebhookDelivery.source_id)}  # laid out once


async def _sender(row: WebhookDelivery, session: AsyncSession) -> dict[str, object]:
    """Who it is, as the history names it."""
    if row.provider_id is not None:
        provider = await session.get(PaymentProvider, row.provider_id)
        return {"provider": row.provider_id, "name": provider.name if provider else ""}
    source = await session.get(Source, row.source_id)
    return {"source": row.source_id, "name": source.name if source else ""}


async def _was_told(told: Mapping[str, object], session: AsyncSession, now: datetime) -> bool:
    lately = select(Activity.id).where(Activity.notice, Activity.kind == GIVEN_UP, Activity.at > now - TOLD_AGAIN_AFTER)
    kind = "provider" if "provider" in told else "source"
    of_sender = Activity.details[kind].as_integer() == told[kind]
    return await session.scalar(lately.where(of_sender).limit(1)) is not None
