"""Money that Billbee tells of. `PayedAt` says more than any sum: a merchant may mark an order as paid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from db.payments import PaymentKind
from integrations.amounts import minor_units
from integrations.billbee.shapes import Order, Payment
from integrations.billbee.states import PAYPALS_OWN
from integrations.billbee.times import Times
from portal.imported import SUM_ALONE, ImportedPayment

PROVIDER = "billbee"


def payments(order: Order, times: Times, currency: str) -> Iterator[ImportedPayment]:
    """A negative value went back to the buyer."""
    at = times.paid_at or times.changed_at
    for payment in order.payments:
        if payment.pay_value:
            yield _payment(payment, times.at(payment.pay_date, "Payments.PayDate") or at, currency)
    if not order.payments and order.paid_amount > 0:
        yield ImportedPayment(
            provider=PROVIDER,
            transaction_id=SUM_ALONE,
            amount=minor_units(order.paid_amount, currency),
            currency=currency,
            at=at,
        )


def _payment(payment: Payment, at: datetime, currency: str) -> ImportedPayment:
    transaction = payment.transaction_id.strip()
    amount = minor_units(payment.pay_value, currency)
    return ImportedPayment(
        provider="paypal" if transaction and payment.payment_type in PAYPALS_OWN else PROVIDER,
        transaction_id=transaction or f"payment-{payment.billbee_id}",
        amount=abs(amount),
        currency=currency,
        kind=PaymentKind.REFUND if amount < 0 else PaymentKind.PAYMENT,
        at=at,
    )
