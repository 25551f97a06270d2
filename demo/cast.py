"""The demo's shop, its articles, and its customers in every situation that the portal knows so far."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec.structs import replace

from db.orders import LineKind, PaymentMethod, State
from db.payment_providers import PayMethod, ProviderKind
from db.payments import PaymentKind
from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET
from portal.articles import ArticleBody, FileLink
from portal.imported import Buyer, ImportedLine, ImportedOrder, ImportedPayment, PostalAddress, ShopWaiver
from portal.payment_providers import NewProvider
from portal.settings import AppearanceChange, FilesChange, InvoicesChange, SellerChange

MERCHANT = "jana@naehwerk.example"
STORAGE = "Schnittmuster"
INVOICE = "Rechnung-Beispiel.pdf"
BANNER = "Naehwerk-Banner.png"
SHEET, GUIDE, EXTRAS = "Bente-Druckbogen-A4.pdf", "Bente-Naehanleitung.pdf", "Reissverschluss-Grundkurs.zip"

APPEARANCE = AppearanceChange(accent_colour="#0b5e6e")
INVOICES = InvoicesChange(auto_create=True, address_correction=True)
FILES = FilesChange(
    limit_per_file=5,
    window_days=60,
    waiver_required=True,
    watermark_text="Kauf {OrderNumber} vom {OrderDate} - {UserName}",
)
SELLER = SellerChange(
    name="Nähwerk, Inh. Jana Voss",
    street="Fadengasse 12",
    zip="50667",
    city="Köln",
    country="DE",
    vat_id="DE123456788",
    invoice_series="NW-{year}-",
    email="hallo@naehwerk.example",
    phone="0221 555 01 42",
    iban="DE02120300000000202051",
    bic="BYLADEM1001",
    bank_name="Deutsche Kreditbank Berlin",
    imprint_url="https://naehwerk.example/impressum",
    privacy_url="https://naehwerk.example/datenschutz",
    terms_url="https://naehwerk.example/agb",
)
# At the stand-in for PayPal, which knows this one app.
PROVIDERS = (
    NewProvider(
        name="PayPal",
        kind=ProviderKind.PAYPAL,
        active=True,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        sandbox=True,
    ),
    NewProvider(
        name="PayPal Plus",
        kind=ProviderKind.PAYPAL_PLUS,
        active=True,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        sandbox=True,
        methods=[PayMethod.PAYLATER, PayMethod.SEPA, PayMethod.CARD],
    ),
    NewProvider(name="Überweisung", kind=ProviderKind.BANK_TRANSFER, active=True),
)
ARTICLES = {
    "PDF-BENTE": ArticleBody(
        title="Schnittmuster Wickeljacke „Bente“",
        files=[
            FileLink(storage=STORAGE, path=SHEET, title="Bente – Druckbogen A4, Größen 34–52"),
            FileLink(storage=STORAGE, path=GUIDE, title="Bente – Nähanleitung mit Bildern"),
        ],
    ),
    "ZIP-GRUNDKURS": ArticleBody(
        title="Grundkurs „Reißverschluss einnähen“",
        files=[FileLink(storage=STORAGE, path=EXTRAS, title="Grundkurs „Reißverschluss einnähen“")],
    ),
}


@dataclass(frozen=True, kw_only=True)
class Scene:
    """One order and, where it has one from elsewhere, the number and age in days of its invoice.

    `taken_back` is why an invoice of our own was issued and cancelled again; empty where none was.
    """

    title: str
    external_id: str
    order: ImportedOrder
    invoice: str = ""
    invoice_age: int = 0
    taken_back: str = ""


def scenes(now: datetime) -> list[Scene]:
    """Every situation once; times count from `now`."""
    return [
        Scene(
            title="paid: invoice and stamped files",
            external_id="3123456789",
            order=_order(now, "3123456789", State.PAID, paid=6500),
            invoice="RE-2026-0415",
            invoice_age=2,
        ),
        Scene(
            title="paid: the invoice is made on the click",
            external_id="10433",
            order=_order(now, "NW-10433", State.PAID, paid=6500),
        ),
        Scene(
            title="open, due in nine days: pay it",
            external_id="10427",
            order=_order(now, "NW-10427", State.ORDERED, due_in=9, method=PaymentMethod.INVOICE),
            invoice="RE-2026-0422",
            invoice_age=3,
        ),
        Scene(
            title="overdue",
            external_id="10391",
            order=_order(now, "NW-10391", State.SHIPPED, due_in=-3, method=PaymentMethod.INVOICE),
        ),
        Scene(
            title="partly paid", external_id="10430", order=_order(now, "NW-10430", State.ORDERED, paid=2000, due_in=5)
        ),
        Scene(
            title="cancelled, with its invoice",
            external_id="10402",
            order=_order(now, "NW-10402", State.CANCELLED, paid=6500),
            invoice="RE-2026-0402",
            invoice_age=12,
        ),
        Scene(
            title="refunded", external_id="10410", order=_order(now, "NW-10410", State.PAID, paid=6500, refunded=6500)
        ),
        Scene(
            title="paid, asks for consent before the files",
            external_id="3123456791",
            order=replace(_order(now, "3123456791", State.PAID, paid=6500), waiver=None),
        ),
        Scene(
            title="in English",
            external_id="3123456790",
            order=_order(now, "3123456790", State.PAID, paid=6500, locale="en-GB"),
        ),
        Scene(
            title="paid: an invoice that was cancelled, and room for the right one",
            external_id="3123456792",
            order=_order(now, "3123456792", State.PAID, paid=6500),
            taken_back="Rechnungsanschrift war falsch",
        ),
    ]


def _order(  # noqa: PLR0913 (the knobs of a scene)
    now: datetime,
    number: str,
    state: State,
    *,
    paid: int = 0,
    refunded: int = 0,
    due_in: int | None = None,
    method: PaymentMethod = PaymentMethod.PAYPAL,
    locale: str = "de-DE",
) -> ImportedOrder:
    ordered = (now - timedelta(days=4)).replace(minute=0, second=0, microsecond=0)
    buyer = "Emily Carter" if locale.startswith("en") else "Erika Mustermann"
    return ImportedOrder(
        number=number,
        platform="Etsy" if number.isdigit() else "Shop",
        shop_name="Nähwerk",
        state=state,
        ordered_at=ordered,
        updated_at=ordered,
        due_at=None if due_in is None else now + timedelta(days=due_in),
        currency="EUR",
        payment_method=method,
        locale=locale,
        buyer=Buyer(name=buyer, email="erika@example.org"),
        billing=PostalAddress(name=buyer, line1="Heidestraße 17", zip="51147", city="Köln", country="DE"),
        waiver=ShopWaiver(accepted=True, at=ordered),
        lines=_lines(),
        total_gross=6500,
        payments=[
            _payment(number, kind, amount, ordered)
            for kind, amount in ((PaymentKind.PAYMENT, paid), (PaymentKind.REFUND, refunded))
            if amount
        ],
    )


def _lines() -> list[ImportedLine]:
    return [
        ImportedLine(
            id="1", title="Schnittmuster Wickeljacke „Bente“ (PDF)", sku="PDF-BENTE", line_gross=1290, tax_rate="19.00"
        ),
        ImportedLine(
            id="2", title="Grundkurs „Reißverschluss einnähen“", sku="ZIP-GRUNDKURS", line_gross=2400, tax_rate="19.00"
        ),
        ImportedLine(
            id="3",
            title="Webetiketten „handgemacht“, 20 Stück",
            sku="ETI-20",
            quantity="2",
            unit_gross=1230,
            line_gross=2460,
            tax_rate="19.00",
            digital=False,
        ),
        ImportedLine(id="v", kind=LineKind.SHIPPING, title="Versand", line_gross=350, tax_rate="19.00"),
    ]


def _payment(number: str, kind: PaymentKind, amount: int, at: datetime) -> ImportedPayment:
    return ImportedPayment(
        provider="paypal", transaction_id=f"{number}-{kind.value}", amount=amount, currency="EUR", kind=kind, at=at
    )
