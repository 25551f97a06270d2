"""What a payment service calls us with: stored first, believed only when the service says that it sent it.

A delivery never brings the truth itself. It makes us look at the payment, so that duplicates, late ones and those out
of order are harmless.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from db.outbox import Job
from db.payment_providers import PaymentProvider as ProviderRow
from db.webhooks import DeliveryOutcome, Webhook, WebhookDelivery
from portal import payment_attempts, payment_reversals, payment_settlements, webhook_inbox
from portal.activity import TRESEN, By
from portal.jobs import Record
from portal.outbox import MAX_ATTEMPTS, Claimed, NotDone
from portal.paying import Delivery, ProviderRefused, ProviderTrouble, Told
from portal.refusals import NotFound
from portal.till import Account, Till
from portal.webhook_inbox import Incoming, NotADelivery, note

LIMIT = timedelta(seconds=120)
KEPT_HEADERS, LONGEST_HEADERS = "paypal-", 16 * 1024  # characters of all of them
log = logging.getLogger("tresen.webhooks")


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
    async with till.database.reading() as session:
        await webhook_inbox.refuse_flood(incoming, session, now)
    async with till.database.writing() as session:
        await webhook_inbox.store(replace(incoming, headers=headers), name, session, now)


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
                return partial(webhook_inbox.give_up, delivery_id, str(error))
            raise NotDone(str(error)) from error

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """Such as a crash of our own, again and again: it keeps no place of a genuine one."""
        if job.dead_at:
            await webhook_inbox.set_aside(int(str(job.payload["delivery_id"])), job.error, session, by.at)

    async def _worked_on(self, delivery_id: int) -> Record:
        async with self._till.database.reading() as session:
            row = await session.get(WebhookDelivery, delivery_id)
            if row is None or row.provider_id is None:
                return _nothing
            webhook = await session.get(Webhook, row.provider_id)
            if webhook is None:  # taken away meanwhile
                return partial(note, [delivery_id], DeliveryOutcome.FORGED)
            account = await self._till.account(row.provider_id, session)
        told = account.service.understood(row.body)
        if told is None or not await _is_genuine(row, webhook, account):
            log.warning("webhook delivery %s of provider %s is not the service's own", row.id, row.provider_id)
            return partial(note, [delivery_id], DeliveryOutcome.FORGED)
        return await self._applied(delivery_id, told, account)

    async def _applied(self, delivery_id: int, told: Told, account: Account) -> Record:
        async with self._till.database.reading() as session:
            attempt = await payment_attempts.spoken_of(told, account.provider_id, session)
        if attempt is None:
            return partial(note, [delivery_id], DeliveryOutcome.UNKNOWN)
        by = By(TRESEN, self._till.clock())
        await payment_settlements.look(attempt.id, self._till, by)
        async with self._till.database.writing() as session:
            now = await payment_attempts.one(attempt.id, session)
            await payment_reversals.hear(now, told, session, by)
        return partial(note, [delivery_id], DeliveryOutcome.APPLIED)


async def _is_genuine(row: WebhookDelivery, webhook: Webhook, account: Account) -> bool:
    delivery = Delivery(headers=row.headers, body=row.body)
    return await account.service.is_genuine(delivery, webhook.reference, webhook.verification, account.credentials)


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """It was purged meanwhile."""
