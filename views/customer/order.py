"""The portal page: what was bought, how it stands, and what is to be had."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from markupsafe import Markup

from portal import greetings
from portal.dossiers import Dossier
from portal.windows import local_day
from views import View, theme
from views.customer.banner import Banner, Waiting, banner
from views.customer.downloads import DownloadsSection
from views.customer.invoices import InvoiceSection
from views.customer.payments import PaymentSection
from views.customer.receipt import Receipt
from views.customer.shop_sign import ShopSign
from views.customer.waivers import SILENT, Asking
from views.flashes import Flash
from views.format import Reference
from views.seller import Seller

LONG_GREETING = 260  # characters: more pushes the banner below the first screen of a phone


@dataclass(frozen=True, kw_only=True)
class OrderPage(View):
    """`greeting` is None for the preset text, which exists in every language; `due` in minor units."""

    template: ClassVar = "customer/order.html"

    path: str
    theme_url: str
    seller: Seller
    sign: ShopSign | None
    flash: Flash | None
    greeting: Markup | None
    greeting_is_long: bool
    user_name: str
    number: Reference
    bought_on: date
    platform: str
    shop_name: str
    order_state: str
    payment_state: str
    due: int
    currency: str
    banner: Banner
    receipt: Receipt
    invoice: InvoiceSection
    downloads: DownloadsSection | None
    payment: PaymentSection | None

    @staticmethod
    def of(
        dossier: Dossier, now: datetime, *, token: str, flash: Flash | None = None, asking: Asking = SILENT
    ) -> OrderPage:
        """`token` is that of the portal link; `flash` tells why a deed was just refused."""
        order, path = dossier.order, f"/o/{token}"
        greeting = _greeting(dossier)
        invoice = InvoiceSection.of(dossier, now, path, asking.address)
        downloads = DownloadsSection.of(dossier, now, path, asking)
        payment = PaymentSection.of(dossier, path)
        return OrderPage(
            path=path,
            theme_url=theme.address(dossier.appearance.accent_colour),
            seller=Seller.of(dossier.seller, dossier.shop_name),
            sign=ShopSign.of(dossier.appearance.image),
            flash=flash,
            greeting=greeting,
            greeting_is_long=greeting is not None and len(greeting.striptags()) > LONG_GREETING,
            user_name=dossier.user_name,
            number=Reference(order.number),
            bought_on=local_day(order.ordered_at, dossier.zone),
            platform=dossier.platform,
            shop_name=dossier.shop_name,
            order_state=order.state,
            payment_state=order.payment_state,
            due=order.due,
            currency=order.currency,
            banner=banner(dossier, _waiting(dossier, invoice, downloads, payment), now),
            receipt=Receipt.of(dossier),
            invoice=invoice,
            downloads=downloads,
            payment=payment,
        )


def _greeting(dossier: Dossier) -> Markup | None:
    template = dossier.appearance.greeting_html
    if template == greetings.DEFAULT_GREETING:
        return None
    values = {
        "UserName": dossier.user_name,
        "OrderNumber": dossier.order.number,
        "Platform": dossier.platform or dossier.shop_name,
    }
    return Markup(greetings.fill(template, values))  # noqa: S704 (fill sanitises)


def _waiting(
    dossier: Dossier,
    invoice: InvoiceSection,
    downloads: DownloadsSection | None,
    payment: PaymentSection | None,
) -> Waiting:
    return Waiting(
        files=len(downloads.rows) if downloads else 0,
        ready=downloads.ready if downloads else 0,
        invoice=dossier.invoice_number,
        has_invoice=bool(dossier.invoice_number) and not invoice.refusal,
        may_pay=payment is not None and not payment.refusal,
    )
