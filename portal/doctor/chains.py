"""Whether each own document is sealed with the one before it, and whether none is gone that the history tells of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from db.activity import Activity
from db.engine import Reading
from db.invoices import Invoice, InvoiceDocument, InvoiceSeal, InvoiceSnapshot, Issuer
from portal import seals
from portal.doctor.finding import Finding, ok, phrase, wrong
from portal.doctor.papers import ASK, MOST_NAMED, named
from portal.seals import BEFORE_THE_FIRST

ABOUT = phrase("seals")
BATCH = 200
SHOWN = 12  # signs of a seal that tell two apart
ISSUED = ("invoice_created", "credit_note_created")


@dataclass
class Chain:
    """How far the seals of one prefix have been followed."""

    prefix: str
    last: str = BEFORE_THE_FIRST
    number: str = ""
    sequence: int = -1
    count: int = 0
    broken: list[str] = field(default_factory=list)

    @property
    def end(self) -> str:
        return f"{self.number} {self.last[:SHOWN]}"


async def chains(reading: Reading) -> Finding:
    """Every seal, recomputed from the rows and sums as they are stored; the documents' own sums are looked at apart."""
    async with reading() as session:
        gone, loose = await _gone(session), await _loose(session)
        prefixes = list(await session.scalars(select(InvoiceSeal.prefix).distinct().order_by(InvoiceSeal.prefix)))
    followed = [await _followed(Chain(prefix), reading) for prefix in prefixes]
    if gone:
        return wrong(ABOUT, phrase("%(names)s were issued and are not there any more", names=named(gone)), ASK)
    if loose:
        return wrong(ABOUT, phrase("%(names)s bear no seal", names=named(loose)), ASK)
    if broken := [number for chain in followed for number in chain.broken]:
        told = phrase("%(names)s, or what came before, are not what was sealed", names=named(broken))
        return wrong(ABOUT, told, ASK)
    if not followed:
        return ok(ABOUT, phrase("no own document yet"))
    count, ends = sum(chain.count for chain in followed), "; ".join(chain.end for chain in followed)
    told = phrase(
        "%(count)s own documents, each sealed with the one before it; the last seals are %(ends)s",
        count=count,
        ends=ends,
    )
    return ok(ABOUT, told)


async def _gone(session: AsyncSession) -> list[str]:
    """Numbers that the history tells of, without the document."""
    told = Activity.details["invoice"].as_integer()
    missing = ~select(Invoice.id).where(Invoice.id == told).exists()
    number = func.coalesce(Activity.details["number"].as_string(), "")
    found = select(number).where(Activity.kind.in_(ISSUED), told.is_not(None), missing)
    return list(await session.scalars(found.order_by(Activity.id).limit(MOST_NAMED + 1)))


async def _loose(session: AsyncSession) -> list[str]:
    sealed = select(InvoiceSeal.invoice_id).where(InvoiceSeal.invoice_id == Invoice.id).exists()
    found = select(Invoice.number).where(Invoice.issuer == Issuer.TRESEN, ~sealed)
    return list(await session.scalars(found.order_by(Invoice.id).limit(MOST_NAMED + 1)))


async def _followed(chain: Chain, reading: Reading) -> Chain:
    while True:
        async with reading() as session:
            links = await _links(chain, session)
        for seal, sealed in links:
            if seal.seal != seals.seal(chain.last, sealed):
                chain.broken.append(sealed.number)
            chain.last, chain.number, chain.sequence = seal.seal, sealed.number, seal.sequence
        chain.count += len(links)
        if len(links) < BATCH:
            return chain


async def _links(chain: Chain, session: AsyncSession) -> Sequence[tuple[InvoiceSeal, seals.Sealed]]:
    wanted = select(InvoiceSeal, Invoice).join(Invoice, Invoice.id == InvoiceSeal.invoice_id)
    wanted = wanted.where(InvoiceSeal.prefix == chain.prefix, InvoiceSeal.sequence > chain.sequence)
    rows = (await session.execute(wanted.order_by(InvoiceSeal.sequence).limit(BATCH))).all()
    ids = [invoice.id for _, invoice in rows]
    parts: dict[int, list[InvoiceDocument | InvoiceSnapshot]] = defaultdict(list)
    documents = select(InvoiceDocument).options(defer(InvoiceDocument.content))
    for document in await session.scalars(documents.where(InvoiceDocument.invoice_id.in_(ids))):
        parts[document.invoice_id].append(document)
    for snapshot in await session.scalars(select(InvoiceSnapshot).where(InvoiceSnapshot.invoice_id.in_(ids))):
        parts[snapshot.invoice_id].append(snapshot)
    return [(seal, seals.sealed(invoice, parts[invoice.id])) for seal, invoice in rows]
