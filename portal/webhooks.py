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

from db.engine import Transaction
from db.outbox import Job
from db.payment_providers import PaymentProvider as ProviderRow
from db.webhooks import DeliveryOutcome, Webhook, WebhookDelivery
from portal import outbox, payment_attempts, payment_reversals, payment_settlements
from portal.activity import TRESEN, By
from portal.jobs import Record
from portal.outbox import Claimed, NewJob, NotDone
from portal.paying import Delivery, ProviderRefused, ProviderTrouble, Told
from portal.refusals import NotFound
from portal.till import Account, Till

KIND = "webhook_delivery"
LARGEST = 256 * 1024  # bytes
MOST_WAITING = 1000  # of one provider: whoever floods us fills no disk
LIMIT = timedelta(seconds=120)
FORGED_ARE_KEPT, OTHERS_ARE_KEPT = timedelta(days=1), timedelta(days=30)
KEPT_HEADERS = "paypal-"
log = logging.getLogger("tresen.webhooks")


class NotADelivery(Exception):
    """It lacks what every delivery has."""


class TooMany(Exception):
    """More wait than can be real."""


@dataclass(frozen=True, kw_only=True)
class Incoming:
    provider_id: int
    headers: Mapping[str, str]
    body: bytes


async def accept(incoming: Incoming, till: Till, now: datetime) -> None:
    """Stores it and asks the worker. The same one again is stored once. Raises NotFound, NotADelivery, TooMany."""
    async with till.database.writing() as session:
        row = await session.get(ProviderRow, incoming.provider_id)
        service = till.services.get(row.kind) if row else None
        if row is None or service is None:
            raise NotFound
        name = service.name_of(incoming.headers)
        if not name:
            raise NotADelivery
        of_provider = select(WebhookDelivery.id).where(WebhookDelivery.provider_id == row.id)
        if await session.scalar(of_provider.where(WebhookDelivery.delivery == name)) is not None:
            return
        waiting = select(func.count()).select_from(of_provider.where(WebhookDelivery.outcome.is_(None)).subquery())
        if (await session.scalars(waiting)).one() >= MOST_WAITING:
            raise TooMany
        delivery = WebhookDelivery(
            provider_id=row.id,
            delivery=name,
            received_at=now,
            headers={each: value for each, value in incoming.headers.items() if each.startswith(KEPT_HEADERS)},
            body=incoming.body,
        )
        session.add(delivery)
        await session.flush()
        payload: dict[str, object] = {"delivery_id": delivery.id}
        await outbox.enqueue(NewJob(kind=KIND, key=f"{KIND}:{delivery.id}", payload=payload), session, now)


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
        """Raises NotDone while the service says nothing."""
        delivery_id = int(str(job.payload["delivery_id"]))
        try:
            return await self._worked_on(delivery_id)
        except (ProviderTrouble, ProviderRefused) as error:
            raise NotDone(str(error)) from error

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """The payment's own looks find out what it said."""

    async def _worked_on(self, delivery_id: int) -> Record:
        async with self._till.database.reading() as session:
            row = await session.get(WebhookDelivery, delivery_id)
            if row is None:
                return _nothing
            webhook = await session.get(Webhook, row.provider_id)
            if webhook is None:
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
    row = await session.get_one(WebhookDelivery, delivery_id)
    row.outcome, row.worked_on_at = outcome, now


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """It was purged meanwhile."""
