"""Orders as the page gets them: say only what matters, the rest is a paid order without files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from db.invoices import InvoiceKind, Issuer
from db.orders import LineKind, State, VatMode
from portal.dossiers import Appearance, Dossier, LineFacts, SellerFacts
from portal.entitlements import BoughtLine, Entitlement, FileFacts, FileRules
from portal.greetings import DEFAULT_GREETING
from portal.invoices import InvoiceFacts, InvoiceRules
from portal.links import Link
from portal.orders import OrderFacts, PaymentFact

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 10, 26, 11, tzinfo=UTC)
PAID_AT = datetime(2026, 10, 25, 1, 31, tzinfo=UTC)
SELLER = SellerFacts(
    name="Nähwerk",
    email="hallo@naehwerk.example",
    phone="0221 555 01 42",
    imprint_url="https://naehwerk.example/impressum",
    privacy_url="https://naehwerk.example/datenschutz",
    terms_url="https://naehwerk.example/agb",
)


def an_order(*, total=3200, state=State.PAID, paid_at=PAID_AT, **facts) -> OrderFacts:
    known: dict[str, Any] = {"id": 1, "number": "3123456789", "ordered_at": PAID_AT, "currency": "EUR"}
    return OrderFacts(**known | {"total": total, "state": state, "paid_at": paid_at} | facts)


def an_open_order(*, due_in: int | None = None, **facts) -> OrderFacts:
    due_at = None if due_in is None else NOW + timedelta(days=due_in)
    return an_order(**{"total": 6480, "state": State.ORDERED, "paid_at": None, "due_at": due_at} | facts)


def a_payment(amount: int, **facts) -> PaymentFact:
    known: dict[str, Any] = {"amount": amount, "at": PAID_AT}
    return PaymentFact(**known | facts)


def a_line(title="Schnittmuster Wickeljacke „Bente“", *, amount=3200, **facts) -> LineFacts:
    known: dict[str, Any] = {
        "title": title,
        "sku": "PDF-BENTE",
        "kind": LineKind.ITEM,
        "quantity": Decimal(1),
        "unit": "",
        "unit_gross": amount,
        "line_gross": amount,
        "tax_rate": 1900,
        "is_digital": True,
    }
    return LineFacts(**known | facts)


def rules(**facts) -> FileRules:
    known: dict[str, Any] = {
        "enabled": True,
        "limit_per_file": None,
        "limit_times_quantity": False,
        "window_days": None,
    }
    return FileRules(zone=BERLIN, **known | facts)


def a_file(title="Bente – Druckbogen A4, Größen 34–52", *, name="Bente-A4.pdf", id=11, size=12_100_000, **facts):
    """One linked file; facts of the file, of the rules or of what was spent, by their own names."""
    of_file = {key: facts.pop(key) for key in ("missing", "unstampable", "linked_at") if key in facts}
    named = ("enabled", "limit_per_file", "limit_times_quantity", "window_days")
    of_rules = {key: facts.pop(key) for key in named if key in facts}
    seen: dict[str, Any] = {"id": id, "name": name, "title": title, "size": size, "linked_at": PAID_AT}
    file = FileFacts(**seen | of_file)
    known: dict[str, Any] = {"order": an_order(), "lines": (BoughtLine(quantity=Decimal(1)),)}
    return Entitlement(file=file, rules=rules(**of_rules), **known | facts)


def an_invoice(*, id=7, number="RE-2026-0415", kind=InvoiceKind.INVOICE, formats=("pdf",), **facts) -> InvoiceFacts:
    known: dict[str, Any] = {"issuer": Issuer.TRESEN, "issued_on": date(2026, 10, 25)}
    return InvoiceFacts(id=id, number=number, kind=kind, formats=tuple(formats), **known | facts)


OF_INVOICES = ("enabled", "auto_create", "window_days", "address_correction")


def a_dossier(order: OrderFacts | None = None, *, files=(), invoices=(), **facts) -> Dossier:
    order = order or an_order()
    of_invoices = {key: facts.pop(key) for key in OF_INVOICES if key in facts}
    known: dict[str, Any] = {
        "link": Link(order.id, 1),
        "source": "etsy",
        "external_id": order.number,
        "platform": "Etsy",
        "shop_name": "Nähwerk",
        "user_name": "Erika Mustermann",
        "buyer_email": "erika@example.org",
        "locale": "de-DE",
        "vat_mode": VatMode.STANDARD,
        "waivers": (),
        "waiver_question": None,
        "lines": (a_line(amount=order.total),),
        "seller": SELLER,
        "appearance": Appearance(greeting_html=DEFAULT_GREETING, accent_colour="#0b5e6e"),
        "zone": BERLIN,
    }
    allowed: dict[str, Any] = {"enabled": True, "auto_create": False, "window_days": None, "seller_complete": True}
    return Dossier(
        order=order,
        invoices=tuple(invoices),
        invoice_rules=InvoiceRules(**allowed | of_invoices, zone=BERLIN),
        entitlements=tuple(replace(file, order=order) for file in files),
        **known | facts,
    )
