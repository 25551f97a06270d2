"""Whether a source really answers: it is asked how many orders there are, and what came of it is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter
from zoneinfo import ZoneInfo

from db.engine import Database
from db.settings import GeneralSettings
from db.sources import RunOutcome
from portal import settings, sources
from portal.connectors import Connectors
from portal.fetching import SourceUnavailable

LIMIT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Check:
    """`detail` is what the service said, in its own words; nothing secret. `orders`: how many can be read."""

    outcome: RunOutcome
    detail: str = ""
    milliseconds: int = 0
    orders: int = 0


async def check(source_id: int, connectors: Connectors, database: Database, fixed_zone: ZoneInfo | None) -> Check:
    """No trouble is raised: it is what was asked for. Raises NotFound."""
    async with database.reading() as session:
        row = await sources.one(source_id, session)
        zone = settings.zone_of(await settings.of(GeneralSettings, session), fixed_zone)
    start = perf_counter()
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            connector, access = connectors.opened(row, zone)
            orders = await connector.count(access)
    except SourceUnavailable as error:
        return Check(outcome=error.outcome, detail=str(error), milliseconds=_since(start))
    except TimeoutError:
        detail = f"No whole answer within {LIMIT_SECONDS:g} seconds."
        return Check(outcome=RunOutcome.TIMED_OUT, detail=detail, milliseconds=_since(start))
    return Check(outcome=RunOutcome.OK, milliseconds=_since(start), orders=orders)


def _since(start: float) -> int:
    return round((perf_counter() - start) * 1000)
