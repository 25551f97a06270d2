"""The money of an order as the merchant reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from portal.exported import ExportedOrder
from views.admin.order_words import PAYMENT_KINDS, PAYMENT_STATUSES, provider
from views.format import Money
from views.sentences import Sentence


@dataclass(frozen=True, kw_only=True)
class PaymentRow:
    at: datetime
    kind: Sentence
    status: Sentence
    provider: Sentence
    transaction_id: str
    amount: Money

    @staticmethod
    def all(order: ExportedOrder, zone: ZoneInfo) -> tuple[PaymentRow, ...]:
        return tuple(
            PaymentRow(
                at=payment.at.astimezone(zone),
                kind=PAYMENT_KINDS[payment.kind],
                status=PAYMENT_STATUSES[payment.status],
                provider=provider(payment.provider),
                transaction_id=payment.transaction_id,
                amount=Money(payment.amount, payment.currency),
            )
            for payment in order.payments
        )
