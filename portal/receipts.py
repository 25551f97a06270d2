"""The money that an invoice says has come in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from db.orders import PaymentMethod
from db.payments import PaymentKind, PaymentStatus
from pdfkit.paper import Means, Receipt
from portal import supplies
from portal.orders import OrderFacts, PaymentFact
from portal.windows import local_day

MEANS = {
    PaymentMethod.PAYPAL: Means.PAYPAL,
    PaymentMethod.CARD: Means.CARD,
    PaymentMethod.DIRECT_DEBIT: Means.DIRECT_DEBIT,
    PaymentMethod.BANK_TRANSFER: Means.BANK_TRANSFER,
    PaymentMethod.PREPAYMENT: Means.BANK_TRANSFER,
    PaymentMethod.INVOICE: Means.BANK_TRANSFER,
    PaymentMethod.CASH_ON_DELIVERY: Means.CASH,
    PaymentMethod.MARKETPLACE: Means.MARKETPLACE,
}


def of(order: OrderFacts, zone: ZoneInfo) -> tuple[Receipt, ...]:
    """The payments as they came in where they make up the total, else the total on the day it was paid, if told."""
    came = [
        payment
        for payment in order.payments
        if payment.kind is PaymentKind.PAYMENT and payment.status is PaymentStatus.COMPLETED and payment.amount
    ]
    if came and sum(payment.amount for payment in came) == order.total:
        days = [local_day(each.at, zone) for each in came]
        return tuple(
            Receipt(on=day, amount=each.amount, means=means(each, order)) for each, day in zip(came, days, strict=True)
        )
    day, ways = supplies.paid_on(order, zone), {means(each, order) for each in came} or {_agreed(order)}
    way = ways.pop() if len(ways) == 1 else Means.OTHER
    return (Receipt(on=day, amount=order.total, means=way),) if day and order.total else ()


def means(payment: PaymentFact, order: OrderFacts) -> Means:
    """How that money really came; what the order agreed on says it only where the payment does not."""
    known = next((each for each in MEANS if each.value == payment.provider.strip().lower()), None)
    return MEANS[known] if known else _agreed(order)


def _agreed(order: OrderFacts) -> Means:
    return MEANS.get(order.payment_method, Means.OTHER) if order.payment_method else Means.OTHER
