"""The order as a source sends it: the canonical shape, strict to the field."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Annotated

import msgspec
from babel.numbers import list_currencies
from msgspec import Meta, Struct

from db.orders import BuyerKind, LineKind, OrderKind, PaymentMethod, State, TaxCategory, VatMode
from db.payments import PaymentKind, PaymentStatus
from portal.refusals import Fault

SUM_ALONE = "paid-amount"  # the transaction of a source that knows how much came in, but not by which payments
AMOUNT_LIMIT = 10**15  # keeps every sum of 500 lines inside SQLite's and JSON's safe integers
Instant = Annotated[datetime, Meta(tz=True)]
Amount = Annotated[int, Meta(ge=-AMOUNT_LIMIT, le=AMOUNT_LIMIT)]
PositiveAmount = Annotated[int, Meta(ge=0, le=AMOUNT_LIMIT)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(max_length=10_000)]
Short = Annotated[str, Meta(max_length=500)]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]
Locale = Annotated[str, Meta(pattern="^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", max_length=35)]
Quantity = Annotated[str, Meta(pattern=r"^-?[0-9]{1,9}(\.[0-9]{1,6})?$")]
Rate = Annotated[str, Meta(pattern=r"^[0-9]{1,2}(\.[0-9]{1,2})?$|^100(\.0{1,2})?$")]


# Those of an order itself; a waiver and each payment have one `at`. `updated_at` is no content.
INSTANTS = ("ordered_at", "confirmed_at", "paid_at", "shipped_at", "delivered_at", "due_at", "archived_at")
AT = ("at",)


class Strict(Struct, kw_only=True, forbid_unknown_fields=True, frozen=True):
    pass


class Buyer(Strict, kw_only=True, frozen=True):
    name: Text = ""
    company: Text = ""
    email: Short = ""
    phone: Short = ""
    vat_id: Short = ""
    customer_number: Short = ""
    reference: Short = ""
    kind: BuyerKind = BuyerKind.CONSUMER


class PostalAddress(Strict, kw_only=True, frozen=True):
    name: Text = ""
    company: Text = ""
    line1: Short = ""
    line2: Short = ""
    zip: Short = ""
    city: Short = ""
    region: Short = ""
    country: Annotated[str, Meta(pattern="^([A-Z]{2})?$")] = ""


class ShopWaiver(Strict, kw_only=True, frozen=True):
    accepted: bool
    at: Instant | None = None
    text: Text | None = None


class SourceInvoice(Strict, kw_only=True, frozen=True):
    number: Name
    date: date


class ImportedLine(Strict, kw_only=True, frozen=True):
    id: Name
    kind: LineKind = LineKind.ITEM
    title: Text
    sku: Short = ""
    quantity: Quantity = "1"
    unit: Short = ""
    unit_gross: Amount | None = None
    line_gross: Amount
    discount_gross: Amount = 0
    tax_rate: Rate
    tax_category: TaxCategory = TaxCategory.STANDARD
    digital: bool | None = None
    refunded_quantity: Quantity = "0"


class ImportedPayment(Strict, kw_only=True, frozen=True):
    provider: Name
    transaction_id: Name
    amount: PositiveAmount
    currency: Currency
    kind: PaymentKind = PaymentKind.PAYMENT
    status: PaymentStatus = PaymentStatus.COMPLETED
    at: Instant


class ImportedOrder(Strict, kw_only=True, frozen=True):
    """Field by field what `PUT /api/v1/orders/{source}/{external_id}` takes."""

    number: Name
    platform: Short = ""
    shop_name: Short = ""
    kind: OrderKind = OrderKind.ORDER
    state: State
    ordered_at: Instant
    confirmed_at: Instant | None = None
    paid_at: Instant | None = None
    shipped_at: Instant | None = None
    delivered_at: Instant | None = None
    due_at: Instant | None = None
    archived_at: Instant | None = None
    updated_at: Instant | None = None
    dunning_level: Annotated[int, Meta(ge=0, le=3)] = 0
    currency: Currency
    prices_include_tax: bool = True
    vat_mode: VatMode = VatMode.STANDARD
    payment_method: PaymentMethod | None = None
    locale: Locale = "de-DE"
    buyer: Buyer = Buyer()
    billing: PostalAddress | None = None
    shipping: PostalAddress | None = None
    waiver: ShopWaiver | None = None
    lines: Annotated[list[ImportedLine], Meta(max_length=500)]
    total_gross: Amount
    payments: Annotated[list[ImportedPayment], Meta(max_length=500)] = []
    invoice: SourceInvoice | None = None
    refers_to: Name | None = None
    tags: Annotated[list[Name], Meta(max_length=100)] = []
    note: Text = ""
    custom: Annotated[dict[str, Text], Meta(max_length=100)] = {}


class BatchOrder(ImportedOrder, kw_only=True, frozen=True):
    """A line of a batch says itself which order it is."""

    source: Annotated[str, Meta(pattern="^[a-z0-9-]{1,64}$")]
    external_id: Name


def faults(order: ImportedOrder) -> list[Fault]:
    """What no single field can know: sums, repeated ids, one currency, signs."""
    return [*_wrong_sums(order), *_repeated(order), *_wrong_currencies(order), *_wrong_signs(order)]


def amounts_consistent(order: ImportedOrder) -> bool:
    return sum(line.line_gross for line in order.lines) == order.total_gross


def _wrong_sums(order: ImportedOrder) -> list[Fault]:
    if amounts_consistent(order):
        return []
    total = sum(line.line_gross for line in order.lines)
    return [
        Fault("#/total_gross", "sum-mismatch", f"The lines add up to {total}, total_gross says {order.total_gross}.")
    ]


def _repeated(order: ImportedOrder) -> list[Fault]:
    found: list[Fault] = []
    lines: set[str] = set()
    for place, line in enumerate(order.lines):
        if line.id in lines:
            found.append(Fault(f"#/lines/{place}/id", "repeated", f"Another line has the id {line.id!r} already."))
        lines.add(line.id)
    payments: set[tuple[str, str, str]] = set()
    for place, payment in enumerate(order.payments):
        key = (payment.provider, payment.transaction_id, payment.kind)
        if key in payments:
            found.append(Fault(f"#/payments/{place}/transaction_id", "repeated", "This payment is listed twice."))
        payments.add(key)
    return found


def _wrong_currencies(order: ImportedOrder) -> list[Fault]:
    if order.currency not in _currencies():
        return [Fault("#/currency", "unknown-currency", f"{order.currency} is no ISO 4217 currency.")]
    return [
        Fault(f"#/payments/{place}/currency", "other-currency", f"The order is in {order.currency}.")
        for place, payment in enumerate(order.payments)
        if payment.currency != order.currency
    ]


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def _wrong_signs(order: ImportedOrder) -> list[Fault]:
    if order.kind is OrderKind.ORDER and order.total_gross < 0:
        return [Fault("#/total_gross", "negative", 'An order cannot be negative; send it with kind "credit".')]
    if order.kind is OrderKind.CREDIT and order.total_gross > 0:
        return [Fault("#/total_gross", "positive", "A credit has a negative total.")]
    return []


def decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal(0)


def basis_points(rate: str) -> int:
    """`"19.00"` → 1900."""
    return int(Decimal(rate) * 100)


def canonical(order: ImportedOrder) -> bytes:
    """The same bytes for the same content, whatever order and defaults the sender used; the clock left out."""
    content = msgspec.to_builtins(order, builtin_types=(datetime,))
    for name in ("updated_at", "source", "external_id"):
        content.pop(name, None)
    _put_in_utc(content, INSTANTS)
    if content["waiver"]:
        _put_in_utc(content["waiver"], AT)
    for payment in content["payments"]:
        _put_in_utc(payment, AT)
    return msgspec.json.encode(content, order="deterministic")


def _put_in_utc(told: dict[str, object], names: Iterable[str]) -> None:
    """The same instant is the same content, whatever offset it was told with."""
    for name in names:
        value = told[name]
        if isinstance(value, datetime) and value.tzinfo is not UTC:
            told[name] = value.astimezone(UTC)


def email_key(email: str) -> str:
    """A mail address as it is compared: nobody has two that differ in capitals alone."""
    return email.strip().lower()
