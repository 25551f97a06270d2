"""The money that an invoice says has come in, and how the rest is to come."""

from __future__ import annotations

from datetime import date
from typing import TypedDict
from zoneinfo import ZoneInfo

from db.orders import PaymentMethod
from db.payments import PaymentKind, PaymentStatus
from pdfkit.paper import Means, Receipt
from portal import supplies
from portal.invoice_texts import Language, open_amount
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


class Terms(TypedDict):
    due_on: date | None
    terms: str
    due_means: Means


def due(order: OrderFacts) -> int:
    """What is open of the total, in minor units. Credit notes are documents of their own and lower none of it."""
    return 0 if order.is_paid else max(0, order.total - order.paid_sum)


def terms(order: OrderFacts, zone: ZoneInfo, language: Language) -> Terms:
    """Until when and how the rest is to be paid. Without a day that the source told there is a sentence instead."""
    is_collected = order.payment_method is PaymentMethod.CASH_ON_DELIVERY
    due_on = local_day(order.due_at, zone) if due(order) and order.due_at else None
    return Terms(
        due_on=due_on,
        terms=open_amount(language, is_collected=is_collected) if due(order) and not due_on else "",
        due_means=Means.CASH if is_collected else Means.BANK_TRANSFER,
    )


def of(order: OrderFacts, zone: ZoneInfo) -> tuple[Receipt, ...]:
    """The payments as they came in where they make up what is paid, else the total on the day it was paid, if told."""
    came = [
        payment
        for payment in order.payments
        if payment.kind is PaymentKind.PAYMENT and payment.status is PaymentStatus.COMPLETED and payment.amount
    ]
    if came and sum(payment.amount for payment in came) == order.total - due(order):
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
