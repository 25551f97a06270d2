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
from portal.doctor.finding import Finding, note, ok, wrong
from portal.number_series import DIGITS, MOST_AHEAD

BATCH = 50
LAST_SIGN = "\U0010ffff"
MOST_NAMED = 5
FROM_BACKUP = "Keep the database as it is, and take these documents from the last backup in which they are whole."
ASK = "Keep the database as it is, compare it with the last backups, and tell your tax adviser what is missing."
CLOCK = "Put the clock right; if it is right, choose another number series, and tell your tax adviser of these days."


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
        return wrong("documents", f"{named(changed)} no longer have the SHA-256 they were stored with", FROM_BACKUP)
    if torn:
        return wrong("documents", f"a part of {named(torn)} is missing", FROM_BACKUP)
    return ok("documents", f"{count} stored documents have the SHA-256 they were stored with")


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
            yield wrong("numbers", f"{named(stray)} belong to no series", ASK)
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
    about = f"numbers {row.prefix}"
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
        return wrong(about, f"{named([str(number) for number in missing])} missing", ASK)
    if len(taken) + len(skipped) != row.next - row.first:
        return wrong(about, f"{len(taken)} documents for {row.next - row.first} numbers", ASK)
    if backwards := [after for (_, day), (after, later) in pairwise(taken) if later < day]:
        return wrong(about, f"the day runs backwards at {named([str(number) for number in backwards])}", ASK)
    if ahead := [number for number, day in taken if day > latest]:
        return wrong(about, f"the day of {named([str(number) for number in ahead])} has not come yet", CLOCK)
    if skipped:
        told = f"{row.first} to {row.next - 1}, {min(skipped)} to {max(skipped)} skipped on record after a restore"
        return ok(about, told)
    return ok(about, f"{row.first} to {row.next - 1}, none missing")


async def restored(session: AsyncSession, now: datetime) -> Finding | None:
    """Numbers that may come a second time, as long as nobody has skipped them."""
    found = await number_gaps.restored(session, now)
    if found is None:
        return None
    told = f"restored from a backup on {found.at:%Y-%m-%d}; what {named(found.prefixes)} gave out later is not here"
    return note("restored", told, "Find the last number that customers hold, and skip up to it: POST /number-gaps.")


def named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
