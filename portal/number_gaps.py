"""Numbers that were given out after the backup that a shop was restored from: the merchant skips them, once, on record.

What a customer holds since then is not here any more, and its number would be issued a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.invoices import NumberSeries
from portal.activity import By, entry
from portal.refusals import Conflict, Fault, Invalid, NotFound

RESTORED = "backup_restored"
SKIPPED = "numbers_skipped"
OPEN_FOR = timedelta(days=30)  # whoever has not found out by then has to ask a tax adviser anyway
MOST_SKIPPED = 1000


class NewNumberGap(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`next` is the number after the last one that was given out behind that prefix, such as `RE-2026-`."""

    prefix: Annotated[str, Meta(min_length=1, max_length=60)]
    next: Annotated[int, Meta(ge=2, le=999_999_999)]
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class NumberGap(Struct, kw_only=True, frozen=True):
    """The numbers from `first` to `last` are not here, as somebody has put on record."""

    prefix: str
    first: int
    last: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class Restored:
    """When the shop was restored, and which prefixes may still skip numbers because of it."""

    at: datetime
    prefixes: tuple[str, ...]


async def restored(session: AsyncSession, now: datetime) -> Restored | None:
    """The newest restoration, as long as there is something to be done about it."""
    latest = select(Activity).where(Activity.kind == RESTORED).order_by(Activity.id.desc()).limit(1)
    found = await session.scalar(latest)
    if found is None or now - found.at > OPEN_FOR:
        return None
    later = select(Activity.details).where(Activity.kind == SKIPPED, Activity.id > found.id)
    done = {details.get("prefix") for details in await session.scalars(later)}
    every = await session.scalars(select(NumberSeries.prefix).order_by(NumberSeries.prefix))
    open_ones = tuple(prefix for prefix in every if prefix not in done)
    return Restored(at=found.at, prefixes=open_ones) if open_ones else None


async def skip(wanted: NewNumberGap, session: AsyncSession, by: By) -> NumberGap:
    """In the running transaction. Raises NotFound, Conflict without a restoration or the second time, Invalid."""
    row = await session.get(NumberSeries, wanted.prefix)
    if row is None:
        raise NotFound
    found = await restored(session, by.at)
    if found is None or wanted.prefix not in found.prefixes:
        raise Conflict("Numbers are skipped once after a restore, within 30 days.")
    first = row.next
    if not first < wanted.next <= first + MOST_SKIPPED:
        told = f"The next number is {first}; skip up to {MOST_SKIPPED} of them, forwards."
        raise Invalid(Fault("#/next", "out-of-range", told))
    for number in range(first, wanted.next):  # one by one: the database lets a series grow in no other way
        one_more = update(NumberSeries).where(NumberSeries.prefix == wanted.prefix).values(next=number + 1)
        await session.execute(one_more, execution_options={"synchronize_session": False})
    gap = NumberGap(prefix=wanted.prefix, first=first, last=wanted.next - 1, reason=wanted.reason)
    details: dict[str, object] = {
        "prefix": gap.prefix, "first": gap.first, "last": gap.last, "reason": gap.reason
    }  # fmt: skip
    session.add(entry(by, SKIPPED, details=details, notice=True))
    return gap


async def documented(prefix: str, session: AsyncSession) -> set[int]:
    """The numbers behind that prefix that somebody has put on record as given out elsewhere."""
    rows = await session.scalars(select(Activity.details).where(Activity.kind == SKIPPED))
    gaps = [details for details in rows if details.get("prefix") == prefix]
    return {number for gap in gaps for number in range(int(str(gap["first"])), int(str(gap["last"])) + 1)}
