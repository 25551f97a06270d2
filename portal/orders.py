"""What an order amounts to: paid or not, what is due, whether it is dead. Never a comparison of state numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from db.orders import BuyerKind, OrderKind, PaymentMethod, State
from db.payments import PaymentKind, PaymentStatus
from db.settings import PaidRule
from portal.refusals import Refusal

DEAD = frozenset({State.CANCELLED, State.DELETED, State.RETURNED})
PIPELINE = frozenset({State.PACKED, State.IN_FULFILMENT, State.SHIPPED, State.COMPLETED})
OPEN_ACCOUNT = frozenset({PaymentMethod.INVOICE, PaymentMethod.CASH_ON_DELIVERY, PaymentMethod.PREPAYMENT})
NOT_ORDERED = frozenset({State.OFFERED, State.UNKNOWN})


class PaymentState(StrEnum):
    UNPAID = "unpaid"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    OVERPAID = "overpaid"
    AUTHORIZED = "authorized"
    PENDING = "pending"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    REVERSED = "reversed"


DEAD_PAYMENTS = frozenset({PaymentState.REFUNDED, PaymentState.VOIDED, PaymentState.REVERSED})


@dataclass(frozen=True, kw_only=True)
class PaymentFact:
    """One movement of money; `amount` in minor units, positive in both directions.

    `provider` as whoever told of it calls the way it took, perhaps nothing that we know.
    """

    kind: PaymentKind = PaymentKind.PAYMENT
    status: PaymentStatus = PaymentStatus.COMPLETED
    amount: int
    at: datetime
    provider: str = ""


@dataclass(frozen=True, kw_only=True)
class OrderFacts:
    """All that rules need to know of an order. Amounts in minor units of `currency`."""

    id: int
    number: str
    kind: OrderKind = OrderKind.ORDER
    state: State
    ordered_at: datetime
    paid_at: datetime | None = None
    due_at: datetime | None = None
    archived_at: datetime | None = None
    first_seen_paid_at: datetime | None = None
    currency: str = "EUR"
    total: int
    credit_notes: int = 0
    told_credits: int = 0
    payments: tuple[PaymentFact, ...] = ()
    payment_method: PaymentMethod | None = None
    buyer_kind: BuyerKind = BuyerKind.CONSUMER
    amounts_consistent: bool = True
    source_invoice: bool = False
    paid_rule: PaidRule = PaidRule.PIPELINE

    @property
    def paid_sum(self) -> int:
        return _completed(self.payments, PaymentKind.PAYMENT)

    @property
    def refunded_sum(self) -> int:
        return _completed(self.payments, PaymentKind.REFUND)

    @property
    def payment_state(self) -> PaymentState:
        return payment_state(self)

    @property
    def is_paid(self) -> bool:
        return _paid_by_facts(self) or _paid_by_pipeline(self)

    @property
    def due(self) -> int:
        """What is still to pay. Refunds never reopen it."""
        return 0 if self.is_paid else max(0, self.total - self.credit_notes - self.paid_sum)

    @property
    def is_dead(self) -> bool:
        return death(self) is not None

    @property
    def became_paid_at(self) -> datetime | None:
        """The day that windows count from: told, else the completing payment, else first seen."""
        if not self.is_paid:
            return None
        return self.paid_at or _completing_payment(self) or self.first_seen_paid_at


def payment_state(order: OrderFacts) -> PaymentState:
    """Counts payment facts, `paid_at`, state paid and total 0; the pipeline has no say in it."""
    if gone := _money_gone(order):
        return gone
    if _paid_by_facts(order):
        return _how_paid(order)
    waiting = {payment.status for payment in order.payments if payment.kind is PaymentKind.PAYMENT}
    if PaymentStatus.PENDING in waiting:
        return PaymentState.PENDING
    if PaymentStatus.AUTHORIZED in waiting:
        return PaymentState.AUTHORIZED
    return PaymentState.PARTIALLY_PAID if order.paid_sum > 0 else PaymentState.UNPAID


def death(order: OrderFacts) -> Refusal | None:
    """Why nothing new is to be had for this order ever again, or None while it lives."""
    if order.state is State.DELETED:
        return Refusal.DELETED
    if order.state in DEAD:
        return Refusal.CANCELLED
    if order.told_credits >= order.total > 0:  # its source took all of it back by an order of its own
        return Refusal.CANCELLED
    match order.payment_state:
        case PaymentState.VOIDED:
            return Refusal.CANCELLED
        case PaymentState.REFUNDED | PaymentState.REVERSED:
            return Refusal.REFUNDED
        case _:
            return None


def not_an_order(order: OrderFacts) -> Refusal | None:
    """Offers, credits and states nobody knows are no orders yet."""
    if order.kind is OrderKind.CREDIT or order.state in NOT_ORDERED:
        return Refusal.NOT_ORDERED
    return None


def _money_gone(order: OrderFacts) -> PaymentState | None:
    statuses = {payment.status for payment in order.payments if payment.kind is PaymentKind.PAYMENT}
    if PaymentStatus.REVERSED in statuses and order.paid_sum < order.total:
        return PaymentState.REVERSED
    paid = _paid_by_facts(order)
    received = order.paid_sum or (order.total if paid else 0)
    if 0 < received <= order.refunded_sum:
        return PaymentState.REFUNDED
    if order.state is State.CANCELLED and not (paid or received) and PaymentStatus.FAILED in statuses:
        return PaymentState.VOIDED  # an authorisation that was let go together with the order
    return None


def _paid_by_facts(order: OrderFacts) -> bool:
    told = order.paid_at is not None or order.state is State.PAID
    return told or order.total == 0 or (order.total > 0 and order.paid_sum >= order.total)


def _paid_by_pipeline(order: OrderFacts) -> bool:
    if order.paid_rule is PaidRule.STRICT or order.state not in PIPELINE:
        return False
    return order.payment_method not in OPEN_ACCOUNT


def _how_paid(order: OrderFacts) -> PaymentState:
    kept = order.paid_sum - order.refunded_sum
    if order.refunded_sum and kept < order.total:
        return PaymentState.PARTIALLY_REFUNDED
    return PaymentState.OVERPAID if kept > order.total else PaymentState.PAID


def _completed(payments: Iterable[PaymentFact], kind: PaymentKind) -> int:
    return sum(p.amount for p in payments if p.kind is kind and p.status is PaymentStatus.COMPLETED)


def _completing_payment(order: OrderFacts) -> datetime | None:
    """When the sum of payments first reached the total."""
    received = 0
    for payment in sorted(order.payments, key=lambda p: p.at):
        if payment.kind is PaymentKind.PAYMENT and payment.status is PaymentStatus.COMPLETED:
            received += payment.amount
            if received >= order.total > 0:
                return payment.at
    return None
