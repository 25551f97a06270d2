"""Whether issued documents are still what they were, and whether their numbers follow one another without a gap."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import ColumnElement, LargeBinary, cast, exists, func, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from db.engine import Reading
from db.invoices import DocumentFormat, Invoice, InvoiceDocument, InvoiceSnapshot, Issuer, NumberSeries
from portal import number_gaps
from portal.doctor.finding import Finding, note, ok, phrase, wrong
from portal.number_series import DIGITS, MOST_AHEAD

BATCH = 50
LAST_SIGN = "\U0010ffff"
MOST_NAMED = 5
FROM_BACKUP = phrase(
    "Keep the database as it is, and take these documents from the last backup in which they are whole."
)
ASK = phrase("Keep the database as it is, compare it with the last backups, and tell your tax adviser what is missing.")
CLOCK = phrase(
    "Put the clock right; if it is right, choose another number series, and tell your tax adviser of these days."
)
DOCUMENTS, NUMBERS = phrase("documents"), phrase("numbers")


class _Stored(NamedTuple):
    """One document; the bytes are read as bytes, whatever somebody may have put there."""

    invoice_id: int
    form: DocumentFormat
    number: str
    content: bytes
    sha256: str


async def hashes(reading: Reading) -> Finding:
    """The SHA-256 of every stored document, recomputed; and whether any own document lacks a part."""
    count, changed, last = 0, list[str](), (0, "")
    while batch := await _batch(last, reading):
        for each in batch:
            found = await asyncio.to_thread(hashlib.sha256, each.content)
            if found.hexdigest() != each.sha256:
                changed.append(f"{each.number} ({each.form.name})")
        count += len(batch)
        last = (batch[-1].invoice_id, batch[-1].form)
    async with reading() as session:
        torn = await _torn(session)
    if changed:
        told = phrase("%(names)s no longer have the SHA-256 they were stored with", names=named(changed))
        return wrong(DOCUMENTS, told, FROM_BACKUP)
    if torn:
        return wrong(DOCUMENTS, phrase("a part of %(names)s is missing", names=named(torn)), FROM_BACKUP)
    return ok(DOCUMENTS, phrase("%(count)s stored documents have the SHA-256 they were stored with", count=count))


async def _batch(last: tuple[int, str], reading: Reading) -> Sequence[_Stored]:
    document = InvoiceDocument
    wanted = select(
        document.invoice_id, document.format, Invoice.number, cast(document.content, LargeBinary), document.sha256
    ).join(Invoice, Invoice.id == document.invoice_id)
    wanted = wanted.where(tuple_(document.invoice_id, document.format) > tuple_(*last))
    async with reading() as session:
        found = await session.execute(wanted.order_by(document.invoice_id, document.format).limit(BATCH))
        return [_Stored(*row) for row in found]


async def _torn(session: AsyncSession) -> list[str]:
    """Own documents without PDF, XML or snapshot, and foreign ones without PDF."""
    found = await session.scalars(
        select(Invoice.number)
        .where(~_has(DocumentFormat.PDF) | ((Invoice.issuer == Issuer.TRESEN) & ~(_has(DocumentFormat.XML) & _kept())))
        .order_by(Invoice.id)
        .limit(MOST_NAMED + 1)
    )
    return list(found)


def _has(form: DocumentFormat) -> ColumnElement[bool]:
    return exists().where(InvoiceDocument.invoice_id == Invoice.id, InvoiceDocument.format == form)


def _kept() -> ColumnElement[bool]:
    return exists().where(InvoiceSnapshot.invoice_id == Invoice.id)


async def series(reading: Reading, now: datetime) -> AsyncIterator[Finding]:
    """Each prefix on its own: from its first number to the one before the next, all there, no day behind or ahead.

    What belongs to a prefix is told by the number alone: two templates may have come to the same prefix once.
    """
    async with reading() as session:
        known = list(await session.scalars(select(NumberSeries).order_by(NumberSeries.prefix)))
        if stray := await _stray(session):
            yield wrong(NUMBERS, phrase("%(names)s belong to no series", names=named(stray)), ASK)
        if not known and not stray:
            yield ok(NUMBERS, phrase("none given out yet"))
    for each in known:
        async with reading() as session:
            yield await _of_series(each, session, (now + MOST_AHEAD).date())


async def _stray(session: AsyncSession) -> list[str]:
    """Own documents that no series counts."""
    counted = exists().where(Invoice.number == _number(NumberSeries.prefix))
    found = await session.scalars(
        select(Invoice.number).where(Invoice.issuer == Issuer.TRESEN, ~counted).limit(MOST_NAMED + 1)
    )
    return list(found)


def _number(prefix: InstrumentedAttribute[str] | ColumnElement[str]) -> ColumnElement[str]:
    """What a document of that prefix is called by its place in the series."""
    return prefix + func.printf(f"%0{DIGITS}d", Invoice.sequence)


async def _of_series(row: NumberSeries, session: AsyncSession, latest: date) -> Finding:
    about = phrase("numbers %(prefix)s", prefix=row.prefix)
    rows = await session.execute(
        select(Invoice.sequence, Invoice.issued_on)
        .where(Invoice.number.between(row.prefix, f"{row.prefix}{LAST_SIGN}"), Invoice.issuer == Issuer.TRESEN)
        .where(Invoice.number == _number(literal(row.prefix)))
        .order_by(Invoice.sequence)
    )
    taken = [(sequence, day) for sequence, day in rows if sequence is not None]
    there = {sequence for sequence, _ in taken}
    skipped = await number_gaps.documented(row.prefix, session) - there
    missing = [number for number in range(row.first, row.next) if number not in there | skipped]
    if missing:
        return wrong(about, phrase("%(numbers)s missing", numbers=named(missing)), ASK)
    if len(taken) + len(skipped) != row.next - row.first:
        told = phrase("%(count)s documents for %(numbers)s numbers", count=len(taken), numbers=row.next - row.first)
        return wrong(about, told, ASK)
    if backwards := [after for (_, day), (after, later) in pairwise(taken) if later < day]:
        return wrong(about, phrase("the day runs backwards at %(numbers)s", numbers=named(backwards)), ASK)
    if ahead := [number for number, day in taken if day > latest]:
        return wrong(about, phrase("the day of %(numbers)s has not come yet", numbers=named(ahead)), CLOCK)
    if skipped:
        told = phrase(
            "%(first)s to %(last)s, %(from)s to %(to)s skipped on record after a restore",
            **{"first": row.first, "last": row.next - 1, "from": min(skipped), "to": max(skipped)},
        )
        return ok(about, told)
    if row.next == row.first:
        return ok(about, phrase("none given out yet"))
    return ok(about, phrase("%(first)s to %(last)s, none missing", first=row.first, last=row.next - 1))


async def restored(session: AsyncSession, now: datetime) -> Finding | None:
    """Numbers that may come a second time, as long as nobody has skipped them."""
    found = await number_gaps.restored(session, now)
    if found is None:
        return None
    told = phrase(
        "restored from a backup on %(day)s; what %(prefixes)s gave out later is not here",
        day=f"{found.at:%Y-%m-%d}",
        prefixes=named(found.prefixes),
    )
    advice = phrase("Find the last number that customers hold, and skip up to it: POST /number-gaps.")
    return note(phrase("restored"), told, advice)


def named(names: Sequence[object]) -> str:
    """In every language: the first of them, and a sign where there are more."""
    more = ", …" if len(names) > MOST_NAMED else ""
    return ", ".join(str(name) for name in names[:MOST_NAMED]) + more
