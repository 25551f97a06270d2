"""Our address at a source's service: it is asked to call us when something changes, so that nobody waits for a run."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.sources import Source
from db.webhooks import SourceWebhook
from portal import source_options, sources
from portal.activity import By, entry
from portal.mail_servers import is_loopback
from portal.refusals import Conflict
from portal.source_options import SWITCHED_OFF, WEBHOOK_SECRET
from portal.sources import Connectors, SourceChange
from portal.webhook_registrations import is_reachable

NOT_CALLING = "This source calls nobody; it is asked instead."
NOT_PUBLIC = "Shops call public https addresses only; set TRESEN_BASE_URL to the one of this portal."


@dataclass(frozen=True)
class Hooks:
    """Where this portal can be called."""

    base_url: str

    def address(self, row: Source) -> str:
        return f"{self.base_url}/hooks/{row.kind.value}/{row.name}"

    def can_be_called_by(self, row: Source) -> bool:
        """Whether that shop reaches us: from outside, or from this very machine."""
        host = urlsplit(row.options.get("base_url", "")).hostname or ""
        return is_reachable(self.base_url, from_here=is_loopback(host))


async def of(source_id: int, session: AsyncSession) -> SourceWebhook | None:
    return await session.get(SourceWebhook, source_id)


async def register(source_id: int, hooks: Hooks, connectors: Connectors, database: Database, by: By) -> SourceWebhook:
    """Asks the service; a secret is made up where none was given. Raises NotFound, Conflict, SourceUnavailable."""
    async with database.writing() as session:
        row = await sources.one(source_id, session)
        _refuse(row, hooks, connectors)
        if not row.options.get(WEBHOOK_SECRET):
            options = {**source_options.shown(row), WEBHOOK_SECRET: secrets.token_urlsafe(32)}
            await sources.change(row, SourceChange(options=options), connectors, session, by)
        access, url = connectors.access(row, ZoneInfo("UTC")), hooks.address(row)
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


def _refuse(row: Source, hooks: Hooks, connectors: Connectors) -> None:
    """Raises Conflict where asking is of no use."""
    if row.kind not in connectors.callers or not source_options.is_fetched(row):
        raise Conflict(NOT_CALLING)
    if not row.active:
        raise Conflict(SWITCHED_OFF)
    if not hooks.can_be_called_by(row):
        raise Conflict(NOT_PUBLIC)
