"""Tresen's own format: one row for each line, amounts with tax, what concerns the whole order on its first row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from db.orders import LineKind, OrderKind, State
from integrations.amounts import NO_RATE, is_currency, minor_units, quantity_text, rate_text
from integrations.fitting import fitted, shipping_title
from integrations.order_csv import words
from integrations.order_csv.groups import Group, Record
from integrations.order_csv.mappings import OWN
from portal.csv_findings import Code
from portal.csv_reading import Shop
from portal.imported import Buyer, ImportedLine, ImportedOrder, ImportedPayment, PostalAddress, ShopWaiver

OF_A_LINE = frozenset("position kind sku title quantity unit_gross line_gross tax_rate digital".split())
OF_THE_ORDER = tuple(name for name in OWN.names if name not in OF_A_LINE and name != "order_id")
MAKES_A_LINE = ("title", "sku", "unit_gross", "line_gross")
ANY_CURRENCY = "EUR"  # to go on reading with: the order is kept out by then


def order(group: Group, shop: Shop) -> ImportedOrder | None:
    """None where something keeps it out; the group has the findings. Raises NotUnderstood."""
    first = group.first
    _look_for_contradictions(group)
    currency = _currency(first)
    locale = _locale(first, shop)
    lines = [*_lines(group, currency), *_charges(first, currency, locale)]
    if not lines and not group.is_kept_out:
        group.note(first.line, "title", Code.NO_LINE)
    total = first.money("total_gross", currency)
    total = sum(line.line_gross for line in lines) if total is None else total
    ordered_at, paid_at = first.moment("order_date"), first.moment("paid_date")
    if ordered_at is None:
        first.note("order_date", Code.MISSING)
    state = first.word("status", words.STATES) or (State.PAID if paid_at else State.ORDERED)
    buyer, addresses = _buyer(first), (_address(first, "billing"), _address(first, "shipping"))
    payments = list(_payments(first, currency, paid_at or ordered_at))
    waiver, updated_at = first.truth("waiver"), first.moment("updated_at")
    if group.is_kept_out or ordered_at is None:
        return None
    return fitted(
        ImportedOrder(
            number=first.text("order_number") or group.key,
            platform=first.text("platform"),
            shop_name=first.text("shop") or shop.name,
            kind=OrderKind.CREDIT if total < 0 else OrderKind.ORDER,
            state=state,
            ordered_at=ordered_at,
            paid_at=paid_at,
            updated_at=updated_at,
            currency=currency,
            payment_method=words.method(first.text("payment_method")),
            locale=locale,
            buyer=buyer,
            billing=addresses[0],
            shipping=addresses[1],
            waiver=ShopWaiver(accepted=True) if waiver else None,
            lines=lines,
            total_gross=total,
            payments=payments,
            tags=re.split("[,|]", first.text("tags")),
        )
    )


def _look_for_contradictions(group: Group) -> None:
    """A later row may leave open what the first one said, or say it again, but nothing else."""
    for row in group.rows[1:]:
        for name in OF_THE_ORDER:
            again = row.cells.get(name, "").strip()
            if again and again != group.first.cells.get(name, "").strip():
                row.note(name, Code.DIFFERS_FROM_FIRST_ROW)


def _currency(first: Record) -> str:
    told = first.text("currency").upper()
    if is_currency(told):
        return told
    first.note("currency", Code.UNKNOWN_CURRENCY if told else Code.MISSING)
    return ANY_CURRENCY


def _locale(first: Record, shop: Shop) -> str:
    told = first.text("language")
    if not told:
        return shop.locale
    if not re.fullmatch("[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", told, re.ASCII):
        first.note("language", Code.UNKNOWN_WORD)
    return told


def _lines(group: Group, currency: str) -> Iterator[ImportedLine]:
    place = 0
    for row in group.rows:
        if any(row.text(name) for name in MAKES_A_LINE):
            place += 1
            yield _line(row, place, currency)


def _line(row: Record, place: int, currency: str) -> ImportedLine:
    kind = row.word("kind", words.KINDS) or LineKind.ITEM
    told = row.amount("quantity")
    quantity = Decimal(1) if told is None else told
    unit, gross = row.money("unit_gross", currency), row.money("line_gross", currency)
    if gross is None and unit is None:
        row.note("line_gross", Code.MISSING)
    if gross is None:
        gross = minor_units((row.amount("unit_gross") or Decimal(0)) * quantity, currency)
    return ImportedLine(
        id=row.text("position") or str(place),
        kind=kind,
        title=row.text("title") or row.text("sku"),
        sku=row.text("sku"),
        quantity=quantity_text(quantity),
        unit_gross=unit,
        line_gross=gross,
        tax_rate=_rate(row, kind),
        digital=row.truth("digital"),
    )


def _rate(row: Record, kind: LineKind) -> str:
    """An item has to say how it is taxed; the rest is taxed like what it belongs to."""
    rate = row.amount("tax_rate")
    if rate is None:
        if kind is LineKind.ITEM:
            row.note("tax_rate", Code.MISSING)
        return NO_RATE
    if 0 < rate < 1:
        row.note("tax_rate", Code.RATE_IS_A_FRACTION)  # 0.19 means 19 %, and would become 0.19 %
    if not 0 <= rate <= 100:
        row.note("tax_rate", Code.NOT_A_NUMBER)
    return rate_text(rate)


def _charges(first: Record, currency: str, locale: str) -> Iterator[ImportedLine]:
    """Shipping and discount of the whole order; a discount is written with or without its minus."""
    if shipping := first.money("shipping_gross", currency):
        title = shipping_title("", locale)
        yield ImportedLine(id="shipping", kind=LineKind.SHIPPING, title=title, line_gross=shipping, tax_rate=NO_RATE)
    if discount := first.money("discount_gross", currency):
        title = "Rabatt" if locale.lower().startswith("de") else "Discount"
        yield ImportedLine(
            id="discount", kind=LineKind.DISCOUNT, title=title, line_gross=-abs(discount), tax_rate=NO_RATE
        )


def _payments(first: Record, currency: str, at: datetime | None) -> Iterator[ImportedPayment]:
    amount = first.money("paid_amount", currency)
    if not amount or at is None:
        return
    if amount < 0:
        first.note("paid_amount", Code.NOT_A_NUMBER)
    transaction = first.text("transaction")
    yield ImportedPayment(
        provider=words.provider(first.text("payment_method"), transaction),
        transaction_id=transaction or "paid-amount",
        amount=abs(amount),
        currency=currency,
        at=at,
    )


def _buyer(first: Record) -> Buyer:
    vat_id = first.text("vat_id")
    return Buyer(
        name=first.text("buyer_name") or first.text("billing_name"),
        company=first.text("buyer_company") or first.text("billing_company"),
        email=first.text("email"),
        vat_id=vat_id,
        kind=words.buyer_kind(vat_id),
    )


def _address(first: Record, side: str) -> PostalAddress | None:
    address = PostalAddress(
        name=first.text(f"{side}_name"),
        company=first.text(f"{side}_company"),
        line1=first.text(f"{side}_street"),
        line2=first.text(f"{side}_extra"),
        zip=first.text(f"{side}_zip"),
        city=first.text(f"{side}_city"),
        country=first.country(f"{side}_country"),
    )
    return None if address == PostalAddress(country=address.country) else address
