"""Everything about one order that its page, the API and the deeds ask for, gathered in a few statements."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from db.orders import LineKind, VatMode
from portal.entitlements import Entitlement
from portal.invoices import InvoiceFacts, InvoiceRules
from portal.links import Link
from portal.orders import OrderFacts


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
    """`greeting_html` is sanitised and still holds its placeholders."""

    greeting_html: str
    accent_colour: str


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """One order with all that stands around it."""

    order: OrderFacts
    link: Link
    version: str
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
    seller: SellerFacts
    appearance: Appearance
    zone: ZoneInfo
