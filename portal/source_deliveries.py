"""What a source calls us with: verified before it is stored, answered at once, worked on by the outbox."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.outbox import Job
from db.settings import GeneralSettings
from db.sources import Source, SourceKind
from db.webhooks import WebhookDelivery
from portal import settings, sources, webhook_inbox
from portal.activity import By
from portal.connectors import Connectors
from portal.delivery_outcomes import Heard, Outcomes
from portal.fetching import Access, Caller, Fetched, SourceUnavailable
from portal.jobs import Clock, Record, utc_now
from portal.outbox import MAX_ATTEMPTS, Claimed, NotDone
from portal.refusals import NotFound
from portal.source_options import WEBHOOK_SECRET
from portal.webhook_inbox import Incoming, Waiting

LIMIT = timedelta(seconds=300)
AT_ONCE = 8  # deliveries worked on together: a transaction is over before anybody minds
ENOUGH = timedelta(seconds=20)  # of asking about others; the first one has its answer and wants it written down
log = logging.getLogger("tresen.webhooks")


class NotGenuine(Exception):
    """Whoever sent it does not know the secret."""


@dataclass(frozen=True)
class Call:
    """A request to a source's address, as it came. `ip_prefix` is the shortened address of the sender."""

    source: str
    ip_prefix: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Found:
    """Deliveries of one source with all that is needed to work on them, that of the job first."""

    source: str
    access: Access
    caller: Caller
    waiting: Sequence[Waiting]


class SourceDeliveries:
    """Takes calls, and does the jobs that they become."""

    limit = LIMIT

    def __init__(
        self, database: Database, connectors: Connectors, zone: ZoneInfo | None, clock: Clock = utc_now
    ) -> None:
        self._database = database
        self._connectors = connectors
        self._zone = zone
        self._clock = clock

    async def accept(self, kind: SourceKind, call: Call) -> None:
        """Stores it and asks the worker. The same one again, and a mere try whether somebody is there, change nothing.

        Raises NotFound where nobody listens, NotGenuine, portal.webhook_inbox.TooMany.
        """
        caller = self._connectors.callers.get(kind)
        if caller is None:
            raise NotFound
        async with self._database.reading() as session:
            row = await sources.named(call.source, session)
            if row is None or row.kind is not kind or not row.active:
                raise NotFound
            if caller.is_ping(call.headers, call.body):
                return
            if not self._knows_secret(row, caller, call):
                log.warning("a call to source %s is not signed with its secret", row.name)
                raise NotGenuine
            incoming = Incoming(
                source_id=row.id, ip_prefix=call.ip_prefix, headers=caller.kept(call.headers), body=call.body
            )
            await webhook_inbox.refuse_flood(incoming, session, self._clock())
        name = caller.name_of(call.headers, call.body)
        async with self._database.writing() as session:
            await webhook_inbox.store(incoming, name, session, self._clock())

    async def do(self, job: Claimed) -> Record:
        """Raises NotDone while the service cannot be asked; the last time it is set aside.

        Others of that source that are due are taken along: together they cost little more than one. Not by a job that
        was begun before, so that one that cannot be worked on spoils no other for long.
        """
        delivery_id = int(str(job.payload["delivery_id"]))
        try:
            found = await self._found(delivery_id, AT_ONCE - 1 if job.attempts == 1 else 0)
            if found is None:
                return _nothing
            first = await self._heard(found, found.waiting[0])
        except SourceUnavailable as error:
            if job.attempts >= MAX_ATTEMPTS:
                return partial(webhook_inbox.give_up, delivery_id, str(error))
            raise NotDone(str(error)) from error
        others = [each async for each in self._others(found)]
        heard = (first, *(each for each, _ in others))
        return Outcomes(source=found.source, heard=heard, jobs=[job_id for _, job_id in others]).record

    async def _others(self, found: Found) -> AsyncIterator[tuple[Heard, int]]:
        """With the ids of their jobs. As long as it goes well and quickly: what is left gets its own turn."""
        until = self._clock() + ENOUGH
        for each in found.waiting[1:]:
            if self._clock() >= until or each.job_id is None:
                return
            await asyncio.sleep(0)  # a delivery that tells all itself waits for nobody, and others have their turn
            try:
                yield await self._heard(found, each), each.job_id
            except SourceUnavailable:
                return

    async def _heard(self, found: Found, waiting: Waiting) -> Heard:
        """Raises SourceUnavailable."""
        asked_at = self._clock() if found.caller.asks(found.access) else None
        spoken = await found.caller.spoken_of(found.access, waiting.headers, waiting.body)
        return Heard(waiting.id, replace(spoken, asked_at=asked_at) if isinstance(spoken, Fetched) else spoken)

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """Such as a crash of our own, again and again."""
        if job.dead_at:
            await webhook_inbox.set_aside(int(str(job.payload["delivery_id"])), job.error, session, by.at)

    def _knows_secret(self, row: Source, caller: Caller, call: Call) -> bool:
        """Without a secret, nobody knows it."""
        try:
            secret = self._connectors.access(row, ZoneInfo("UTC")).options.get(WEBHOOK_SECRET, "")
        except SourceUnavailable:
            return False
        return bool(secret) and caller.is_genuine(call.headers, call.body, secret)

    async def _found(self, delivery_id: int, others: int) -> Found | None:
        """None where it was worked on already. Raises SourceUnavailable."""
        async with self._database.reading() as session:
            row = await session.get(WebhookDelivery, delivery_id)
            if row is None or row.source_id is None or row.outcome is not None:
                return None
            source = await sources.one(row.source_id, session)
            zone = settings.zone_of(await settings.of(GeneralSettings, session), self._zone)
            waiting = [Waiting(row.id, row.headers, row.body)]
            if others:
                waiting += await webhook_inbox.due_of_source(source.id, row.id, session, self._clock(), others)
        access = self._connectors.access(source, zone)
        return Found(source=source.name, access=access, caller=self._connectors.callers[source.kind], waiting=waiting)


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """It was purged meanwhile, or its source was removed."""
