"""An order that nobody placed, to look at a portal page before there is a real one."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import LineKind, State, VatMode
from portal import dossiers, images, settings
from portal.dossiers import Appearance, Dossier, LineFacts
from portal.entitlements import BoughtLine, Entitlement, FileFacts, FileRules
from portal.invoices import InvoiceRules
from portal.links import NOBODY, Link
from portal.orders import OrderFacts

NUMBER, BUYER, TITLE = "3123456789", "Erika Mustermann", "Schnittmuster Wickeljacke „Bente“"
PRICE = 2490


async def dossier(session: AsyncSession, now: datetime, fixed_zone: ZoneInfo | None = None) -> Dossier:
    """Paid yesterday, with one file; everything but the order is the shop's own."""
    shop = await settings.all_settings(session, fixed_zone)
    bought = now - timedelta(days=1)
    order = OrderFacts(
        id=NOBODY, number=NUMBER, ordered_at=bought, currency="EUR", total=PRICE, state=State.PAID, paid_at=bought
    )
    return Dossier(
        order=order,
        link=Link(NOBODY, 1),
        source="",
        external_id=NUMBER,
        platform="Etsy",
        shop_name="",
        user_name=BUYER,
        buyer_email="",
        locale="",
        vat_mode=VatMode.STANDARD,
        lines=(_line(),),
        invoices=(),
        invoice_rules=InvoiceRules(
            enabled=shop.invoices.download_enabled,
            auto_create=False,
            window_days=shop.invoices.window_days,
            seller_complete=False,
            zone=shop.zone,
        ),
        entitlements=(_file(order, shop),),
        waivers=(),
        waiver_question=None,
        seller=dossiers.seller_facts(shop.seller),
        appearance=Appearance(
            greeting_html=shop.appearance.greeting_html,
            accent_colour=shop.appearance.accent_colour,
            image=images.shown(shop.image) if shop.image else None,
        ),
        zone=shop.zone,
    )


def _line() -> LineFacts:
    return LineFacts(
        title=TITLE,
        sku="PDF-BENTE",
        kind=LineKind.ITEM,
        quantity=Decimal(1),
        unit="",
        unit_gross=PRICE,
        line_gross=PRICE,
        tax_rate=1900,
        is_digital=True,
    )


def _file(order: OrderFacts, shop: settings.AllSettings) -> Entitlement:
    return Entitlement(
        file=FileFacts(id=NOBODY, name="Bente-A4.pdf", title=TITLE, size=8_400_000, linked_at=order.ordered_at),
        rules=FileRules(
            enabled=shop.files.download_enabled,
            limit_per_file=shop.files.limit_per_file,
            limit_times_quantity=shop.files.limit_times_quantity,
            window_days=shop.files.window_days,
            zone=shop.zone,
        ),
        order=order,
        lines=(BoughtLine(quantity=Decimal(1)),),
    )
