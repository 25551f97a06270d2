"""Everything about one order that its page, the API and the deeds ask for, gathered in a few statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.invoices import Invoice, InvoiceDocument, InvoiceKind
from db.orders import Line, LineKind, Order, VatMode
from db.settings import SellerSettings
from db.sources import Source
from portal import billing_addresses, entitled, images, invoice_notices, order_facts, payment_facts, waivers
from portal.billing_addresses import BillingAddress
from portal.entitlements import Entitlement
from portal.images import ShownImage
from portal.imported import decimal
from portal.invoices import InvoiceFacts, InvoiceRules
from portal.links import Link
from portal.orders import OrderFacts
from portal.payment_facts import NOT_PAYING, Paying
from portal.refusals import NotFound, Refusal
from portal.settings import AllSettings, all_settings, missing_seller_fields
from portal.waivers import GivenWaiver, Question


@dataclass(frozen=True, kw_only=True)
class LineFacts:
    """One position as the customer reads it. `tax_rate` in basis points, amounts in minor units."""

    title: str
    sku: str
    kind: LineKind
    quantity: Decimal
    unit: str
    unit_gross: int | None
    line_gross: int
    tax_rate: int
    is_digital: bool


@dataclass(frozen=True, kw_only=True)
class SellerFacts:
    """Who sells, and where to reach them. Texts are empty where the merchant gave none."""

    name: str
    email: str
    phone: str
    imprint_url: str
    privacy_url: str
    terms_url: str


@dataclass(frozen=True, kw_only=True)
class Appearance:
    """`greeting_html` is sanitised and still holds its placeholders; `image` is the banner or logo, if there is one."""

    greeting_html: str
    accent_colour: str
    image: ShownImage | None = None


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """One order with all that stands around it; `billing` where the merchant lets customers correct it.

    `invoice_waits_for` is what the merchant has to mend before there can be an invoice, if that was found out.
    """

    order: OrderFacts
    link: Link
    source: str
    external_id: str
    platform: str
    shop_name: str
    user_name: str
    buyer_email: str
    locale: str
    vat_mode: VatMode
    lines: tuple[LineFacts, ...]
    invoices: tuple[InvoiceFacts, ...]
    invoice_rules: InvoiceRules
    entitlements: tuple[Entitlement, ...]
    waivers: tuple[GivenWaiver, ...]
    waiver_question: Question | None
    seller: SellerFacts
    appearance: Appearance
    zone: ZoneInfo
    billing: BillingAddress | None = None
    invoice_waits_for: Refusal | None = None
    paying: Paying = NOT_PAYING

    @property
    def invoice_number(self) -> str:
        """That of the newest invoice; empty as long as there is none."""
        numbers = [invoice.number for invoice in self.invoices if invoice.kind is InvoiceKind.INVOICE]
        return numbers[-1] if numbers else ""


async def of(order_id: int, session: AsyncSession, fixed_zone: ZoneInfo | None = None) -> Dossier:
    """Everything about one order. Raises NotFound."""
    found = (await session.execute(select(Order, Source.name).join(Source).where(Order.id == order_id))).one_or_none()
    if found is None:
        raise NotFound
    order, source = found
    settings = await all_settings(session, fixed_zone)
    lines = list(await session.scalars(select(Line).where(Line.order_id == order.id).order_by(Line.position)))
    invoices = await issued(order.id, session)
    facts = (await order_facts.of([order], settings.general.paid_rule, session))[order.id]
    waived = await waivers.of(order, facts, settings, session)
    entitlements = await entitled.of(facts, lines, waived, settings, session)
    with_files = {sku for entitlement in entitlements for sku in entitlement.skus}
    return Dossier(
        order=facts,
        link=Link(order.id, order.link_version),
        source=source,
        external_id=order.external_id,
        platform=order.platform,
        shop_name=order.shop_name,
        user_name=order.buyer_name or order.buyer_company,
        buyer_email=order.buyer_email,
        locale=order.locale,
        vat_mode=order.vat_mode,
        lines=tuple(_line(line, line.sku in with_files) for line in lines),
        invoices=tuple(invoices),
        invoice_rules=invoice_rules(settings),
        entitlements=tuple(entitlements),
        waivers=waived.given,
        waiver_question=waivers.question(waived, lines, with_files, settings.files.waiver_text),
        seller=seller_facts(settings.seller),
        appearance=_appearance(settings),
        zone=settings.zone,
        billing=await billing_addresses.of_order(order.id, session) if settings.invoices.address_correction else None,
        invoice_waits_for=await invoice_notices.waiting_for(order.id, session),
        paying=await payment_facts.of(facts, settings.seller, session),
    )


def _appearance(settings: AllSettings) -> Appearance:
    return Appearance(
        greeting_html=settings.appearance.greeting_html,
        accent_colour=settings.appearance.accent_colour,
        image=images.shown(settings.image) if settings.image else None,
    )


async def issued(order_id: int, session: AsyncSession) -> list[InvoiceFacts]:
    """Issued documents, oldest first."""
    forms = func.group_concat(InvoiceDocument.format, " ")
    found = await session.execute(
        select(Invoice, forms)
        .join(InvoiceDocument)
        .where(Invoice.order_id == order_id)
        .group_by(Invoice.id)
        .order_by(Invoice.issued_on, Invoice.id)
    )
    rows = found.all()
    return [_invoice(invoice, formats, [each for each, _ in rows]) for invoice, formats in rows]


def _invoice(row: Invoice, formats: str, all_of_them: Sequence[Invoice]) -> InvoiceFacts:
    """A credit note that takes back all at once is a cancellation, any other one a correction, as they are titled."""
    same = {name: getattr(row, name) for name in "id number kind issuer issued_on".split()}
    is_first = all(each.id >= row.id for each in all_of_them if each.refers_to == row.refers_to)
    return InvoiceFacts(
        **same,
        formats=tuple(formats.split()),
        is_cancelled=any(each.cancels_id == row.id for each in all_of_them),
        is_correction=row.refers_to is not None and not (row.cancels_id is not None and is_first),
    )


def invoice_rules(settings: AllSettings) -> InvoiceRules:
    return InvoiceRules(
        enabled=settings.invoices.download_enabled,
        auto_create=settings.invoices.auto_create,
        window_days=settings.invoices.window_days,
        seller_complete=not missing_seller_fields(settings.seller),
        address_correction=settings.invoices.address_correction,
        zone=settings.zone,
    )


def _line(line: Line, has_file: bool) -> LineFacts:
    return LineFacts(
        title=line.title,
        sku=line.sku,
        kind=line.kind,
        quantity=decimal(line.quantity),
        unit=line.unit,
        unit_gross=line.unit_gross,
        line_gross=line.line_gross,
        tax_rate=line.tax_rate,
        is_digital=has_file if line.digital is None else line.digital,
    )


def seller_facts(row: SellerSettings) -> SellerFacts:
    names = "name email phone imprint_url privacy_url terms_url"
    return SellerFacts(**{name: getattr(row, name) for name in names.split()})
