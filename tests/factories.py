"""Facts for tests: each factory says only what matters, and leaves everything else ordinary.

An ordinary order is one of 20,00 EUR, ordered by a consumer on 1 November 2026, unpaid, alive.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from db.invoices import InvoiceKind, Issuer
from db.orders import State
from db.payments import PaymentKind, PaymentStatus
from portal.activity import By
from portal.entitlements import BoughtLine, Entitlement, FileFacts, FileRules, FileWaiver
from portal.imported import Buyer, ImportedLine, ImportedOrder, ImportedPayment
from portal.invoices import InvoiceFacts, InvoiceRules
from portal.orders import OrderFacts, PaymentFact

BERLIN = ZoneInfo("Europe/Berlin")
ORDERED = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)
NOON = datetime(2026, 12, 1, 11, 0, tzinfo=UTC)  # 12:00 in Berlin
DAY = timedelta(days=1)
SHOP = By("key:shop", NOON)
KEYS = ("a key of sixteen letters or more",)


def berlin(year: int, month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    """That time on the merchant's clock."""
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


def received(amount: int, status: PaymentStatus = PaymentStatus.COMPLETED, at: datetime = ORDERED) -> PaymentFact:
    return PaymentFact(amount=amount, status=status, at=at)


def refunded(amount: int, status: PaymentStatus = PaymentStatus.COMPLETED, at: datetime = NOON) -> PaymentFact:
    return PaymentFact(kind=PaymentKind.REFUND, amount=amount, status=status, at=at)


def an_order(*, paid: bool = False, **facts: Any) -> OrderFacts:
    ordinary = OrderFacts(id=1, number="12345678", state=State.ORDERED, ordered_at=ORDERED, total=2000)
    return replace(ordinary, **{"paid_at": ORDERED if paid else None, **facts})


def a_file(**facts: Any) -> FileFacts:
    ordinary = FileFacts(id=7, name="bente.pdf", title="Schnittmuster Bente", size=1000, linked_at=ORDERED)
    return replace(ordinary, **facts)


def file_rules(**rules: Any) -> FileRules:
    """Files may be had, without limit and without end."""
    free = FileRules(enabled=True, limit_per_file=None, limit_times_quantity=False, window_days=None, zone=BERLIN)
    return replace(free, **rules)


def a_bought_line(quantity: str = "1", refunded_quantity: str = "0") -> BoughtLine:
    return BoughtLine(quantity=Decimal(quantity), refunded_quantity=Decimal(refunded_quantity))


def an_entitlement(
    *,
    order: OrderFacts | None = None,
    file: FileFacts | None = None,
    downloaded: int = 0,
    waiver_missing: bool = False,
    **facts: Any,
) -> Entitlement:
    """A file of a paid order. `limit`, `times_quantity`, `window`, `enabled` are the merchant's rules."""
    names = {
        "limit": "limit_per_file",
        "times_quantity": "limit_times_quantity",
        "window": "window_days",
        "enabled": "enabled",
    }
    rules = {names[name]: facts.pop(name) for name in list(facts) if name in names}
    ordinary = Entitlement(
        order=order or an_order(paid=True),
        file=file or a_file(),
        rules=file_rules(**rules),
        lines=(a_bought_line(),),
        spent=downloaded,
        waiver=FileWaiver(unlocks_on=date(2099, 1, 1)) if waiver_missing else None,
    )
    return replace(ordinary, **facts)


def an_invoice(issued_on: date = date(2026, 12, 1), **facts: Any) -> InvoiceFacts:
    ordinary = InvoiceFacts(
        id=3,
        number="RE-2026-0001",
        kind=InvoiceKind.INVOICE,
        issuer=Issuer.ELSEWHERE,
        issued_on=issued_on,
        formats=("pdf",),
    )
    return replace(ordinary, **facts)


def invoice_rules(**rules: Any) -> InvoiceRules:
    """Invoices may be had without end, and are created when asked for."""
    free = InvoiceRules(enabled=True, auto_create=True, window_days=None, seller_complete=True, zone=BERLIN)
    return replace(free, **rules)


def a_line(**fields: Any) -> ImportedLine:
    ordinary = {"id": "1", "title": "Schnittmuster Bente", "sku": "BENTE", "line_gross": 2000, "tax_rate": "19.00"}
    return ImportedLine(**{**ordinary, **fields})


def an_imported_order(**fields: Any) -> ImportedOrder:
    """As a source sends it: one line of 20,00 EUR, or the lines given; the total follows."""
    lines = fields.pop("lines", None) or [a_line()]
    ordinary = {
        "number": "12345678",
        "state": State.ORDERED,
        "ordered_at": ORDERED,
        "currency": "EUR",
        "buyer": Buyer(name="Max Mustermann"),
        "lines": lines,
        "total_gross": sum(line.line_gross for line in lines),
    }
    return ImportedOrder(**{**ordinary, **fields})


def an_imported_payment(amount: int = 2000, **fields: Any) -> ImportedPayment:
    ordinary = {"provider": "paypal", "transaction_id": "8AB1", "amount": amount, "currency": "EUR", "at": ORDERED}
    return ImportedPayment(**{**ordinary, **fields})
