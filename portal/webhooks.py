"""What a payment service calls us with: stored first, believed only when the service says that it sent it.

A delivery never brings the truth itself. It makes us look at the payment, so that duplicates, late ones and those out
of order are harmless.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.engine import Transaction
from db.outbox import Job
from db.payment_providers import PaymentProvider as ProviderRow
from db.webhooks import DeliveryOutcome, Webhook, WebhookDelivery
from portal import outbox, payment_attempts, payment_reversals, payment_settlements
from portal.activity import TRESEN, By, entry
from portal.jobs import Record
from portal.outbox import MAX_ATTEMPTS, Claimed, NewJob, NotDone
from portal.paying import Delivery, ProviderRefused, ProviderTrouble, Told
from portal.refusals import NotFound
from portal.till import Account, Till

KIND = "webhook_delivery"
GIVEN_UP = f"{KIND}_failed"  # the notice
TOLD_AGAIN_AFTER = timedelta(days=1)
LARGEST = 256 * 1024  # bytes
MOST_WAITING, MOST_BYTES_WAITING = 1000, 16 * 1024 * 1024  # of one provider: whoever floods us fills no disk
MOST_WAITING_OF_NETWORK = 200  # so that one that sends rubbish leaves room for the service
FORGERIES_AN_HOUR = 30  # of one network; the next one is not even stored
LIMIT = timedelta(seconds=120)
FORGED_ARE_KEPT, OTHERS_ARE_KEPT = timedelta(days=1), timedelta(days=30)
KEPT_HEADERS, LONGEST_HEADERS = "paypal-", 16 * 1024  # characters of all of them
log = logging.getLogger("tresen.webhooks")


class NotADelivery(Exception):
    """It lacks what every delivery has."""


class TooMany(Exception):
    """More wait than can be real."""


class TooManyForged(Exception):
    """That network has sent too much lately that was not the service's."""


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """`ip_prefix` is the shortened address that it came from."""

    provider_id: int
    ip_prefix: str
    headers: Mapping[str, str]
    body: bytes


async def accept(incoming: Incoming, till: Till, now: datetime) -> None:
    """Stores it and asks the worker. The same one again is stored once.

    Raises NotFound where no address is registered, NotADelivery, TooMany, TooManyForged.
    """
    async with till.database.reading() as session:
        row = await session.get(ProviderRow, incoming.provider_id)
        webhook = await session.get(Webhook, incoming.provider_id)
    service = till.services.get(row.kind) if row and webhook else None
    if service is None:
        raise NotFound
    name = service.name_of(incoming.headers)
    headers = {each: value for each, value in incoming.headers.items() if each.startswith(KEPT_HEADERS)}
    too_long = sum(len(each) + len(value) for each, value in headers.items()) > LONGEST_HEADERS
    if not name or too_long or service.understood(incoming.body) is None:
        raise NotADelivery
    async with till.database.writing() as session:
        of_provider = WebhookDelivery.provider_id == incoming.provider_id
        if await session.scalar(select(WebhookDelivery.id).where(of_provider, WebhookDelivery.delivery == name)):
            return
        await _bounded(incoming, session, now)
        delivery = WebhookDelivery(
            provider_id=incoming.provider_id,
            delivery=name,
            received_at=now,
            headers=headers,
            body=incoming.body,
            ip_prefix=incoming.ip_prefix,
        )
        session.add(delivery)
        await session.flush()
        payload: dict[str, object] = {"delivery_id": delivery.id}
        await outbox.enqueue(NewJob(kind=KIND, key=f"{KIND}:{delivery.id}", payload=payload), session, now)


async def _bounded(incoming: Incoming, session: AsyncSession, now: datetime) -> None:
    """Raises TooMany, TooManyForged. One statement."""
    row = WebhookDelivery
    waits, same_network = row.outcome.is_(None), row.ip_prefix == incoming.ip_prefix
    lately_forged = (row.outcome == DeliveryOutcome.FORGED) & (row.received_at > now - timedelta(hours=1))
    counts = await session.execute(
        select(
            func.count().filter(waits),
            func.coalesce(func.sum(func.length(row.body)).filter(waits), 0),
            func.count().filter(waits, same_network),
            func.count().filter(lately_forged, same_network),
        ).where(row.provider_id == incoming.provider_id, waits | (row.received_at > now - timedelta(hours=1)))
    )
    waiting, stored, of_network, forged = counts.one()
    if forged >= FORGERIES_AN_HOUR:
        raise TooManyForged
    if waiting >= MOST_WAITING or of_network >= MOST_WAITING_OF_NETWORK:
        raise TooMany
    if stored + len(incoming.body) > MOST_BYTES_WAITING:
        raise TooMany


