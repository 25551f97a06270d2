"""Money that WooCommerce tells of: one payment of the whole, and refunds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from db.orders import PaymentMethod
from db.payments import PaymentKind
from integrations.amounts import minor_units
from integrations.woocommerce.shapes import Order, RefundInOrder
from portal.imported import ImportedPayment

PROVIDER = "woocommerce"


@dataclass(frozen=True, kw_only=True)
class Money:
    """When money moved; `paid_at` is None while nothing came in. `refunded_at` by the id of the refund."""

    currency: str
    total: int
    method: PaymentMethod | None
    paid_at: datetime | None
    changed_at: datetime
    is_all_refunded: bool
    refunded_at: Mapping[str, datetime]


def payments(order: Order, money: Money) -> Iterator[ImportedPayment]:
    if money.paid_at is None or money.total <= 0:
        return
    transaction = order.transaction_id.strip()
    through_paypal = money.method is PaymentMethod.PAYPAL and transaction
    yield ImportedPayment(
        provider="paypal" if through_paypal else PROVIDER,  # what PayPal calls a capture is one payment, whoever tells
        transaction_id=transaction or f"order-{order.id}",
        amount=money.total,
        currency=money.currency,
        at=money.paid_at,
    )
    yield from _refunds(order.refunds, order, money)


def _refunds(refunds: Sequence[RefundInOrder], order: Order, money: Money) -> Iterator[ImportedPayment]:
    """What a full refund leaves over was given back outside of WooCommerce: its status says that all of it was."""
    rest = money.total
    for refund in refunds:
        amount = abs(minor_units(refund.total, money.currency))
        rest -= amount
        yield _refund(refund.id, amount, money)
    if money.is_all_refunded and rest > 0:
        yield _refund(f"order-{order.id}-rest", rest, money)


def _refund(number: str, amount: int, money: Money) -> ImportedPayment:
    return ImportedPayment(
        provider=PROVIDER,
        transaction_id=number,
        amount=amount,
        currency=money.currency,
        kind=PaymentKind.REFUND,
        at=money.refunded_at.get(number, money.changed_at),
    )
