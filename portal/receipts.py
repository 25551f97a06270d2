"""The money that an invoice says has come in."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from db.orders import PaymentMethod
from db.payments import PaymentKind, PaymentStatus
from pdfkit.paper import Means, Receipt
from portal import supplies
from portal.orders import OrderFacts
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
    means = MEANS.get(order.payment_method, Means.OTHER) if order.payment_method else Means.OTHER
    came = [
        payment
        for payment in order.payments
        if payment.kind is PaymentKind.PAYMENT and payment.status is PaymentStatus.COMPLETED and payment.amount
    ]
    if came and sum(payment.amount for payment in came) == order.total:
        return tuple(Receipt(on=local_day(each.at, zone), amount=each.amount, means=means) for each in came)
    day = supplies.paid_on(order, zone)
    return (Receipt(on=day, amount=order.total, means=means),) if day and order.total else ()
