"""The one band that says how the order stands with its money."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

from db.orders import OrderKind, State
from db.payments import PaymentKind, PaymentStatus
from portal.dossiers import Dossier
from portal.orders import OrderFacts, PaymentState, death
from portal.payments import IN_FLIGHT
from portal.refusals import Refusal
from portal.windows import local_day
from views.customer.payments import announced, ending
from views.format import Money, Reference
from views.sentences import Sentence, counted, said


@dataclass(frozen=True, kw_only=True)
class Banner:
    """`state` is one of open, overdue, pending, partly-paid, paid, cancelled, refunded; its look hangs on it.

    `is_calm`: paying is possible, but nobody is urged to.
    """

    state: str
    icon: str
    title: Sentence
    next: Sentence | None = None
    to_downloads: bool = False
    to_payment: bool = False
    is_calm: bool = False


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What is in store: `ready` of `files` files, whether an invoice is to be had, and whether it can be paid."""

    files: int
    ready: int
    invoice: str
    has_invoice: bool
    may_pay: bool = False


def banner(dossier: Dossier, waiting: Waiting, now: datetime) -> Banner:
    """Exactly one, the most telling first."""
    order = dossier.order
    if order.kind is OrderKind.CREDIT:
        return Banner(state="refunded", icon="back", title=said("This belongs to the refund of another order"))
    if why := death(order):
        return _refunded(dossier) if why is Refusal.REFUNDED else _cancelled(dossier)
    if order.is_paid:
        return _paid(dossier, waiting)
    if order.state is State.OFFERED:
        return Banner(state="open", icon="clock", title=said("This is an offer"), next=said("Nothing is due yet."))
    if order.payment_state in IN_FLIGHT or dossier.paying.is_checking:
        return Banner(
            state="pending",
            icon="clock",
            title=said("Your payment is being checked"),
            next=said("Please do not pay a second time."),
        )
    if not order.due:
        return _settled()
    return replace(_told(dossier, _due(dossier, waiting, local_day(now, dossier.zone))), to_payment=waiting.may_pay)


def _told(dossier: Dossier, due: Banner) -> Banner:
    """What the customer has just done stands where the eye is: the section that says more is further down."""
    if announced(dossier):
        title = said("%(due)s transferred, waits to arrive", due=_money(dossier.order, dossier.order.due))
        next_step = said("The shop looks out for it. You need not do anything.")
        return replace(due, state="open", icon="clock", title=title, next=next_step, is_calm=True)
    last = ending(dossier.paying.last)
    return replace(due, next=last.title) if last else due


ENDED = {State.RETURNED: said("Returned"), State.DELETED: said("Removed by the shop")}


def _cancelled(dossier: Dossier) -> Banner:
    order = dossier.order
    title = ENDED.get(order.state, said("Cancelled"))
    back = order.refunded_sum
    if back:
        text = said(
            "%(amount)s of it went back to you on %(day)s.", amount=_money(order, back), day=_refunded_on(dossier)
        )
    elif order.paid_sum:
        text = said(
            "The shop answers questions about your payment of %(amount)s.", amount=_money(order, order.paid_sum)
        )
    else:
        text = said("You need not pay anything.")
    return Banner(state="cancelled", icon="cross", title=title, next=text)


def _refunded(dossier: Dossier) -> Banner:
    order = dossier.order
    if order.payment_state is PaymentState.REVERSED:
        return Banner(
            state="refunded",
            icon="back",
            title=said("Payment charged back"),
            next=said("The bank or payment service has taken the payment back."),
        )
    return Banner(
        state="refunded",
        icon="back",
        title=said("Refunded on %(day)s", day=_refunded_on(dossier)),
        next=said(
            "%(amount)s goes back the way you paid it. With banks this may take a few days.",
            amount=_money(order, order.refunded_sum),
        ),
    )


