"""What a merchant does about the invoice of one order: make it, take it back, bring one in from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from http import HTTPStatus

from litestar import post
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Redirect

from db.invoices import InvoiceKind
from db.orders import Order
from portal import foreign_invoices, sessions
from portal.foreign_invoices import ForeignInvoice
from portal.house import House as PortalHouse
from portal.invoice_lines import NotIssued
from portal.refusals import Conflict, Invalid, NotFound, Overtaken, Refusal, Refused
from routes.admin.order_corrections import typed_of, wanted_of, with_faults
from routes.admin.order_numbers import page_of
from routes.admin.orders import Asked, ShownOrder
from routes.forms import texts_of
from routes.given import AnyRequest, House
from views import Page
from views.admin.invoice_words import Obstacle
from views.admin.order_invoices import NO_DAY, NO_NUMBER, NO_PDF, ONE_IS_STORED, Typed, TypedUpload
from views.sentences import Sentence

TAB = "numbers-layouts"
LARGEST_UPLOAD = foreign_invoices.LARGEST + 100_000  # the form around the file
LONGEST_NUMBER = 200
WRONG = {"#/number": ("number", NO_NUMBER), "#/date": ("date", NO_DAY)}


@post("/admin/orders/{order_id:int}/invoices")
async def create_invoice(asked: Asked, house: House) -> Page | Redirect:
    """The first one, or one more after the last was cancelled. A second click makes nothing more."""
    try:
        await house.issuing.by_hand(asked.dossier.order.id, asked.merchant.by)
    except Refused as refused:
        if refused.refusal is Refusal.ALREADY_INVOICED:
            return asked.back(TAB, "changed-meanwhile")
        return await page_of(asked, house, Typed(obstacle=_obstacle(refused)), 409)
    return asked.back(TAB, "invoice-created")


@post("/admin/orders/{order_id:int}/invoices/{invoice_id:str}/credit-notes")
async def take_back(asked: Asked, invoice_id: FromPath[str], request: AnyRequest, house: House) -> Page | Redirect:
    """The form says how many credit notes it saw: a second click takes nothing more back."""
    if invoice_id not in _invoices(asked):
        raise NotFound
    texts = await texts_of(request)
    action = f"{asked.url}/invoices/{invoice_id}/credit-notes"
    typed, seen = typed_of(action, texts), texts.get("seen", "")
    try:
        wanted = wanted_of(typed)
        known = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 10 else -1
        await house.issuing.credit_note(int(invoice_id), wanted, asked.merchant.by, seen=known)
    except Invalid as invalid:
        return await page_of(asked, house, Typed(correction=with_faults(typed, invalid.faults)), 422)
    except Refused as refused:
        return await page_of(asked, house, Typed(correction=typed, obstacle=_obstacle(refused)), 409)
    except (Overtaken, Conflict):
        return asked.back(TAB, "changed-meanwhile")
    async with house.database.writing() as session:
        await sessions.let_go(asked.merchant.session_id, action, session)
    return asked.back(TAB, "cancelled" if typed.is_complete else "corrected")


@post("/admin/orders/{order_id:int}/foreign-invoices", request_max_body_size=LARGEST_UPLOAD)
async def store_invoice(asked: Asked, request: AnyRequest, house: House) -> Page | Redirect:
    """As it is, byte for byte; the same once more changes nothing."""
    content = await _file(request)
    texts = await texts_of(request) if content is not None else {}
    typed, issued_on = _read(texts, content)
    if issued_on is None or content is None or typed.wrong:
        return await page_of(asked, house, Typed(upload=typed), 422)
    inspection = await foreign_invoices.looked_through(content, house.child, house.scratch)
    new = ForeignInvoice(number=typed.number, issued_on=issued_on, content=content, inspection=inspection)
    try:
        await _store(new, asked, house)
    except Invalid as invalid:
        wrong = dict([WRONG.get(invalid.faults[0].pointer, ("file", NO_PDF))])
        return await page_of(asked, house, Typed(upload=_with(typed, wrong)), 422)
    except Conflict:
        return await page_of(asked, house, Typed(upload=_with(typed, {"number": ONE_IS_STORED})), 409)
    return asked.back(TAB, "invoice-stored")


def _invoices(asked: ShownOrder) -> set[str]:
    """The ids of what can be taken back at all; another order's is as unknown as none."""
    return {str(each.id) for each in asked.dossier.invoices if each.kind is InvoiceKind.INVOICE}


def _obstacle(refused: Refused) -> Obstacle:
    return Obstacle.of(refused.refusal, refused.detail if isinstance(refused, NotIssued) else "")


async def _file(request: AnyRequest) -> bytes | None:
    """None where there is none, or where it is too large to be read."""
    try:
        file = (await request.form()).get("file")
    except HTTPException as error:
        if error.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise
        return None
    return await file.read() if isinstance(file, UploadFile) else None


def _read(texts: Mapping[str, str], content: bytes | None) -> tuple[TypedUpload, date | None]:
    """What was typed, and the day that is meant."""
    number, day = texts.get("number", "").strip(), texts.get("date", "").strip()[:40]
    issued_on = _day(day)
    wrong = {
        "number": None if 0 < len(number) <= LONGEST_NUMBER else NO_NUMBER,
        "date": None if issued_on else NO_DAY,
        "file": None if content else NO_PDF,
    }
    found = {name: sentence for name, sentence in wrong.items() if sentence}
    return TypedUpload(number=number[:LONGEST_NUMBER], date=day, wrong=found), issued_on


def _day(text: str) -> date | None:
    """As date fields send it, or as people type it where there is no such field."""
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        with suppress(ValueError):
            return datetime.strptime(text, form).date()  # noqa: DTZ007 (a day has no zone)
    return None


async def _store(new: ForeignInvoice, asked: ShownOrder, house: PortalHouse) -> None:
    """Raises Invalid and Conflict."""
    async with house.database.writing() as session:
        order = await session.get_one(Order, asked.dossier.order.id)
        await foreign_invoices.store(new, order, session, asked.merchant.by)


def _with(typed: TypedUpload, wrong: Mapping[str, Sentence]) -> TypedUpload:
    return replace(typed, wrong=wrong)
