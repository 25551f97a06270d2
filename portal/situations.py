"""An order as conditions see it at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Address, OrderTag
from portal import dossiers, downloads
from portal.dossiers import Dossier
from portal.refusals import Refusal

# What the customer clears behind the link is no reason to be silent about a file.
TO_BE_HAD = (None, Refusal.WAIVER_MISSING, Refusal.WAIVER_CONFIRMATION_PENDING)


@dataclass(frozen=True, kw_only=True)
class Situation:
    """`has_files`: there is something to download now; `countries` of the addresses, mostly one."""

    dossier: Dossier
    tags: frozenset[str]
    countries: frozenset[str]
    has_files: bool


async def of(order_id: int, session: AsyncSession, zone: ZoneInfo | None, now: datetime) -> Situation:
    """Raises NotFound."""
    dossier = await dossiers.of(order_id, session, zone)
    tags = await session.scalars(select(OrderTag.tag).where(OrderTag.order_id == order_id))
    countries = await session.scalars(select(Address.country).where(Address.order_id == order_id))
    return Situation(
        dossier=dossier,
        tags=frozenset(tags),
        countries=frozenset(filter(None, countries)),
        has_files=any(downloads.refusal(each, now) in TO_BE_HAD for each in dossier.entitlements),
    )
