"""What WooCommerce's statuses and payment methods say."""

from __future__ import annotations

from collections.abc import Mapping

from db.orders import PaymentMethod, State

DRAFTS = frozenset({"draft", "auto-draft", "checkout-draft", "new"})
STATES: Mapping[str, State] = {
    "pending": State.ORDERED,
    "on-hold": State.ORDERED,
    "failed": State.ORDERED,
    "completed": State.COMPLETED,
    "refunded": State.CANCELLED,
    "cancelled": State.CANCELLED,
    "trash": State.DELETED,
}
COUNTS_AS_PAID = frozenset({"completed", "refunded"})  # WooCommerce's is_paid(), even without a date of payment
NOT_PAID_YET = frozenset({"pending", "failed"})  # WooCommerce itself asks for the money again

# By what the id of the method holds; gateways are plugins, and the first that fits counts.
METHODS: tuple[tuple[str, PaymentMethod], ...] = (
    ("credit-card", PaymentMethod.CARD),
    ("credit_card", PaymentMethod.CARD),
    ("creditcard", PaymentMethod.CARD),
    ("ppcp", PaymentMethod.PAYPAL),
    ("ppec", PaymentMethod.PAYPAL),
    ("paypal", PaymentMethod.PAYPAL),
    ("sepa", PaymentMethod.DIRECT_DEBIT),
    ("direct-debit", PaymentMethod.DIRECT_DEBIT),
    ("direct_debit", PaymentMethod.DIRECT_DEBIT),
    ("directdebit", PaymentMethod.DIRECT_DEBIT),
    ("invoice", PaymentMethod.INVOICE),
    ("rechnung", PaymentMethod.INVOICE),
    ("purchase_on_account", PaymentMethod.INVOICE),
    ("stripe", PaymentMethod.CARD),
    ("woocommerce_payments", PaymentMethod.CARD),
    ("card", PaymentMethod.CARD),
)
# Those of WooCommerce itself. Direct bank transfer is asked for before anything is shipped: Vorkasse.
OWN_METHODS = {"cod": PaymentMethod.CASH_ON_DELIVERY, "bacs": PaymentMethod.PREPAYMENT, "cheque": PaymentMethod.OTHER}


def state(status: str, is_paid: bool, others: Mapping[str, State]) -> State:
    """`others` are the merchant's words for what plugins add; a status that nobody knows is an order."""
    if status == "processing":
        return State.PAID if is_paid else State.CONFIRMED  # cash on delivery is processed before it is paid
    return STATES.get(status) or others.get(status) or State.ORDERED


def method(told: str) -> PaymentMethod | None:
    name = told.strip().lower()
    if not name:
        return None
    found = (method for part, method in METHODS if part in name)
    return OWN_METHODS.get(name) or next(found, PaymentMethod.OTHER)