def _paid(dossier: Dossier, waiting: Waiting) -> Banner:
    order = dossier.order
    paid_on = _paid_on(dossier)
    title = said("Paid on %(day)s", day=paid_on) if paid_on else said("Paid")
    text = _ready(waiting)
    if order.total == 0:
        title = said("Nothing to pay")
    elif order.payment_state is PaymentState.PARTIALLY_REFUNDED:
        refunded = _money(order, order.refunded_sum)
        text = said("%(amount)s of it went back to you on %(day)s.", amount=refunded, day=_refunded_on(dossier))
    elif order.payment_state is PaymentState.OVERPAID:
        extra = _money(order, order.paid_sum - order.refunded_sum - order.total)
        text = said("%(amount)s more than the total has arrived.", amount=extra)
    return Banner(state="paid", icon="check", title=title, next=text, to_downloads=waiting.files > 0)


def _ready(waiting: Waiting) -> Sentence | None:
    """What lies ready behind a paid order."""
    if waiting.files and not waiting.ready:
        return counted(
            "Your file is not available right now. Below stands why, and what you can do.",
            "None of the %(count)s files is available right now. Below stands why, and what you can do.",
            waiting.files,
        )
    if waiting.ready and waiting.has_invoice:
        return counted("Your file and your invoice are ready.", "Your files and your invoice are ready.", waiting.ready)
    if waiting.ready:
        return counted("Your file is ready.", "Your files are ready.", waiting.ready)
    return said("Your invoice is ready.") if waiting.has_invoice else None


def _due(dossier: Dossier, waiting: Waiting, today: date) -> Banner:
    order = dossier.order
    due_on = local_day(order.due_at, dossier.zone) if order.due_at else None
    due = _money(order, order.due)
    if order.paid_sum:
        title = said("%(paid)s paid, %(due)s open", paid=_money(order, order.paid_sum), due=due)
        return Banner(state="partly-paid", icon="half", title=title, next=_rest(due_on, today))
    if due_on is None:
        return Banner(state="open", icon="clock", title=said("%(due)s open", due=due), next=_please_pay(waiting, None))
    days = (due_on - today).days
    if days < 0:
        overdue = counted("%(due)s overdue since yesterday", "%(due)s overdue for %(count)s days", -days, due=due)
        text = said("Transferred already? Then there is nothing to do.")
        return Banner(state="overdue", icon="triangle", title=overdue, next=text)
    if days == 0:
        title = said("%(due)s open, due today", due=due)
    else:
        title = counted("%(due)s open, due tomorrow", "%(due)s open, due in %(count)s days", days, due=due)
    return Banner(state="open", icon="clock", title=title, next=_please_pay(waiting, due_on))


def _please_pay(waiting: Waiting, due_on: date | None) -> Sentence | None:
    if due_on is None:
        return said("Please pay invoice %(number)s.", number=Reference(waiting.invoice)) if waiting.invoice else None
    if waiting.invoice:
        return said("Please pay invoice %(number)s by %(day)s.", number=Reference(waiting.invoice), day=due_on)
    return said("Please pay by %(day)s.", day=due_on)


def _rest(due_on: date | None, today: date) -> Sentence | None:
    if due_on is None:
        return None
    if due_on < today:
        return said("The rest was due on %(day)s. Transferred already? Then there is nothing to do.", day=due_on)
    return said("Please pay the rest by %(day)s.", day=due_on)


def _settled() -> Banner:
    """Credit notes took off all that was open."""
    text = said("A credit note has settled the amount.")
    return Banner(state="cancelled", icon="cross", title=said("Nothing left to pay"), next=text)


def _paid_on(dossier: Dossier) -> date | None:
    """The day of payment, where one was told: the day we first saw it paid is not a day of payment."""
    order = dossier.order
    told = order.paid_at is not None or order.paid_sum >= order.total > 0
    return local_day(order.became_paid_at, dossier.zone) if told and order.became_paid_at else None


def _refunded_on(dossier: Dossier) -> date:
    refunds = (
        payment.at
        for payment in dossier.order.payments
        if payment.kind is PaymentKind.REFUND and payment.status is PaymentStatus.COMPLETED
    )
    return local_day(max(refunds), dossier.zone)


def _money(order: OrderFacts, amount: int) -> Money:
    return Money(amount, order.currency)
