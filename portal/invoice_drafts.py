"""Everything an invoice is made from, read at one moment, with the mark by which it is known whether it still holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.base import columns
from db.images import Image
from db.invoices import Invoice, InvoiceKind, InvoiceSnapshot, Issuer
from db.orders import Address, Line, LineKind, Order
from db.settings import InvoiceTextSettings, SellerSettings
from pdfkit.paper import Reference
from portal import (
    billing_addresses,
    credit_notes,
    dossiers,
    entitled,
    invoices,
    number_series,
    order_facts,
    settings,
    snapshots,
    supplies,
)
from portal.credit_notes import NewCreditNote
from portal.invoice_lines import NotIssued
from portal.invoices import InvoiceRules
from portal.number_series import Series
from portal.orders import OrderFacts
from portal.refusals import Conflict, NotFound, Refusal, Refused
from portal.settings import AllSettings, missing_seller_fields
from portal.snapshots import Bought, Snapshot
from portal.supplies import Way
from portal.windows import local_day


@dataclass(frozen=True)
class Mark:
    """While both stand, a draft is what would be drafted now.

    `order` counts every change of the order; `shop` is the SHA-256 of what a draft reads of settings and links, so that
    nothing else that happens in the shop is in its way.
    """

    order: int
    shop: str


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A document without number and day. `generation` is that of an invoice, `refers_to` and `is_complete` are of a
    credit note. `given_back` is what of the invoice's amount was refunded already, in minor units.
    """

    order_id: int
    kind: InvoiceKind
    snapshot: Snapshot
    series: Series
    mark: Mark
    today: date
    generation: int | None = None
    refers_to: int | None = None
    is_complete: bool = False
    given_back: int = 0


@dataclass(frozen=True)
class Existing:
    """The invoice that stands already."""

    invoice_id: int


async def standing(order_id: int, session: AsyncSession) -> Existing | None:
    """One look, for all who click again."""
    taken_back = select(Invoice.cancels_id).where(Invoice.order_id == order_id, Invoice.cancels_id.is_not(None))
    found = select(func.max(Invoice.id)).where(
        Invoice.order_id == order_id, Invoice.kind == InvoiceKind.INVOICE, Invoice.id.not_in(taken_back)
    )
    newest = await session.scalar(found)
    return Existing(newest) if newest else None


@dataclass(frozen=True)
class Moment:
    """Now, on the merchant's clock."""

    now: datetime
    zone: ZoneInfo


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Whose invoice is wanted, and when. The customer's click finds the one that stands; a merchant wants a new one."""

    order_id: int
    is_by_hand: bool
    at: datetime


