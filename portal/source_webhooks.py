"""Our address at a source's service: it is asked to call us when something changes, so that nobody waits for a run."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.outbox import Job
from db.sources import RunOutcome, Source
from db.webhooks import SourceWebhook
from portal import source_options, sources
from portal.activity import TRESEN, By, entry
from portal.connectors import Connectors
from portal.fetching import Access, SourceUnavailable
from portal.jobs import Clock, Record, utc_now
from portal.outbox import Claimed, NotDone
from portal.refusals import Conflict, NotFound
from portal.source_options import SWITCHED_OFF, WEBHOOK_SECRET

LIMIT = timedelta(minutes=5)
FOR_GOOD = frozenset({RunOutcome.DENIED, RunOutcome.UNEXPECTED, RunOutcome.INCOMPLETE, RunOutcome.MOVED})
NOT_CALLING = "This source calls nobody; it is asked instead."
NOT_PUBLIC = "Shops call public https addresses only; set TRESEN_BASE_URL to the one of this portal."


async def of(source_id: int, session: AsyncSession) -> SourceWebhook | None:
    return await session.get(SourceWebhook, source_id)


async def register(source_id: int, connectors: Connectors, database: Database, by: By) -> SourceWebhook:
    """Asks the service; a secret is made up where none was given. Raises NotFound, Conflict, SourceUnavailable."""
    async with database.writing() as session:
        row = await sources.one(source_id, session)
        _refuse(row, connectors)
        access, url = _with_secret(row, connectors), connectors.hook(row)
    await connectors.callers[row.kind].register(access, url, access.options[WEBHOOK_SECRET])
    async with database.writing() as session:
        await sources.one(source_id, session)  # it may have been removed meanwhile
        known = await session.get(SourceWebhook, source_id)
        if known is None:
            known = SourceWebhook(source_id=source_id, url=url, registered_at=by.at)
            session.add(known)
        known.url, known.registered_at = url, by.at
        told: dict[str, object] = {"source": source_id, "name": row.name, "url": url}
        session.add(entry(by, "source_webhooks_registered", details=told))
    return known


class SourceRegistrations:
    """The job: by itself, once a source has keys that work. Orders come without it, too, only later."""

    limit = LIMIT

    def __init__(self, database: Database, connectors: Connectors, clock: Clock = utc_now) -> None:
        self._database = database
        self._connectors = connectors
        self._clock = clock

    async def do(self, job: Claimed) -> Record:
        """Raises NotDone; for good where the service understood and refuses, such as a key that may only read."""
        try:
            source_id, by = int(str(job.payload["source_id"])), By(TRESEN, self._clock())
            await register(source_id, self._connectors, self._database, by)
        except SourceUnavailable as error:
            raise NotDone(str(error), permanent=error.outcome in FOR_GOOD) from error
        except (Conflict, NotFound):
            pass  # it was switched off or removed meanwhile
        return _nothing

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """The outbox tells the merchant when it gives up."""


def _with_secret(row: Source, connectors: Connectors) -> Access:
    """Raises SourceUnavailable."""
    access = connectors.access(row, ZoneInfo("UTC"))
    if not access.options.get(WEBHOOK_SECRET):
        made = source_options.of(row.kind).sealed({WEBHOOK_SECRET: secrets.token_urlsafe(32)}, connectors.vault)
        row.options = {**row.options, **made}
        access = connectors.access(row, ZoneInfo("UTC"))
    return access


def _refuse(row: Source, connectors: Connectors) -> None:
    """Raises Conflict where asking is of no use."""
    if not connectors.calls(row):
        raise Conflict(NOT_CALLING)
    if not row.active:
        raise Conflict(SWITCHED_OFF)
    if not connectors.can_be_called_by(row):
        raise Conflict(NOT_PUBLIC)


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """It is written already."""
