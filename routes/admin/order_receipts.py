"""Money of an order that moved past every service, noted by hand: what arrived, what was sent back, what was a slip."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from litestar import post
from litestar.params import FromPath
from litestar.response import Redirect

from db.orders import Order
from portal import payment_receipts, payment_repayments
from portal.payment_receipts import ABOVE_DUE, NewReceipt
from portal.payment_repayments import NewRepayment
from portal.refusals import Conflict, Invalid, NotFound
from routes.admin.order_payments import back, number, page
from routes.admin.orders import Asked, ShownOrder
from routes.forms import texts_of
from routes.given import AnyRequest, House
from views import Page
from views.admin.order_payments import REPEATED_REPAYMENT, WRONG, MovementForm, Typed
from views.format import Money, amount_typed

LARGEST_ID = 2**63 - 1


@post("/admin/orders/{order_id:int}/payments")
async def book_receipt(asked: Asked, request: AnyRequest, house: House) -> Page | Redirect:
    """What has arrived at the bank. The form says how many payments it saw: a second click books nothing."""
    texts = await texts_of(request)
    typed, amount, on = _read(texts, asked)
    if amount is None or on is None:
        return await page(asked, house, Typed(receipt=_unreadable(typed, amount, on)))
    confirmed = number(texts.get("confirmed", ""))
    new = NewReceipt(amount=amount, on=on, reference=typed.reference, seen=typed.seen, confirmed=confirmed)
    try:
        async with house.database.writing() as session:
            order = await session.get_one(Order, asked.dossier.order.id)
            await payment_receipts.book(new, order, asked.dossier.zone, session, asked.merchant.by)
    except Invalid as invalid:
        told = _told(typed, invalid)
        if any(fault.code == ABOVE_DUE for fault in invalid.faults):
            told = replace(typed, above_due=Money(amount, asked.order.currency))
        return await page(asked, house, Typed(receipt=told))
    except Conflict:
        return back(asked, "changed-meanwhile")
    return back(asked, "booked")


@post("/admin/orders/{order_id:int}/repayments")
async def book_repayment(asked: Asked, request: AnyRequest, house: House) -> Page | Redirect:
    """What the merchant has sent back."""
    typed, amount, on = _read(await texts_of(request), asked)
    if amount is None or on is None:
        return await page(asked, house, Typed(repayment=_unreadable(typed, amount, on)))
    new = NewRepayment(amount=amount, on=on, reference=typed.reference, seen=typed.seen)
    try:
        async with house.database.writing() as session:
            order = await session.get_one(Order, asked.dossier.order.id)
            await payment_repayments.book(new, order, asked.dossier.zone, session, asked.merchant.by)
    except Invalid as invalid:
        told = _told(typed, invalid)
        if told.wrong_amount:
            told = replace(told, wrong_amount=WRONG["too-much"])
        if told.wrong_reference:
            told = replace(told, wrong_reference=REPEATED_REPAYMENT)
        return await page(asked, house, Typed(repayment=told))
    except Conflict:
        return back(asked, "changed-meanwhile")
    return back(asked, "repaid")


@post("/admin/orders/{order_id:int}/payments/{payment_id:int}/reversals")
async def take_back(asked: Asked, payment_id: FromPath[int], house: House) -> Redirect:
    """What was booked by mistake stays in the list, and counts no more."""
    if not 0 < payment_id <= LARGEST_ID:
        raise NotFound
    try:
        async with house.database.writing() as session:
            order = await session.get_one(Order, asked.dossier.order.id)
            await payment_receipts.take_back(payment_id, order, session, asked.merchant.by)
    except Conflict:
        return back(asked, "changed-meanwhile")
    return back(asked, "taken-back")


def _read(texts: dict[str, str], asked: ShownOrder) -> tuple[MovementForm, int | None, date | None]:
    """What was typed, and amount and day as far as they can be read."""
    typed = MovementForm(
        amount=texts.get("amount", "")[:40],
        on=texts.get("on", "")[:20],
        reference=texts.get("reference", "")[:300].strip(),
        seen=number(texts.get("seen", "")),
    )
    return typed, amount_typed(typed.amount, asked.order.currency, asked.language), _day(typed.on)


def _unreadable(typed: MovementForm, amount: int | None, on: date | None) -> MovementForm:
    return replace(
        typed,
        wrong_amount=None if amount is not None else WRONG["amount"],
        wrong_on=None if on else WRONG["on"],
    )


def _told(typed: MovementForm, invalid: Invalid) -> MovementForm:
    wrong = {fault.pointer.removeprefix("#/") for fault in invalid.faults}
    return replace(
        typed,
        wrong_amount=WRONG["nothing"] if "amount" in wrong else None,
        wrong_on=WRONG["on"] if "on" in wrong else None,
        wrong_reference=WRONG["reference"] if "reference" in wrong else None,
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
