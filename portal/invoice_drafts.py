"""Everything an invoice is made from, read at one moment, with the mark by which it is known whether it still holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.images import Image
from db.invoices import Invoice, InvoiceKind, InvoiceSnapshot, Issuer
from db.orders import Address, Line, LineKind, Order
from db.settings import AppearanceSettings, InvoiceTextSettings, SellerSettings
from db.versions import ShopVersion
from pdfkit.paper import Reference
from portal import billing_addresses, credit_notes, dossiers, invoices, number_series, settings, snapshots
from portal.credit_notes import NewCreditNote
from portal.dossiers import Dossier
from portal.invoice_lines import NotIssued
from portal.number_series import Series
from portal.refusals import Conflict, NotFound, Refusal, Refused
from portal.settings import missing_seller_fields
from portal.snapshots import Bought, Snapshot
from portal.supplies import Way
from portal.windows import local_day

LARGEST_LOGO = 200_000  # bytes: what is larger would make every invoice heavy


@dataclass(frozen=True)
class Mark:
    """Counted by the database with every change: while both stand, a draft is what would be drafted now."""

    order: int
    shop: int


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A document without number and day. `generation` is that of an invoice, the other two are of a credit note."""

    order_id: int
    kind: InvoiceKind
    snapshot: Snapshot
    series: Series
    mark: Mark
    today: date
    generation: int | None = None
    refers_to: int | None = None
    is_complete: bool = False


@dataclass(frozen=True)
class Existing:
    """The invoice that stands already."""

    invoice_id: int


async def of_invoice(
    order_id: int, session: AsyncSession, now: datetime, fixed_zone: ZoneInfo | None
) -> Draft | Existing:
    """Raises Refused by the rule, NotIssued where the order does not give what a document needs, NotFound."""
    dossier = await dossiers.of(order_id, session, fixed_zone)
    if standing := [each for each in dossier.invoices if each.stands]:
        return Existing(standing[-1].id)
    if why := invoices.creation_refusal(dossier.order, 0, dossier.invoice_rules):
        raise _worded(why, await settings.of(SellerSettings, session))
    row = await session.get_one(Order, order_id)
    issuer = await _issuer(dossier.zone, session)
    snapshot = snapshots.of_order(await _bought(row, dossier, session), issuer)
    before = await session.scalar(
        select(func.max(Invoice.generation)).where(Invoice.order_id == order_id, Invoice.issuer == Issuer.TRESEN)
    )
    return Draft(
        order_id=order_id,
        kind=InvoiceKind.INVOICE,
        snapshot=snapshot,
        series=number_series.chosen(issuer.settings, InvoiceKind.INVOICE),
        mark=await mark(order_id, session),
        today=local_day(now, dossier.zone),
        generation=(before or 0) + 1,
    )


async def of_credit_note(
    invoice_id: int, wanted: NewCreditNote, session: AsyncSession, now: datetime, fixed_zone: ZoneInfo | None
) -> Draft:
    """Raises NotFound, Conflict for what cannot be taken back (again), Invalid for its lines, NotIssued."""
    invoice = await _own_invoice(invoice_id, session)
    stored = await session.get_one(InvoiceSnapshot, invoice_id)
    notes = await session.scalars(
        select(InvoiceSnapshot.content).join(Invoice).where(Invoice.refers_to == invoice_id).order_by(Invoice.id)
    )
    taken = credit_notes.taken_back(
        snapshots.restored(stored.content),
        [snapshots.restored(content) for content in notes],
        wanted,
        Reference(invoice.number, invoice.issued_on),
    )
    general = await settings.all_settings(session, fixed_zone)
    issuer = await _issuer(general.zone, session)
    if missing := missing_seller_fields(issuer.settings):
        raise NotIssued(Refusal.SELLER_INCOMPLETE, " ".join(missing))
    return Draft(
        order_id=invoice.order_id,
        kind=InvoiceKind.CREDIT_NOTE,
        snapshot=snapshots.issued_by(issuer, taken.snapshot),
        series=number_series.chosen(issuer.settings, InvoiceKind.CREDIT_NOTE),
        mark=await mark(invoice.order_id, session),
        today=local_day(now, general.zone),
        refers_to=invoice_id,
        is_complete=taken.is_complete,
    )


async def mark(order_id: int, session: AsyncSession) -> Mark:
    shop = select(ShopVersion.version).scalar_subquery()
    return Mark(*(await session.execute(select(Order.version, shop).where(Order.id == order_id))).one())


def _worded(why: Refusal, seller: SellerSettings) -> Refused:
    """The merchant wants to know what of their data is missing."""
    if why is Refusal.SELLER_INCOMPLETE:
        return NotIssued(why, " ".join(missing_seller_fields(seller)))
    return NotIssued(why) if why is Refusal.AMOUNTS_INCONSISTENT else Refused(why)


async def _own_invoice(invoice_id: int, session: AsyncSession) -> Invoice:
    invoice = await session.get(Invoice, invoice_id)
    if invoice is None:
        raise NotFound
    if invoice.issuer is not Issuer.TRESEN:
        raise Conflict(f"{invoice.number} was issued elsewhere, and is taken back there.")
    if invoice.kind is not InvoiceKind.INVOICE:
        raise Conflict(f"{invoice.number} is a credit note already.")
    if await session.scalar(select(Invoice.id).where(Invoice.cancels_id == invoice_id)):
        raise Conflict(f"Nothing is left of {invoice.number}: it was taken back already.")
    return invoice


async def _issuer(zone: ZoneInfo, session: AsyncSession) -> snapshots.Issuer:
    appearance = await settings.of(AppearanceSettings, session)
    return snapshots.Issuer(
        settings=await settings.of(SellerSettings, session),
        texts=await settings.of(InvoiceTextSettings, session),
        accent=appearance.accent_colour.lower(),
        logo=await _logo(appearance.image, session),
        zone=zone,
    )


async def _logo(image_id: int | None, session: AsyncSession) -> bytes:
    if image_id is None:
        return b""
    small = select(Image.content).where(Image.id == image_id, func.length(Image.content) <= LARGEST_LOGO)
    return await session.scalar(small) or b""


async def _bought(row: Order, dossier: Dossier, session: AsyncSession) -> Bought:
    lines = list(await session.scalars(select(Line).where(Line.order_id == row.id).order_by(Line.position)))
    items = [each.is_digital for each in dossier.lines if each.kind is LineKind.ITEM]
    return Bought(
        row=row,
        facts=dossier.order,
        lines=lines,
        addresses=list(await session.scalars(select(Address).where(Address.order_id == row.id))),
        correction=await billing_addresses.newest_correction(row.id, session),
        way=Way(
            has_files=any(items),
            has_goods=not all(items) or not items,
            shipped_at=row.shipped_at,
            delivered_at=row.delivered_at,
        ),
    )
