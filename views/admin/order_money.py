"""The money of an order as the merchant reads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from db.payments import Payment, PaymentStatus
from portal.exported import ExportedOrder
from portal.imported import ImportedPayment
from views.admin.order_words import PAYMENT_KINDS, PAYMENT_STATUSES, provider
from views.format import Money
from views.sentences import Sentence, said

TAKEN_BACK = said("Taken back")


@dataclass(frozen=True, kw_only=True)
class PaymentRow:
    """`id` is 0 for what cannot be taken back: only what a merchant has booked, and still counts, can be."""

    id: int
    at: datetime
    kind: Sentence
    status: Sentence
    provider: Sentence
    transaction_id: str
    amount: Money

    @staticmethod
    def all(order: ExportedOrder, zone: ZoneInfo, by_hand: Sequence[Payment] = ()) -> tuple[PaymentRow, ...]:
        """`by_hand` are those that a merchant has booked."""
        manual = {(row.provider, row.transaction_id, row.kind): row for row in by_hand}
        return tuple(
            PaymentRow._of(payment, manual.get((payment.provider, payment.transaction_id, payment.kind)), zone)
            for payment in order.payments
        )

    @staticmethod
    def _of(payment: ImportedPayment, booked: Payment | None, zone: ZoneInfo) -> PaymentRow:
        counts = payment.status is PaymentStatus.COMPLETED
        return PaymentRow(
            id=booked.id if booked and counts else 0,
            at=payment.at.astimezone(zone),
            kind=PAYMENT_KINDS[payment.kind],
            status=TAKEN_BACK if booked and not counts else PAYMENT_STATUSES[payment.status],
            provider=provider(payment.provider),
            transaction_id=payment.transaction_id,
            amount=Money(payment.amount, payment.currency),
        )
