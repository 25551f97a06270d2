"""Shopify's export of orders: one row for each line, everything else on the first row of a `Name`.

The file does not say whether prices include tax, nor which line bears which rate; its sums tell the one, and a single
`Tax 1 Name` the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from db.orders import LineKind, State
from db.payments import PaymentKind, PaymentStatus
from integrations.amounts import NO_RATE, currency_code, minor_units, quantity_text, rate_text
from integrations.fitting import fitted, shipping_title
from integrations.order_csv import words
from integrations.order_csv.groups import Group, Record
from portal.csv_findings import Code
from portal.csv_reading import Shop
from portal.imported import Buyer, ImportedLine, ImportedOrder, ImportedPayment, PostalAddress

NOTHING = Decimal(0)
RATE = re.compile(r"([0-9]{1,2}(?:[.,][0-9]{1,3})?) ?%")
RECEIVED = frozenset({"paid", "partially_refunded", "refunded"})
STATES = {
    "pending": State.ORDERED,
    "expired": State.ORDERED,
    "partially_paid": State.ORDERED,
    "authorized": State.CONFIRMED,
    "paid": State.PAID,
    "partially_refunded": State.PAID,
    "refunded": State.RETURNED,
    "voided": State.CANCELLED,
}


@dataclass(frozen=True, kw_only=True)
class Sums:
    """The order's own sums, in major units. `factor` makes a price of the file one with tax."""

    shipping: Decimal
    discount: Decimal
    total: Decimal
    factor: Decimal
    rate: str
    with_line_discounts: bool


def order(group: Group, shop: Shop) -> ImportedOrder | None:
    """None where something keeps it out; the group has the findings. Raises NotUnderstood."""
    first = group.first
    currency = currency_code(first.text("currency"), "Currency")
    sums = _sums(group)
    lines = [*_items(group, sums, currency), *_charges(sums, currency, shop.locale)]
    ordered_at = first.moment("created_at")
    if ordered_at is None:
        first.note("created_at", Code.MISSING)
    financial = first.text("financial_status").lower()
    state = _state(first, financial)
    paid_at = first.moment("paid_at") if financial in RECEIVED else None
    payments = list(_payments(first, minor_units(sums.total, currency), currency, paid_at or ordered_at))
    if group.is_kept_out or ordered_at is None:
        return None
    return fitted(
        ImportedOrder(
            number=group.key,
            platform="Shopify",
            shop_name=shop.name,
            state=state,
            ordered_at=ordered_at,
            paid_at=paid_at,
            shipped_at=first.moment("fulfilled_at"),
            currency=currency,
            prices_include_tax=sums.factor == 1,
            payment_method=words.method(first.text("payment_method")),
            locale=shop.locale,
            buyer=Buyer(
                name=first.text("billing_name") or first.text("shipping_name"),
                company=first.text("billing_company"),
                email=first.text("email"),
                phone=first.text("phone") or first.text("billing_phone"),
            ),
            billing=_address(first, "billing"),
            shipping=_address(first, "shipping"),
            lines=lines,
            total_gross=minor_units(sums.total, currency),
            payments=payments,
            tags=first.text("tags").split(","),
            note=first.text("notes"),
        )
    )


def _state(first: Record, financial: str) -> State:
    """A cancellation wins over everything; what was sent is more than paid."""
    if first.moment("cancelled_at"):
        return State.CANCELLED
    state = STATES.get(financial)
    if state is None:
        first.note("financial_status", Code.UNKNOWN_WORD)
    if state is State.PAID and first.text("fulfillment_status").lower() == "fulfilled":
        return State.SHIPPED
    return state or State.UNKNOWN


def _sums(group: Group) -> Sums:
    first = group.first
    shipping, discount, taxes = (first.amount(name) or NOTHING for name in ("shipping", "discount_amount", "taxes"))
    subtotal, total = first.amount("subtotal") or NOTHING, first.amount("total")
    if total is None:
        first.note("total", Code.MISSING)
        total = NOTHING
    rate = _rate(first)
    comes_on_top = bool(taxes) and subtotal + shipping + taxes == total
    full = sum((_price(row) for row in group.rows), NOTHING)
    of_lines = sum((row.amount("lineitem_discount") or NOTHING for row in group.rows), NOTHING)
    with_line_discounts = bool(of_lines) and full - discount != subtotal
    is_twice = (
        with_line_discounts and full - of_lines == subtotal
    )  # then the order's discount repeats those of its lines
    return Sums(
        shipping=shipping,
        discount=NOTHING if is_twice else discount,
        total=total,
        factor=1 + rate / 100 if comes_on_top else Decimal(1),
        rate=rate_text(rate),
        with_line_discounts=with_line_discounts,
    )


