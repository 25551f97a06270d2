"""The chain of a number series: each document is sealed together with the one before it.

Whoever changes a document, its sum and its row together breaks its seal, and whoever writes that anew breaks the next
one. That the end of a chain was not cut off or written anew, nobody can prove from inside: whoever noted the last seal
can.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.invoices import DocumentFormat, Invoice, InvoiceDocument, InvoiceSeal, InvoiceSnapshot
from portal.number_series import Place

FORMS = tuple(DocumentFormat)  # in the order in which they are sealed
BEFORE_THE_FIRST = ""


@dataclass(frozen=True, kw_only=True)
class Sealed:
    """What a seal is set on: the row, the SHA-256 of each document by its form, and that of the snapshot."""

    number: str
    issued_on: date
    total_gross: int
    currency: str
    documents: Mapping[DocumentFormat, str]
    snapshot: str


def seal(previous: str, sealed: Sealed) -> str:
    """SHA-256, in hexadecimal, of lines: the previous seal, number, day, total in minor units, currency, the sums.

    `previous` is empty for the first one; so is the line of a form that the document does not have.
    """
    lines = (
        previous,
        sealed.number,
        sealed.issued_on.isoformat(),
        str(sealed.total_gross),
        sealed.currency,
        *(sealed.documents.get(form, "") for form in FORMS),
        sealed.snapshot,
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def sealed(row: Invoice, parts: Iterable[InvoiceDocument | InvoiceSnapshot]) -> Sealed:
    """Of the rows as they are stored."""
    documents, snapshot = {}, ""
    for part in parts:
        if isinstance(part, InvoiceDocument):
            documents[part.format] = part.sha256
        else:
            snapshot = hashlib.sha256(part.content.encode()).hexdigest()
    return Sealed(
        number=row.number,
        issued_on=row.issued_on,
        total_gross=row.total_gross,
        currency=row.currency,
        documents=documents,
        snapshot=snapshot,
    )


async def set_on(
    row: Invoice, parts: Iterable[InvoiceDocument | InvoiceSnapshot], place: Place, session: AsyncSession
) -> None:
    """In the transaction that stores the document at that place."""
    last = select(InvoiceSeal.seal).where(InvoiceSeal.prefix == place.prefix)
    previous = await session.scalar(last.order_by(InvoiceSeal.sequence.desc()).limit(1))
    session.add(
        InvoiceSeal(
            invoice_id=row.id,
            prefix=place.prefix,
            sequence=place.sequence,
            seal=seal(previous or BEFORE_THE_FIRST, sealed(row, parts)),
        )
    )
