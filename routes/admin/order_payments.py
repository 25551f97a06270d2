"""An order's money behind the counter: the list, and giving back what was paid through a service."""

from __future__ import annotations

from dataclasses import replace

from litestar import post, route
from litestar.response import Redirect

from db.orders import OrderKind, State
from db.payment_attempts import AttemptEvent
from db.payments import PaymentStatus
from portal import (
    payment_attempts,
    payment_facts,
    payment_providers,
    payment_receipts,
    payment_refunds,
    payment_repayments,
    refund_windows,
)
from portal.house import House as PortalHouse
from portal.payment_attempts import Attempt
from portal.payment_refunds import NewRefund
from portal.refusals import Conflict, Invalid, NotFound
from portal.windows import local_day
from routes.admin.orders import Asked, ShownOrder
from routes.forms import texts_of
from routes.given import AnyRequest, House
from views import Page
from views.admin.order_money import PaymentRow
from views.admin.order_payments import (
    NOTHING_TYPED,
    WRONG,
    BlankForms,
    PaymentsTab,
    RefundForm,
    Typed,
    announcements_of,
    attempts_of,
)
from views.admin.order_tabs import Done
from views.format import Money, amount_typed

DONE = frozenset({AttemptEvent.REFUNDED, AttemptEvent.REFUND_FAILED})
# By the status of a refund; what the service refused has none.
OUTCOMES = {
    PaymentStatus.COMPLETED: "refunded",
    PaymentStatus.PENDING: "refund-pending",
    PaymentStatus.FAILED: "refund-missing",
    "": "refund-failed",
}


@route("/admin/orders/{order_id:int}/payments", http_method=["GET", "HEAD"])
async def show_payments(asked: Asked, house: House) -> Page:
    return await page(asked, house)


@post("/admin/orders/{order_id:int}/refunds")
async def start_refund(asked: Asked, request: AnyRequest, house: House) -> Page | Redirect:
    """One attempt at once, then the outbox. The form says how much was left: a second click gives nothing back."""
    texts = await texts_of(request)
    attempt_id = number(texts.get("attempt", ""))
    typed = RefundForm(attempt=attempt_id, amount=texts.get("amount", "")[:40], note=texts.get("note", "")[:255])
    async with house.database.reading() as session:
        attempt = await payment_attempts.one(attempt_id, session)
    if attempt.order_id != asked.dossier.order.id:
        raise NotFound
    amount = amount_typed(typed.amount, attempt.currency, asked.language)
    if amount is None:
        return await page(asked, house, Typed(refund=replace(typed, wrong_amount=WRONG["amount"])))
    if question := _question(typed, amount, attempt, number(texts.get("confirmed", "")), asked):
        return await page(asked, house, Typed(refund=question))
    new = NewRefund(attempt_id=attempt_id, amount=amount, note=typed.note, seen=number(texts.get("left", "")))
    try:
        key = await payment_refunds.ask(new, house.till, asked.merchant.by)
    except Invalid:
        return await page(asked, house, Typed(refund=replace(typed, wrong_amount=WRONG["too-much"])))
    except Conflict:
        return back(asked, "changed-meanwhile")
    return back(asked, await _outcome(attempt_id, key, house))


def _question(
    typed: RefundForm, amount: int, attempt: Attempt, confirmed: int, asked: ShownOrder
) -> RefundForm | None:
    """What stands in the way, or that it cannot be undone: that is asked once, for this very amount."""
    if amount == 0:
        return replace(typed, wrong_amount=WRONG["nothing"])
    if refund_windows.is_over(attempt, asked.merchant.at):
        return replace(typed, wrong_amount=WRONG["too-late"])
    if amount <= payment_refunds.left(attempt) and confirmed != amount:
        return replace(typed, asked_for=Money(amount, attempt.currency))
    return None


async def _outcome(attempt_id: int, key: str, house: PortalHouse) -> str:
    async with house.database.reading() as session:
        attempt = await payment_attempts.one(attempt_id, session)
    told = [event for event in attempt.events if key in (event.reference, event.text("key")) and event.kind in DONE]
    return OUTCOMES[told[-1].text("status")] if told else "refund-waits"


async def page(asked: ShownOrder, house: PortalHouse, typed: Typed = NOTHING_TYPED) -> Page:
    """With what was typed, where it does not fit."""
    order, zone = asked.dossier.order, asked.dossier.zone
    async with house.database.reading() as session:
        attempts = await payment_attempts.of_order(order.id, session)
        names = {row.id: row.name for row in await payment_providers.every(session)}
        said = await payment_facts.announcements(order.id, session)
        seen = await payment_receipts.count(order.id, session)
        by_hand = await payment_receipts.by_hand(order.id, session)
    can_book = order.state is not State.DELETED and order.kind is OrderKind.ORDER
    blank = BlankForms.of(asked.order, local_day(asked.merchant.at, zone), seen, asked.language)
    can_send_back = can_book and payment_repayments.most(order) > 0
    tab = PaymentsTab(
        frame=asked.frame(),
        head=asked.head("payments"),
        done=Done.of(asked.done),
        rows=PaymentRow.all(asked.order, zone, by_hand),
        due=Money(order.due, order.currency),
        attempts=attempts_of(attempts, names, zone, asked.merchant.at),
        announcements=announcements_of(said, order, zone),
        receipt=(typed.receipt or blank.receipt) if can_book else None,
        repayment=(typed.repayment or blank.repayment) if can_send_back else None,
        refund=typed.refund,
    )
    return Page(tab, locale=asked.merchant.locale, status_code=200 if typed == NOTHING_TYPED else 422)


def number(text: str) -> int:
    """What a hidden field holds; 0 for what it cannot."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def back(asked: ShownOrder, done: str) -> Redirect:
    return Redirect(f"{asked.url}/payments?done={done}", status_code=303)