def _rate(first: Record) -> Decimal:
    """That of the one tax there is. Of two, nobody knows which line bears which."""
    if first.text("tax_2_name"):
        return NOTHING
    found = RATE.search(first.text("tax_1_name"))
    return Decimal(found[1].replace(",", ".")) if found else NOTHING


def _price(row: Record) -> Decimal:
    return (row.amount("lineitem_price") or NOTHING) * (row.amount("lineitem_quantity") or NOTHING)


def _items(group: Group, sums: Sums, currency: str) -> Iterator[ImportedLine]:
    for place, row in enumerate(group.rows, start=1):
        if not row.text("lineitem_name"):
            continue
        discount = row.amount("lineitem_discount") or NOTHING if sums.with_line_discounts else NOTHING
        is_taxed = row.truth("lineitem_taxable") is not False
        factor = sums.factor if is_taxed else Decimal(1)
        unit = minor_units((row.amount("lineitem_price") or NOTHING) * factor, currency)
        yield ImportedLine(
            id=str(place),
            title=row.text("lineitem_name"),
            sku=row.text("lineitem_sku"),
            quantity=quantity_text(row.amount("lineitem_quantity") or NOTHING),
            unit_gross=unit,
            line_gross=minor_units((_price(row) - discount) * factor, currency),
            discount_gross=minor_units(discount * factor, currency),
            tax_rate=sums.rate if is_taxed else NO_RATE,
            digital=_digital(row),
        )


def _digital(row: Record) -> bool | None:
    needs_shipping = row.truth("lineitem_requires_shipping")
    return None if needs_shipping is None else not needs_shipping


def _charges(sums: Sums, currency: str, locale: str) -> Iterator[ImportedLine]:
    if sums.shipping:
        yield ImportedLine(
            id="shipping",
            kind=LineKind.SHIPPING,
            title=shipping_title("", locale),
            line_gross=minor_units(sums.shipping * sums.factor, currency),
            tax_rate=sums.rate,
        )
    if sums.discount:
        yield ImportedLine(
            id="discount",
            kind=LineKind.DISCOUNT,
            title="Rabatt" if locale.lower().startswith("de") else "Discount",
            line_gross=minor_units(-sums.discount * sums.factor, currency),
            tax_rate=sums.rate,
        )


def _payments(first: Record, total: int, currency: str, at: datetime | None) -> Iterator[ImportedPayment]:
    if at is None:
        return
    amount, status = _received(first, total, currency)
    reference = first.text("payment_id") or first.text("payment_reference")
    if amount > 0:
        yield ImportedPayment(
            provider="shopify",
            transaction_id=reference or "order",
            amount=amount,
            currency=currency,
            status=status,
            at=at,
        )
    if refunded := first.money("refunded_amount", currency):
        yield ImportedPayment(
            provider="shopify",
            transaction_id="refunded-amount",
            amount=abs(refunded),
            currency=currency,
            kind=PaymentKind.REFUND,
            at=at,
        )


def _received(first: Record, total: int, currency: str) -> tuple[int, PaymentStatus]:
    """What came in, was only reserved, or was let go again."""
    match first.text("financial_status").lower():
        case "authorized":
            return total, PaymentStatus.AUTHORIZED
        case "voided":
            return total, PaymentStatus.FAILED
        case "partially_paid":
            open_amount = first.money("outstanding_balance", currency)
            return (0 if open_amount is None else total - open_amount), PaymentStatus.COMPLETED
        case financial:
            return (total if financial in RECEIVED else 0), PaymentStatus.COMPLETED


def _address(first: Record, side: str) -> PostalAddress | None:
    address = PostalAddress(
        name=first.text(f"{side}_name"),
        company=first.text(f"{side}_company"),
        line1=first.text(f"{side}_address1"),
        line2=first.text(f"{side}_address2"),
        zip=first.text(f"{side}_zip"),
        city=first.text(f"{side}_city"),
        region=first.text(f"{side}_province"),
        country=first.country(f"{side}_country"),
    )
    return None if address == PostalAddress(country=address.country) else address
