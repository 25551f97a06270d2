"""An order's money behind the counter: the list, booking what arrived, and giving back what was paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from litestar import post, route
from litestar.response import Redirect

from db.orders import Order, OrderKind, State
from db.payment_attempts import AttemptEvent
from db.payments import PaymentStatus
from portal import payment_attempts, payment_facts, payment_providers, payment_receipts, payment_refunds
from portal.house import House as PortalHouse
from portal.payment_receipts import NewReceipt
from portal.payment_refunds import NewRefund
from portal.refusals import Conflict, Invalid, NotFound
from portal.windows import local_day
from routes.admin.orders import Asked, ShownOrder
from routes.forms import texts_of
from routes.given import AnyRequest, House
from views import Page
from views.admin.order_money import PaymentRow
from views.admin.order_payments import (
    WRONG,
    Announcement,
    PaymentsTab,
    ReceiptForm,
    RefundForm,
    attempts_of,
    blank,
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
    return await _page(asked, house)


@post("/admin/orders/{order_id:int}/payments")
async def book_receipt(asked: Asked, request: AnyRequest, house: House) -> Page | Redirect:
    """What has arrived at the bank. The form says how many payments it saw: a second click books nothing."""
    texts = await texts_of(request)
    typed = ReceiptForm(
        amount=texts.get("amount", "")[:40],
        on=texts.get("on", "")[:20],
        reference=texts.get("reference", "")[:300].strip(),
        seen=_number(texts.get("seen", "")),
    )
    amount, on = amount_typed(typed.amount, asked.order.currency), _day(typed.on)
    if amount is None or on is None:
        wrong = replace(
            typed,
            wrong_amount=None if amount else WRONG["amount"],
            wrong_on=None if on else WRONG["on"],
        )
        return await _page(asked, house, receipt=wrong)
    new = NewReceipt(amount=amount, on=on, reference=typed.reference, seen=typed.seen)
    try:
        async with house.database.writing() as session:
            order = await session.get_one(Order, asked.dossier.order.id)
            await payment_receipts.book(new, order, asked.dossier.zone, session, asked.merchant.by)
    except Invalid as invalid:
        return await _page(asked, house, receipt=_told(typed, invalid))
    except Conflict:
        return _back(asked, "changed-meanwhile")
    return _back(asked, "booked")


@post("/admin/orders/{order_id:int}/refunds")
async def start_refund(asked: Asked, request: AnyRequest, house: House) -> Page | Redirect:
    """One attempt at once, then the outbox. The form says how much was left: a second click gives nothing back."""
    texts = await texts_of(request)
    attempt_id = _number(texts.get("attempt", ""))
    typed = RefundForm(attempt=attempt_id, amount=texts.get("amount", "")[:40], note=texts.get("note", "")[:255])
    async with house.database.reading() as session:
        attempt = await payment_attempts.one(attempt_id, session)
    if attempt.order_id != asked.dossier.order.id:
        raise NotFound
    amount = amount_typed(typed.amount, attempt.currency)
    if amount is None:
        return await _page(asked, house, refund=replace(typed, wrong_amount=WRONG["amount"]))
    new = NewRefund(attempt_id=attempt_id, amount=amount, note=typed.note, seen=_number(texts.get("left", "")))
    try:
        key = await payment_refunds.ask(new, house.till, asked.merchant.by)
    except Invalid:
        return await _page(asked, house, refund=replace(typed, wrong_amount=WRONG["too-much"]))
    except Conflict:
        return _back(asked, "changed-meanwhile")
    return _back(asked, await _outcome(attempt_id, key, house))


async def _outcome(attempt_id: int, key: str, house: PortalHouse) -> str:
    async with house.database.reading() as session:
        attempt = await payment_attempts.one(attempt_id, session)
    told = [event for event in attempt.events if key in (event.reference, event.text("key")) and event.kind in DONE]
    return OUTCOMES[told[-1].text("status")] if told else "refund-waits"


async def _page(
    asked: ShownOrder, house: PortalHouse, receipt: ReceiptForm | None = None, refund: RefundForm | None = None
) -> Page:
    """With what was typed, where it does not fit."""
    order, zone = asked.dossier.order, asked.dossier.zone
    async with house.database.reading() as session:
        attempts = await payment_attempts.of_order(order.id, session)
        names = {row.id: row.name for row in await payment_providers.every(session)}
        said = await payment_facts.announcements(order.id, session)
        seen = await payment_receipts.count(order.id, session)
    can_book = order.state is not State.DELETED and order.kind is OrderKind.ORDER
    tab = PaymentsTab(
        frame=asked.frame(),
        head=asked.head("payments"),
        done=Done.of(asked.done),
        rows=PaymentRow.all(asked.order, zone),
        due=Money(order.due, order.currency),
        attempts=attempts_of(attempts, names, zone),
        announcements=tuple(
            Announcement(at=each.at.astimezone(zone), amount=Money(each.amount, each.currency)) for each in said
        ),
        receipt=(receipt or blank(asked.order, local_day(asked.merchant.at, zone), seen)) if can_book else None,
        refund=refund,
    )
    return Page(tab, locale=asked.merchant.locale, status_code=422 if receipt or refund else 200)


def _told(typed: ReceiptForm, invalid: Invalid) -> ReceiptForm:
    wrong = {fault.pointer.removeprefix("#/") for fault in invalid.faults}
    return replace(
        typed,
        wrong_amount=WRONG["amount"] if "amount" in wrong else None,
        wrong_on=WRONG["on"] if "on" in wrong else None,
        wrong_reference=WRONG["reference"] if "reference" in wrong else None,
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _back(asked: ShownOrder, done: str) -> Redirect:
    return Redirect(f"{asked.url}/payments?done={done}", status_code=303)
