"""What a source calls us with: verified before it is stored, answered at once, worked on by the outbox."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.outbox import Job
from db.settings import GeneralSettings
from db.sources import RunCause, Source, SourceKind
from db.webhooks import DeliveryOutcome, WebhookDelivery
from portal import order_imports, settings, source_imports, source_runs, sources, webhook_inbox
from portal.activity import SOURCE, By
from portal.connectors import Connectors
from portal.fetching import Access, Caller, Fetched, Gone, Hint, SourceUnavailable, Spoken, Unreadable
from portal.jobs import Clock, Record, utc_now
from portal.order_imports import ImportResult, Key
from portal.outbox import MAX_ATTEMPTS, Claimed, NotDone
from portal.refusals import NotFound
from portal.source_options import WEBHOOK_SECRET
from portal.webhook_inbox import Incoming, note

LIMIT = timedelta(seconds=300)
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
    """A delivery with all that is needed to work on it."""

    source: Source
    access: Access
    caller: Caller
    headers: Mapping[str, str]
    body: bytes


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
        async with self._database.reading() as session:
            row = await sources.named(call.source, session)
        caller = self._connectors.callers.get(kind)
        if row is None or caller is None or row.kind is not kind or not row.active:
            raise NotFound
        if caller.is_ping(call.headers, call.body):
            return
        if not self._knows_secret(row, caller, call):
            log.warning("a call to source %s is not signed with its secret", row.name)
            raise NotGenuine
        incoming = Incoming(
            source_id=row.id, ip_prefix=call.ip_prefix, headers=caller.kept(call.headers), body=call.body
        )
        name = caller.name_of(call.headers, call.body)
        async with self._database.reading() as session:
            await webhook_inbox.refuse_flood(incoming, session, self._clock())
        async with self._database.writing() as session:
            await webhook_inbox.store(incoming, name, session, self._clock())

    async def do(self, job: Claimed) -> Record:
        """Raises NotDone while the service cannot be asked; the last time it is set aside."""
        delivery_id = int(str(job.payload["delivery_id"]))
        try:
            found = await self._found(delivery_id)
            if found is None:
                return _nothing
            asked_at = self._clock() if found.caller.asks(found.access) else None
            order = await found.caller.spoken_of(found.access, found.headers, found.body)
        except SourceUnavailable as error:
            if job.attempts >= MAX_ATTEMPTS:
                return partial(webhook_inbox.give_up, delivery_id, str(error))
            raise NotDone(str(error)) from error
        if isinstance(order, Fetched):
            order = replace(order, asked_at=asked_at)
        return Outcome(delivery_id, found.source.name, order).record

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

    async def _found(self, delivery_id: int) -> Found | None:
        async with self._database.reading() as session:
            row = await session.get(WebhookDelivery, delivery_id)
            if row is None or row.source_id is None or row.outcome is not None:
                return None
            source = await sources.one(row.source_id, session)
            zone = settings.zone_of(await settings.of(GeneralSettings, session), self._zone)
        caller = self._connectors.callers[source.kind]
        access = self._connectors.access(source, zone)
        return Found(source=source, access=access, caller=caller, headers=row.headers, body=row.body)


@dataclass(frozen=True)
class Outcome:
    """What became of asking, on its way into the database."""

    delivery_id: int
    source: str
    order: Spoken

    async def record(self, session: AsyncSession, now: datetime) -> None:
        by = By(f"{SOURCE}:{self.source}", now)
        match self.order:
            case Gone(external_id):
                await self._bury(external_id, session, by)
            case Hint():
                await self._ask(session, by)
            case Fetched() if self.order.order is not None:
                await self._take(self.order, session, by)
            case Unreadable(place=place, why=why):
                await webhook_inbox.give_up(self.delivery_id, f"{place}: {why}", session, now)
            case _:  # a draft, or about something else
                await note(self.delivery_id, DeliveryOutcome.UNKNOWN, session, now)

    async def _ask(self, session: AsyncSession, by: By) -> None:
        """The run that is waiting already will do, too."""
        if source := await sources.named(self.source, session):
            await source_runs.ask_if_fetched(source, RunCause.CALLED, session, by)
        await note(self.delivery_id, DeliveryOutcome.APPLIED, session, by.at)

    async def _bury(self, external_id: str, session: AsyncSession, by: By) -> None:
        row = await order_imports.find(Key(self.source, external_id), session)
        if row is not None:
            await order_imports.bury(row, session, by)
        outcome = DeliveryOutcome.APPLIED if row else DeliveryOutcome.UNKNOWN
        await note(self.delivery_id, outcome, session, by.at)

    async def _take(self, fetched: Fetched, session: AsyncSession, by: By) -> None:
        source = await sources.named(self.source, session)
        result = await source_imports.taken(source, fetched, session, by) if source else None
        if isinstance(result, Unreadable):
            await webhook_inbox.give_up(self.delivery_id, result.why, session, by.at)
        else:
            outcome = DeliveryOutcome.STALE if result is ImportResult.STALE else DeliveryOutcome.APPLIED
            await note(self.delivery_id, outcome, session, by.at)


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """It was purged meanwhile, or its source was removed."""