async def purge(transaction: Transaction, now: datetime) -> None:
    """Forged ones go after a day, the others after a month."""
    forged = (WebhookDelivery.outcome == DeliveryOutcome.FORGED) & (WebhookDelivery.received_at < now - FORGED_ARE_KEPT)
    async with transaction() as session:
        await session.execute(
            delete(WebhookDelivery).where(or_(forged, WebhookDelivery.received_at < now - OTHERS_ARE_KEPT))
        )


class Deliveries:
    """How the job is done."""

    limit = LIMIT

    def __init__(self, till: Till) -> None:
        self._till = till

    async def do(self, job: Claimed) -> Record:
        """Raises NotDone while the service says nothing; the last time, the payment's own looks are left to it."""
        delivery_id = int(str(job.payload["delivery_id"]))
        try:
            return await self._worked_on(delivery_id)
        except (ProviderTrouble, ProviderRefused) as error:
            if job.attempts >= MAX_ATTEMPTS:
                return partial(_give_up, delivery_id, str(error))
            raise NotDone(str(error)) from error

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """Such as a crash of our own, again and again: it keeps no place of a genuine one."""
        if job.dead_at:
            await _note(int(str(job.payload["delivery_id"])), DeliveryOutcome.GIVEN_UP, session, by.at)

    async def _worked_on(self, delivery_id: int) -> Record:
        async with self._till.database.reading() as session:
            row = await session.get(WebhookDelivery, delivery_id)
            if row is None:
                return _nothing
            webhook = await session.get(Webhook, row.provider_id)
            if webhook is None:  # taken away meanwhile
                return partial(_note, delivery_id, DeliveryOutcome.FORGED)
            account = await self._till.account(row.provider_id, session)
        told = account.service.understood(row.body)
        if told is None or not await _is_genuine(row, webhook, account):
            log.warning("webhook delivery %s of provider %s is not the service's own", row.id, row.provider_id)
            return partial(_note, delivery_id, DeliveryOutcome.FORGED)
        return await self._applied(delivery_id, told, account)

    async def _applied(self, delivery_id: int, told: Told, account: Account) -> Record:
        async with self._till.database.reading() as session:
            attempt = await payment_attempts.spoken_of(told, account.provider_id, session)
        if attempt is None:
            return partial(_note, delivery_id, DeliveryOutcome.UNKNOWN)
        by = By(TRESEN, self._till.clock())
        await payment_settlements.look(attempt.id, self._till, by)
        async with self._till.database.writing() as session:
            now = await payment_attempts.one(attempt.id, session)
            await payment_reversals.hear(now, told, session, by)
        return partial(_note, delivery_id, DeliveryOutcome.APPLIED)


async def _is_genuine(row: WebhookDelivery, webhook: Webhook, account: Account) -> bool:
    delivery = Delivery(headers=row.headers, body=row.body)
    return await account.service.is_genuine(delivery, webhook.reference, webhook.verification, account.credentials)


async def _note(delivery_id: int, outcome: DeliveryOutcome, session: AsyncSession, now: datetime) -> None:
    """What it said is not needed any more: it may hold a customer's name, and a forger's rubbish."""
    row = await session.get(WebhookDelivery, delivery_id)
    if row is not None:
        row.outcome, row.worked_on_at = outcome, now
        row.headers, row.body = {}, b""


async def _give_up(delivery_id: int, error: str, session: AsyncSession, now: datetime) -> None:
    """One notice of each provider in a day: where the service cannot be asked about one, it cannot about many."""
    await _note(delivery_id, DeliveryOutcome.GIVEN_UP, session, now)
    row = await session.get(WebhookDelivery, delivery_id)
    provider = await session.get(ProviderRow, row.provider_id) if row else None
    if provider is None or await _was_told(provider.id, session, now):
        return
    told: dict[str, object] = {"provider": provider.id, "name": provider.name, "error": error}
    session.add(entry(By(TRESEN, now), GIVEN_UP, details=told, notice=True))


async def _was_told(provider_id: int, session: AsyncSession, now: datetime) -> bool:
    lately = select(Activity.id).where(Activity.notice, Activity.kind == GIVEN_UP, Activity.at > now - TOLD_AGAIN_AFTER)
    of_provider = Activity.details["provider"].as_integer() == provider_id
    return await session.scalar(lately.where(of_provider).limit(1)) is not None


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """It was purged meanwhile."""
