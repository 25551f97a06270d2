"""The tab with an order's money: what moved, what was tried, what came by hand, and what can go back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from db.bank_transfers import TransferAnnouncement
from db.payment_providers import PayMethod
from portal import payment_refunds, refund_questions, refund_windows
from portal.exported import ExportedOrder
from portal.orders import OrderFacts
from portal.payment_attempts import Attempt, Happened, Standing
from views.admin.labels import METHODS
from views.admin.order_money import PaymentRow
from views.admin.order_tabs import OrderTab
from views.format import Money, amount_to_type
from views.sentences import Sentence, said

STANDINGS = {
    Standing.STARTING: ("wait", said("Being started")),
    Standing.WAITING: ("wait", said("Waits for the customer")),
    Standing.CHECKING: ("wait", said("Asked for, no answer yet")),
    Standing.PENDING: ("wait", said("Pending")),
    Standing.COMPLETED: ("ok", said("Completed")),
    Standing.DECLINED: ("stop", said("Declined")),
    Standing.CANCELLED: ("", said("Broken off by the customer")),
    Standing.EXPIRED: ("", said("Not confirmed in time")),
    Standing.REPLACED: ("", said("Given way to a newer one")),
    Standing.FAILED: ("stop", said("Failed")),
    Standing.REVERSED: ("stop", said("Charged back")),
}
REASONS = {
    "outdated": said("the order had changed"),
    "duplicate": said("PayPal says that it has been paid already"),
    "declined": said("refused by PayPal or the bank"),
    "merchant": said("PayPal has something against your account"),
    "gone": said("the customer did not come back in time"),
    "echeck": said("a transfer from the customer’s bank is under way"),
    "pending_review": said("PayPal checks it"),
    "unilateral": said("your account at PayPal is not confirmed"),
    "receiving_preference_mandates_manual_action": said("you have to accept it at PayPal"),
}
SAYS_MORE = said("the history has PayPal’s own words")
WRONG = {
    "amount": said("Please enter an amount such as 24.90."),
    "nothing": said("Please enter an amount of more than nothing."),
    "too-late": said("PayPal gives nothing back after 180 days. Send it by bank transfer, and enter it above."),
    "too-much": said("At most what was paid and has not gone back yet."),
    "on": said("Please enter a day on which the money has arrived."),
    "reference": said("A payment with this reference is booked already."),
}
REPEATED_REPAYMENT = said("A refund with this reference is booked already.")


@dataclass(frozen=True, kw_only=True)
class AttemptRow:
    """One way through a service. `left` is what can still go back, None where nothing can.

    `is_too_late`: something is left, but the service gives it back no more.
    """

    id: int
    at: datetime
    provider: str
    method: Sentence | None
    amount: Money
    tone: str
    standing: Sentence
    reason: Sentence | None
    reference: str
    left: Money | None
    is_too_late: bool
    under_way: Money | None

    @staticmethod
    def of(attempt: Attempt, names: Mapping[int, str], zone: ZoneInfo, now: datetime) -> AttemptRow:
        tone, standing = STANDINGS[attempt.standing]
        left, waiting = payment_refunds.left(attempt), sum(refund_questions.open_questions(attempt).values())
        last = attempt.decisive
        too_late = refund_windows.is_over(attempt, now)
        return AttemptRow(
            id=attempt.id,
            at=attempt.started_at.astimezone(zone),
            provider=names.get(attempt.provider_id, ""),
            method=METHODS[PayMethod(attempt.method)] if attempt.method else None,
            amount=Money(attempt.amount, attempt.currency),
            tone=tone,
            standing=standing,
            reason=_reason(last) if last else None,
            reference=attempt.reference,
            left=Money(left, attempt.currency) if left and not too_late else None,
            is_too_late=left > 0 and too_late,
            under_way=Money(waiting, attempt.currency) if waiting else None,
        )


@dataclass(frozen=True, kw_only=True)
class MovementForm:
    """What was typed of money that moved, and what is wrong with it. `seen` counts the payments that were there.

    `above_due` is the amount that was typed, where it is more than is open and has to be confirmed.
    """

    amount: str
    on: str
    reference: str = ""
    seen: int = 0
    wrong_amount: Sentence | None = None
    wrong_on: Sentence | None = None
    wrong_reference: Sentence | None = None
    above_due: Money | None = None

    @property
    def is_open(self) -> bool:
        """Whether somebody is at it."""
        return any((self.wrong_amount, self.wrong_on, self.wrong_reference, self.above_due))


@dataclass(frozen=True, kw_only=True)
class RefundForm:
    """What was typed of a refund, and what is wrong with it; `asked_for` is what has to be said yes to."""

    attempt: int
    amount: str
    note: str = ""
    wrong_amount: Sentence | None = None
    asked_for: Money | None = None


@dataclass(frozen=True, kw_only=True)
class Typed:
    """The one form of the tab that did not fit."""

    receipt: MovementForm | None = None
    repayment: MovementForm | None = None
    refund: RefundForm | None = None


NOTHING_TYPED = Typed()


@dataclass(frozen=True, kw_only=True)
class Announcement:
    at: datetime
    amount: Money


@dataclass(frozen=True, kw_only=True)
class PaymentsTab(OrderTab):
    """`receipt` and `repayment` are None where nothing can be booked; `refund` is what did not fit of one."""

    template: ClassVar = "admin/order_payments.html"

    rows: tuple[PaymentRow, ...]
    due: Money
    attempts: tuple[AttemptRow, ...]
    announcements: tuple[Announcement, ...]
    receipt: MovementForm | None
    repayment: MovementForm | None
    refund: RefundForm | None


def attempts_of(
    attempts: Sequence[Attempt], names: Mapping[int, str], zone: ZoneInfo, now: datetime
) -> tuple[AttemptRow, ...]:
    return tuple(AttemptRow.of(attempt, names, zone, now) for attempt in attempts)


def _reason(last: Happened) -> Sentence | None:
    """In words; the service's own codes stand in the history."""
    code = last.text("reason").lower()
    if code in REASONS:
        return REASONS[code]
    return SAYS_MORE if code or last.text("detail") or last.text("error") else None


def announcements_of(
    said_of: Sequence[TransferAnnouncement], order: OrderFacts, zone: ZoneInfo
) -> tuple[Announcement, ...]:
    """Only of what is still open: with the money, the word about it is settled, too."""
    return tuple(
        Announcement(at=each.at.astimezone(zone), amount=Money(each.amount, each.currency))
        for each in said_of
        if order.due and each.amount == order.due
    )


@dataclass(frozen=True, kw_only=True)
class BlankForms:
    """All that is due, today; and of what is sent back, only the day."""

    receipt: MovementForm
    repayment: MovementForm

    @staticmethod
    def of(order: ExportedOrder, today: date, seen: int, language: str) -> BlankForms:
        amount, on = amount_to_type(order.due, order.currency, language), today.isoformat()
        return BlankForms(
            receipt=MovementForm(amount=amount, on=on, seen=seen), repayment=MovementForm(amount="", on=on, seen=seen)
        )
