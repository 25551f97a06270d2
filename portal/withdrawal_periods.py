"""When the time to withdraw from a purchase is over, so that a file may be had without any consent."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from datetime import date, timedelta

SATURDAY = 5
_holidays: dict[int, frozenset[date]] = {}  # they never change while we run


def last_day(ordered_on: date, days: int, holidays: Container[date]) -> date:
    """The first day is not counted; a Saturday, Sunday or holiday hands the end on to the next working day."""
    day = ordered_on + timedelta(days=days)
    while day.weekday() >= SATURDAY or day in holidays:
        day += timedelta(days=1)
    return day


async def unlock_day(ordered_on: date, days: int) -> date:
    """From 00:00 of this day on nothing has to be waived any more; days are those of the merchant's zone."""
    end = ordered_on + timedelta(days=days)
    # The new year's holidays too, as the end may move beyond the old one.
    holidays = await nationwide_holidays(end.year) | await nationwide_holidays(end.year + 1)
    return last_day(ordered_on, days, holidays) + timedelta(days=1)


async def nationwide_holidays(year: int) -> frozenset[date]:
    """The holidays of that year in all of Germany. The calendars load in a thread: that takes a fifth of a second."""
    if year not in _holidays:
        _holidays[year] = await asyncio.to_thread(_read, year)
    return _holidays[year]


def _read(year: int) -> frozenset[date]:
    from holidays import country_holidays

    return frozenset(country_holidays("DE", years=year))  # without a state: those that all states share
