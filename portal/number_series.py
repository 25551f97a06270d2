"""The numbers of invoices: one row after the other in each series, no gap, no date before the one before."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.invoices import Invoice, InvoiceKind, NumberSeries
from db.settings import SellerSettings
from portal.refusals import Fault

YEAR = "{year}"
DIGITS = 5  # RE-2026-00001; a longer number just is longer
# What every font, bank, file name and accounting program takes as it is, with the year at most once.
TEMPLATE = r"^[A-Za-z0-9/._-]*(\{year\}[A-Za-z0-9/._-]*)?$"
LONGEST_TEMPLATE = 40


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


def chosen(seller: SellerSettings, kind: InvoiceKind) -> Series:
    """Credit notes are numbered with the invoices unless they have a series of their own."""
    if kind is InvoiceKind.CREDIT_NOTE and seller.credit_note_series not in ("", seller.invoice_series):
        return Series(template=seller.credit_note_series, first=seller.credit_note_start)
    return Series(template=seller.invoice_series, first=seller.invoice_start)


async def upcoming(series: Series, today: date, session: AsyncSession) -> Place:
    """The place that the next document takes. Where a clock went back, it bears the day of the newest one instead."""
    issued = select(func.max(Invoice.issued_on)).where(Invoice.series == series.template)
    newest = await session.scalar(issued)
    day = max(today, newest) if newest else today
    row = await session.get(NumberSeries, series.prefix(day.year))
    return Place(series=series, sequence=row.next if row else series.first, issued_on=day)


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
    return Outlook(number=place.number, first=series.first, has_begun=await _has_begun(series.template, session))


async def _has_begun(template: str, session: AsyncSession) -> bool:
    begun = select(NumberSeries.prefix).where(NumberSeries.series == template).limit(1)
    return await session.scalar(begun) is not None


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
            begun_at=now,
        )
        session.add(row)
        await session.flush()
    row.next = place.sequence + 1
    await session.flush()


async def faults(old: SellerSettings, wanted: dict[str, object], session: AsyncSession) -> list[Fault]:
    """A start is fixed as soon as there is a number behind it, for every year of that series."""
    found = []
    for series, start in (("invoice_series", "invoice_start"), ("credit_note_series", "credit_note_start")):
        template = wanted.get(series, getattr(old, series))
        if start not in wanted or wanted[start] == getattr(old, start):
            continue
        if await _has_begun(str(template), session):
            found.append(Fault(f"#/{start}", "fixed", f"The series {template} has begun; its numbers go on."))
    return found
