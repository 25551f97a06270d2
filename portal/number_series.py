"""The numbers of invoices: one row after the other in each series, no gap, no date before the one before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.invoices import InvoiceKind, NumberSeries
from db.settings import SellerSettings
from portal.refusals import Fault

YEAR = "{year}"
DIGITS = 5  # RE-2026-00001; a longer number just is longer
# What every font, bank, file name and accounting program takes as it is, with the year at most once.
TEMPLATE = r"^[A-Za-z0-9/._-]*(\{year\}[A-Za-z0-9/._-]*)?$"
LONGEST_TEMPLATE = 40
ANY_DIGIT = "#"  # no sign of a template, so that it can stand for each digit of a year
STARTS = {"invoice_series": "invoice_start", "credit_note_series": "credit_note_start"}
MOST_AHEAD = timedelta(days=1)  # a clock that was put right may have been that wrong, or in another zone


@dataclass(frozen=True, kw_only=True)
class Series:
    """What the merchant chose: the template of the prefix, and the first number behind each."""

    template: str
    first: int

    def prefix(self, year: int) -> str:
        return self.template.replace(YEAR, f"{year:04}")

    def year(self, day: date) -> int:
        """0 where the numbers run on over the years."""
        return day.year if YEAR in self.template else 0


@dataclass(frozen=True, kw_only=True)
class Place:
    """The next number, and the day that the document with it bears."""

    series: Series
    sequence: int
    issued_on: date

    def after(self, others: int) -> Place:
        """The place behind so many others that are about to be taken."""
        return replace(self, sequence=self.sequence + others)

    def is_ahead_of(self, today: date) -> bool:
        """Whether the newest document bears a day that has not come: some clock was or is wrong."""
        return self.issued_on - today > MOST_AHEAD

    @property
    def year(self) -> int:
        return self.series.year(self.issued_on)

    @property
    def prefix(self) -> str:
        return self.series.prefix(self.issued_on.year)

    @property
    def number(self) -> str:
        return f"{self.prefix}{self.sequence:0{DIGITS}}"


def is_fit(template: str) -> bool:
    """Whether numbers behind it are the same to everybody who reads them, on paper or in a program."""
    return 0 < len(template) <= LONGEST_TEMPLATE and re.fullmatch(TEMPLATE, template) is not None


def meet(one: str, other: str) -> bool:
    """Whether a number of one template can be a number of the other, in whatever years.

    Behind a template stand five digits or more. So they meet where the longer one goes on with digits alone after
    everything that both have: 1 behind `K-1` is 100001 behind `K-`. Capitals make no difference to who looks one up.
    """
    shorter, longer = sorted((_signs(one), _signs(other)), key=len)
    return all(map(_alike, shorter, longer)) and all(sign in "0123456789#" for sign in longer[len(shorter) :])


def _signs(template: str) -> str:
    return template.replace(YEAR, ANY_DIGIT * 4).casefold()


def _alike(one: str, other: str) -> bool:
    return one == other or (ANY_DIGIT in (one, other) and (one + other).strip("0123456789#") == "")


def chosen(seller: SellerSettings, kind: InvoiceKind) -> Series:
    """Credit notes are numbered with the invoices unless they have a series of their own."""
    if kind is InvoiceKind.CREDIT_NOTE and seller.credit_note_series not in ("", seller.invoice_series):
        return Series(template=seller.credit_note_series, first=seller.credit_note_start)
    return Series(template=seller.invoice_series, first=seller.invoice_start)


async def upcoming(series: Series, today: date, session: AsyncSession) -> Place:
    """The place that the next document takes. Where a clock went back, it bears the day of the newest one instead.

    The first number that the merchant chose is that of the series; each later year begins at 1.
    """
    rows = await _begun(series, today, session)
    day = max([today, *(row.newest for row in rows)])
    counted = {row.prefix: row.next for row in rows}
    first = 1 if rows else series.first
    return Place(series=series, sequence=counted.get(series.prefix(day.year), first), issued_on=day)


async def _begun(series: Series, today: date, session: AsyncSession) -> Sequence[NumberSeries]:
    """What there is of the series, the oldest first; with the prefix that another template may have begun before."""
    same = or_(NumberSeries.series == series.template, NumberSeries.prefix == series.prefix(today.year))
    return (await session.scalars(select(NumberSeries).where(same).order_by(NumberSeries.year))).all()


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """The next number, and the one a series began with, or would begin with; once it `has_begun`, that is fixed."""

    number: str
    first: int
    has_begun: bool


@dataclass(frozen=True, kw_only=True)
class Outlooks:
    """`credit_notes` is None where they are numbered with the invoices."""

    invoices: Outlook
    credit_notes: Outlook | None


async def outlooks(seller: SellerSettings, today: date, session: AsyncSession) -> Outlooks:
    own, notes = (chosen(seller, kind) for kind in InvoiceKind)
    return Outlooks(
        invoices=await _outlook(own, today, session),
        credit_notes=await _outlook(notes, today, session) if notes.template != own.template else None,
    )


async def _outlook(series: Series, today: date, session: AsyncSession) -> Outlook:
    place = await upcoming(series, today, session)
    begun = await _begun(series, today, session)
    return Outlook(number=place.number, first=begun[0].first if begun else series.first, has_begun=bool(begun))


async def take(place: Place, session: AsyncSession, now: datetime) -> None:
    """The number is spent in the running transaction. Whoever asks has made sure that it is still the next one."""
    row = await session.get(NumberSeries, place.prefix)
    if row is None:
        row = NumberSeries(
            prefix=place.prefix,
            series=place.series.template,
            year=place.year,
            first=place.sequence,
            next=place.sequence,
            newest=place.issued_on,
            begun_at=now,
        )
        session.add(row)
        await session.flush()
    row.next = place.sequence + 1
    row.newest = place.issued_on
    await session.flush()


async def faults(old: SellerSettings, wanted: Mapping[str, object], session: AsyncSession) -> list[Fault]:
    """Of the fields that are wanted otherwise: a start behind which there is a number already, whatever the year, and
    a template that would meet one that is in use.
    """
    begun = await _first_numbers(session)
    templates = {name: str(wanted.get(name, getattr(old, name))) for name in STARTS}
    found = []
    for name, start in STARTS.items():
        template, stored = templates[name], getattr(old, start)
        if template in begun and wanted.get(start, stored) not in (stored, begun[template]):
            found.append(Fault(f"#/{start}", "fixed", f"The series {template} has begun; its numbers go on."))
        if template and template != getattr(old, name):
            found += _meeting(name, template, {*begun, *templates.values()} - {""})
    return found


def _meeting(name: str, template: str, others: Iterable[str]) -> list[Fault]:
    met = sorted(other for other in others if other != template and meet(template, other))
    told = "Numbers of this series could be those of {}, which is in use; begin it otherwise."
    return [Fault(f"#/{name}", "series-meet", told.format(other)) for other in met[:1]]


async def starts(old: SellerSettings, wanted: Mapping[str, object], session: AsyncSession) -> dict[str, int]:
    """The start belongs to its series: another one begins at 1 where nobody says otherwise, or where it did before."""
    begun = await _first_numbers(session)
    others = {
        start: begun.get(str(wanted[name]), 1)
        for name, start in STARTS.items()
        if start not in wanted and wanted.get(name, getattr(old, name)) != getattr(old, name)
    }
    return {start: first for start, first in others.items() if first != getattr(old, start)}


async def _first_numbers(session: AsyncSession) -> dict[str, int]:
    """Every series that has begun, with the number it began with."""
    rows = await session.execute(select(NumberSeries.series, NumberSeries.first).order_by(NumberSeries.year.desc()))
    return {series: first for series, first in rows}
