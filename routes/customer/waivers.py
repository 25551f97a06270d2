"""Consent is given by a click, and confirmed by mail or by the paper that the click is answered with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect

from db.waivers import ConfirmationWay, WaiverSource
from portal import consents, papers, waiver_records
from portal.byte_ranges import HeldBytes
from portal.consents import Consent, NotAccepted, OtherWording
from portal.house import House as PortalHouse
from portal.refusals import NotFound, Refused
from portal.waiver_records import WaiverRecord
from portal.waivers import Confirmation
from routes.customer.orders import page_again, page_of
from routes.forms import field_of
from routes.given import AnyRequest, AnyResponse, Customer, House, LinkedOrder, OrderBehindLink, Reading
from routes.ranges import RangedAnswer, Sent, attachment, inline
from views import Page, spoken
from views.customer.waiver_confirmation import WaiverConfirmationPage
from views.customer.waivers import Asking, Complaint
from views.languages import locale_of
from views.mail import waiver_confirmation as mail
from views.papers.waivers import confirmation

PDF = "application/pdf"
PRIVATE = {"Cache-Control": "private, no-store"}


@post("/o/{token:str}/waivers")
async def give_waiver(order: LinkedOrder, request: AnyRequest, house: House, customer: Customer) -> AnyResponse:
    locale = spoken(order.seen.locale, request)
    consent = await _consent(request, str(locale).replace("_", "-"))
    write = partial(mail.written, locale=locale, url=house.links.url(order.link))
    try:
        settled = await house.confirmations.give(order.id, consent, write, customer)
    except NotAccepted:
        return await page_again(order, house, customer.at, Asking(complaint=Complaint.NOT_TICKED))
    except OtherWording:
        return await page_again(order, house, customer.at, Asking(complaint=Complaint.OTHER_WORDING))
    except Refused as refused:
        return await page_of(order, house, customer.at, refused.refusal)
    if settled.paper is None:
        return Redirect(f"/o/{order.token}", status_code=303)
    return await _handed_out(order, settled.paper, house)


@post("/o/{token:str}/waivers/{waiver_id:int}/confirmations")
async def confirm_waiver(order: LinkedOrder, waiver_id: FromPath[int], house: House) -> AnyResponse:
    """For who has no mail, or whose transfer broke: the paper, again if need be."""
    return await _handed_out(order, waiver_id, house)


@route("/o/{token:str}/waivers/{document:str}", http_method=["GET", "HEAD"])
async def show_waiver(
    order: LinkedOrder, document: FromPath[str], request: AnyRequest, reading: Reading, house: House
) -> AnyResponse:
    """`document` is the id for the page, `{id}.pdf` for the paper. Reading it confirms nothing."""
    number, _, form = document.partition(".")
    if not number.isdecimal() or not number.isascii() or len(number) > 18 or document not in (number, f"{number}.pdf"):
        raise NotFound
    record = _own(await waiver_records.of(order.id, int(number), reading, house.zone))
    if form:
        return RangedAnswer(await _paper(record, house), inline(_name(record)), media_type=PDF, headers=PRIVATE)
    page = WaiverConfirmationPage.of(record, spoken(order.seen.locale, request), token=order.token)
    return Page(page, locale=order.seen.locale, headers=PRIVATE)


async def _consent(request: AnyRequest, locale: str) -> Consent:
    return Consent(
        accepted=await field_of(request, "accepted") == "yes",
        text_sha256=await field_of(request, "text"),
        lines_sha256=await field_of(request, "lines"),
        locale=locale,
    )


async def _handed_out(order: OrderBehindLink, waiver_id: int, house: PortalHouse) -> RangedAnswer:
    async with house.database.reading() as session:
        record = _own(await waiver_records.of(order.id, waiver_id, session, house.zone))
    paper = await _paper(record, house)
    done = Handed(house, waiver_id)
    return RangedAnswer(paper, attachment(_name(record)), media_type=PDF, headers=PRIVATE, on_done=done)


def _own(record: WaiverRecord) -> WaiverRecord:
    """Raises NotFound for what a shop told: that was confirmed there, or not at all."""
    if record.waiver.source is not WaiverSource.PORTAL:
        raise NotFound
    return record


async def _paper(record: WaiverRecord, house: PortalHouse) -> HeldBytes:
    letter = confirmation(record, locale_of(record.waiver.locale, ""))
    return HeldBytes(await papers.printed(letter, house.child, house.scratch))


def _name(record: WaiverRecord) -> str:
    word = "Zustimmung" if record.waiver.locale.startswith("de") else "Consent"
    return f"{word}-{record.order_number}.pdf"


@dataclass(frozen=True)
class Handed:
    """Notes, after the answer, that the customer has the whole paper."""

    house: PortalHouse
    waiver_id: int

    async def __call__(self, sent: Sent) -> None:
        if not sent.finished:
            return
        confirmed = Confirmation(at=datetime.now(UTC), way=ConfirmationWay.PDF)
        async with self.house.database.writing() as session:
            await consents.confirm(self.waiver_id, confirmed, session)
