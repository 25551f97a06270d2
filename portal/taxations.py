"""How issued documents were taxed, told to the tax adviser beside their sums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.invoices import Invoice, InvoiceKind, InvoiceSnapshot
from db.orders import Address, AddressRole, Order
from pdfkit.paper import TaxGroup


@dataclass(frozen=True, kw_only=True)
class Taxation:
    """What a tax adviser asks beside the sums; `taxes` by category and rate, negative for a credit note.

    Countries as ISO 3166 writes them; `destination` is where the goods went, empty where a document does not tell.
    """

    vat_id: str
    country: str
    destination: str
    taxes: tuple[TaxGroup, ...]


async def of(ids: Sequence[int], session: AsyncSession) -> Mapping[int, Taxation]:
    """As our own documents tell it; of others what the order says of its buyer."""
    snapshot = InvoiceSnapshot.content
    billing = select(Address.country).where(Address.order_id == Order.id, Address.role == AddressRole.BILLING)
    buyer = func.json_extract(snapshot, "$.paper.buyer.address.country")
    told = (
        select(
            Invoice.id,
            Invoice.kind,
            func.coalesce(func.json_extract(snapshot, "$.paper.buyer.vat_id"), Order.buyer_vat_id).label("vat_id"),
            func.coalesce(buyer, billing.scalar_subquery(), "").label("country"),
            func.coalesce(func.json_extract(snapshot, "$.paper.ship_to.country"), buyer, "").label("destination"),
            func.coalesce(func.json_extract(snapshot, "$.paper.taxes"), "[]").label("taxes"),
        )
        .join(Order, Order.id == Invoice.order_id)
        .outerjoin(InvoiceSnapshot)
        .where(Invoice.id.in_(ids))
    )
    return {
        row.id: Taxation(
            vat_id=row.vat_id,
            country=row.country,
            destination=row.destination,
            taxes=_signed(msgspec.json.decode(row.taxes, type=tuple[TaxGroup, ...]), row.kind),
        )
        for row in await session.execute(told)
    }


def _signed(taxes: Sequence[TaxGroup], kind: InvoiceKind) -> tuple[TaxGroup, ...]:
    sign = -1 if kind is InvoiceKind.CREDIT_NOTE else 1
    return tuple(msgspec.structs.replace(each, basis=sign * each.basis, tax=sign * each.tax) for each in taxes)
