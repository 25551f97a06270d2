"""Time windows in whole days of the merchant's zone: the start day does not count, the last day lasts until 24:00."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    return instant.astimezone(zone).date()


def last_day(start: date, days: int | None) -> date | None:
    """The last day on which something is to be had; None without limit."""
    return None if days is None else start + timedelta(days=days)


def start_of(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of that day there, in UTC: correct on days of 23 and 25 hours too."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def is_over(until: date | None, now: datetime, zone: ZoneInfo) -> bool:
    return until is not None and local_day(now, zone) > until