async def of_invoice(wish: Wish, session: AsyncSession, fixed_zone: ZoneInfo | None) -> Draft | Existing:
    """Raises Refused by the rule, NotIssued where the order does not give what a document needs, NotFound."""
    order_id = wish.order_id
    if not wish.is_by_hand and (found := await standing(order_id, session)):
        return found
    row = await session.get(Order, order_id)
    if row is None:
        raise NotFound
    shop = await settings.all_settings(session, fixed_zone)
    facts = (await order_facts.of([row], shop.general.paid_rule, session))[row.id]
    if why := await _refusal(wish, facts, dossiers.invoice_rules(shop), session):
        raise _worded(why, shop.seller)
    series = _fit(number_series.chosen(shop.seller, InvoiceKind.INVOICE), "invoice_series")
    bought = await _bought(row, facts, Moment(wish.at, shop.zone), session)
    snapshot = snapshots.of_order(bought, await _issuer(shop, session))
    before = await session.scalar(
        select(func.max(Invoice.generation)).where(Invoice.order_id == order_id, Invoice.issuer == Issuer.TRESEN)
    )
    return Draft(
        order_id=order_id,
        kind=InvoiceKind.INVOICE,
        snapshot=snapshot,
        series=series,
        mark=await mark(order_id, session, fixed_zone),
        today=local_day(wish.at, shop.zone),
        generation=(before or 0) + 1,
        given_back=facts.refunded_sum or (0 if before else facts.credit_notes),
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
    shop = await settings.all_settings(session, fixed_zone)
    if missing := missing_seller_fields(shop.seller):
        raise NotIssued(Refusal.SELLER_INCOMPLETE, " ".join(missing))
    return Draft(
        order_id=invoice.order_id,
        kind=InvoiceKind.CREDIT_NOTE,
        snapshot=snapshots.issued_by(await _issuer(shop, session), taken.snapshot),
        series=_fit(number_series.chosen(shop.seller, InvoiceKind.CREDIT_NOTE), "credit_note_series"),
        mark=await mark(invoice.order_id, session, fixed_zone),
        today=local_day(now, shop.zone),
        refers_to=invoice_id,
        is_complete=taken.is_complete,
    )


async def credit_notes_of(invoice_id: int, session: AsyncSession) -> int:
    """How many there are."""
    return (await session.scalars(select(func.count()).where(Invoice.refers_to == invoice_id))).one()


async def mark(order_id: int, session: AsyncSession, fixed_zone: ZoneInfo | None) -> Mark:
    shop = await settings.all_settings(session, fixed_zone)
    texts = await settings.of(InvoiceTextSettings, session)
    skus = set(await session.scalars(select(Line.sku).where(Line.order_id == order_id, Line.sku != "")))
    read = (
        columns(shop.seller),
        columns(texts),
        shop.appearance.accent_colour,
        shop.image.sha256 if shop.image else "",
        shop.zone.key,
        shop.general.paid_rule,
        (shop.invoices.download_enabled, shop.invoices.auto_create),
        sorted(await entitled.links(skus, session)),
    )
    version = (await session.scalars(select(Order.version).where(Order.id == order_id))).one()
    return Mark(order=version, shop=hashlib.sha256(msgspec.json.encode(read)).hexdigest())


async def _refusal(wish: Wish, facts: OrderFacts, rules: InvoiceRules, session: AsyncSession) -> Refusal | None:
    documents = await dossiers.issued(wish.order_id, session)
    if wish.is_by_hand:
        return invoices.refusal_by_hand(facts, documents, rules)
    return invoices.creation_refusal(facts, invoices.issued(documents), rules)


def _worded(why: Refusal, seller: SellerSettings) -> Refused:
    """The merchant wants to know what of their data is missing."""
    if why is Refusal.SELLER_INCOMPLETE:
        return NotIssued(why, " ".join(missing_seller_fields(seller)))
    return NotIssued(why) if why is Refusal.AMOUNTS_INCONSISTENT else Refused(why)


def _fit(series: Series, field: str) -> Series:
    """What was stored before its signs were limited is the merchant's to mend, not the order's."""
    if not number_series.is_fit(series.template):
        raise NotIssued(Refusal.SELLER_INCOMPLETE, field)
    return series


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


async def _issuer(shop: AllSettings, session: AsyncSession) -> snapshots.Issuer:
    return snapshots.Issuer(
        settings=shop.seller,
        texts=await settings.of(InvoiceTextSettings, session),
        accent=shop.appearance.accent_colour.lower(),
        logo=await _logo(shop.appearance.image, session),
        zone=shop.zone,
    )


async def _logo(image_id: int | None, session: AsyncSession) -> bytes:
    """As it was uploaded, whatever its size: where it is drawn, it is first made as small as print can show."""
    if image_id is None:
        return b""
    return await session.scalar(select(Image.content).where(Image.id == image_id)) or b""


async def _bought(row: Order, facts: OrderFacts, moment: Moment, session: AsyncSession) -> Bought:
    lines = list(await session.scalars(select(Line).where(Line.order_id == row.id).order_by(Line.position)))
    with_files = await entitled.links({line.sku for line in lines if line.sku}, session)
    are_files = [
        line.sku in with_files if line.digital is None else line.digital for line in lines if line.kind is LineKind.ITEM
    ]
    return Bought(
        row=row,
        facts=facts,
        lines=lines,
        addresses=list(await session.scalars(select(Address).where(Address.order_id == row.id))),
        correction=await billing_addresses.newest_correction(row.id, session),
        way=Way(
            has_files=any(are_files),
            has_goods=not all(are_files) or not are_files,
            sent_on=supplies.sent_on((row.shipped_at, row.delivered_at), moment.now, moment.zone),
        ),
    )
