"""How the merchant reads of states and reasons: short words, for a list and for a table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from db.orders import OrderKind, PaymentMethod, State
from db.payments import PaymentKind, PaymentStatus
from portal.order_list import Concern
from portal.orders import OrderFacts, PaymentState, death
from portal.payments import IN_FLIGHT
from portal.refusals import Refusal
from portal.windows import local_day
from views.languages import language_of
from views.sentences import Sentence, plain, said

STATES = {
    State.OFFERED: said("Offered"),
    State.ORDERED: said("Ordered"),
    State.CONFIRMED: said("Confirmed"),
    State.PAID: said("Paid"),
    State.PACKED: said("Packed"),
    State.IN_FULFILMENT: said("In fulfilment"),
    State.SHIPPED: said("Shipped"),
    State.COMPLETED: said("Completed"),
    State.COMPLAINT: said("Complaint"),
    State.RETURNED: said("Returned"),
    State.CANCELLED: said("Cancelled"),
    State.DELETED: said("Removed"),
    State.UNKNOWN: said("Unknown"),
}
PAYMENT_STATES = {
    PaymentState.UNPAID: said("Unpaid"),
    PaymentState.PARTIALLY_PAID: said("Partly paid"),
    PaymentState.PAID: said("Paid"),
    PaymentState.OVERPAID: said("Overpaid"),
    PaymentState.AUTHORIZED: said("Authorised"),
    PaymentState.PENDING: said("Payment is checked"),
    PaymentState.PARTIALLY_REFUNDED: said("Partly refunded"),
    PaymentState.REFUNDED: said("Refunded"),
    PaymentState.VOIDED: said("Authorisation released"),
    PaymentState.REVERSED: said("Charged back"),
}
CONCERNS = {
    Concern.NOTHING_DOWNLOADED: said("Paid, nothing downloaded"),
    Concern.NEVER_OPENED: said("Link never opened"),
    Concern.OVERDUE: said("Overdue"),
}
PAYMENT_METHODS = {
    PaymentMethod.PAYPAL: plain("PayPal"),
    PaymentMethod.CARD: said("Card"),
    PaymentMethod.DIRECT_DEBIT: said("Direct debit"),
    PaymentMethod.BANK_TRANSFER: said("Bank transfer"),
    PaymentMethod.PREPAYMENT: said("Prepayment"),
    PaymentMethod.INVOICE: said("On account"),
    PaymentMethod.CASH_ON_DELIVERY: said("Cash on delivery"),
    PaymentMethod.MARKETPLACE: said("By the marketplace"),
    PaymentMethod.OTHER: said("Other"),
}
PAYMENT_KINDS = {PaymentKind.PAYMENT: said("Payment"), PaymentKind.REFUND: said("Refund")}
PAYMENT_STATUSES = {
    PaymentStatus.COMPLETED: said("Completed"),
    PaymentStatus.PENDING: said("Pending"),
    PaymentStatus.AUTHORIZED: said("Authorised"),
    PaymentStatus.FAILED: said("Failed"),
    PaymentStatus.REVERSED: said("Charged back"),
}
REASONS = {
    Refusal.DISABLED: said("switched off in the settings"),
    Refusal.NOT_ORDERED: said("not an order yet"),
    Refusal.NOT_PAID: said("not paid yet"),
    Refusal.CANCELLED: said("the order is cancelled"),
    Refusal.DELETED: said("the order was removed"),
    Refusal.REFUNDED: said("refunded"),
    Refusal.EXPIRED: said("the time for it is over"),
    Refusal.LIMIT_REACHED: said("all downloads are used up"),
    Refusal.WAIVER_MISSING: said("waits for the customer’s consent"),
    Refusal.WAIVER_CONFIRMATION_PENDING: said("the confirmation of the consent is not sent yet"),
    Refusal.NO_INVOICE: said("no invoice yet, and none is created automatically"),
    Refusal.INVOICE_ELSEWHERE: said("the invoice is issued elsewhere and does not lie here yet"),
    Refusal.ARCHIVED: said("the order is archived"),
    Refusal.WINDOW_NOT_OPEN: said("the time to withdraw has not ended yet"),
    Refusal.SELLER_INCOMPLETE: said("the seller’s details are incomplete"),
    Refusal.AMOUNTS_INCONSISTENT: said("the order’s amounts do not add up"),
    Refusal.TAX_RATE_UNKNOWN: said("a line has a tax rate that cannot be right"),
    Refusal.FOREIGN_CURRENCY: said("invoices are made in euro only"),
    Refusal.ADDRESS_INCOMPLETE: said("the billing address is incomplete"),
    Refusal.VAT_ID_MISSING: said("the buyer’s VAT identification number is missing or does not fit"),
    Refusal.EXEMPTION_UNFOUNDED: said("the buyer or the destination does not allow a sale without tax"),
    Refusal.SUPPLY_DATE_UNKNOWN: said("the day of supply is not known"),
    Refusal.CHARACTER_UNPRINTABLE: said("a name or title has characters that cannot be printed"),
    Refusal.INVOICE_FAILED: said("the document did not pass its own check"),
    Refusal.NUMBER_TAKEN: said("the next number of the series is taken already"),
    Refusal.DAY_AHEAD: said("the newest document of the series bears a day that has not come yet"),
    Refusal.ALREADY_INVOICED: said("there is an invoice already"),
    Refusal.FILE_MISSING: said("the file is missing from its storage"),
    Refusal.STAMP_FAILED: said("the file cannot be stamped"),
    Refusal.STORAGE_UNAVAILABLE: said("the storage cannot be reached"),
    Refusal.DISK_FULL: said("the disk that Tresen works on is full"),
    Refusal.PAYMENT_PENDING: said("a payment is being checked"),
    Refusal.NOTHING_DUE: said("nothing is due"),
    Refusal.NO_PROVIDER: said("no payment provider is active"),
    Refusal.PROVIDER_UNAVAILABLE: said("the payment service cannot be reached"),
    Refusal.PAYMENT_REPLACED: said("another payment was begun meanwhile"),
}


def provider(name: str) -> Sentence:
    """As a payment tells it: one of the known ways to pay, or a name that the shop made up."""
    return next((words for known, words in PAYMENT_METHODS.items() if known.value == name), plain(name))


def reason(why: Refusal, order: OrderFacts) -> Sentence:
    """For the merchant a payment that was taken back is not one they gave back."""
    if why is Refusal.REFUNDED and order.payment_state is PaymentState.REVERSED:
        return said("the payment was charged back")
    return REASONS[why]


def language(locale: str) -> Sentence:
    if language_of(locale, "") == "de":
        return said("German (%(locale)s)", locale=locale)
    return said("English (%(locale)s)", locale=locale)


@dataclass(frozen=True)
class Badge:
    """`tone` is ok, wait, stop, or empty."""

    tone: str
    words: Sentence


def badge(order: OrderFacts, zone: ZoneInfo, now: datetime) -> Badge:
    """How the order stands, in one word."""
    if order.kind is OrderKind.CREDIT:
        return Badge("", said("Credit"))
    if why := death(order):
        if why is Refusal.REFUNDED:
            reversed_ = order.payment_state is PaymentState.REVERSED
            return Badge("stop" if reversed_ else "", PAYMENT_STATES[order.payment_state])
        return Badge("", STATES[order.state])
    if order.state in {State.OFFERED, State.UNKNOWN}:
        return Badge("", STATES[order.state])
    if order.is_paid:
        return _paid(order.payment_state)
    return _open(order, local_day(now, zone), zone)


def _paid(state: PaymentState) -> Badge:
    if state in {PaymentState.PAID, PaymentState.PARTIALLY_REFUNDED}:
        return Badge("ok", PAYMENT_STATES[state])
    if state is PaymentState.OVERPAID:
        return Badge("wait", PAYMENT_STATES[state])
    return Badge("ok", said("Counts as paid"))


def _open(order: OrderFacts, today: date, zone: ZoneInfo) -> Badge:
    if order.payment_state in IN_FLIGHT:
        return Badge("wait", said("Payment is checked"))
    if not order.due:
        return Badge("", said("Settled"))
    if order.due_at and local_day(order.due_at, zone) < today:
        return Badge("stop", said("Overdue"))
    return Badge("wait", said("Partly paid") if order.paid_sum else said("Unpaid"))
