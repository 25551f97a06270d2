"""What there is of a person: to look at, to hand over, to erase."""

from __future__ import annotations

from collections.abc import AsyncIterator

from litestar import post, route
from litestar.exceptions import HTTPException
from litestar.params import FromPath
from litestar.response import Redirect, Stream

from portal import erasures, subject_exports, subjects
from portal.house import House as PortalHouse
from portal.lost_links import normal
from portal.refusals import Invalid
from portal.streamed_zip import StreamedZip
from portal.windows import local_day
from routes.admin.invoices import leaves
from routes.forms import field_of
from routes.given import AnyRequest, House, Merchant, Now
from views import Page
from views.admin.frame import Frame
from views.admin.subject import ERASURES, EXPORT, OTHER_ADDRESS, PEOPLE, ErasurePage, SubjectPage


@route(PEOPLE, http_method=["GET", "HEAD"])
async def show_person(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    typed = request.query_params.get("email", "")
    frame = Frame.of(merchant, PEOPLE)
    try:
        address = normal(typed)
    except Invalid:
        return Page(SubjectPage.unfit(frame, typed[:320]), locale=merchant.locale, status_code=422)
    async with house.database.reading() as session:
        found = await subjects.about(address, session, house.storefront.zone)
    return Page(SubjectPage.of(frame, found), locale=merchant.locale)


@route(EXPORT, http_method=["GET", "HEAD"])
async def export_person(request: AnyRequest, house: House, now: Now) -> Stream:
    try:
        address = normal(request.query_params.get("email", ""))
    except Invalid as invalid:
        raise HTTPException(status_code=422) from invalid
    today = local_day(now, house.storefront.zone)
    return leaves(request, _archive(address, house, now), "application/zip", f"data-{today.isoformat()}.zip")


@post(ERASURES)
async def erase_person(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    """What is typed to confirm has to be the address, whatever letters of it are capitals."""
    email, typed = await field_of(request, "email"), await field_of(request, "typed")
    frame = Frame.of(merchant, PEOPLE)
    try:
        address = normal(email)
    except Invalid:
        return Page(SubjectPage.unfit(frame, email[:320]), locale=merchant.locale, status_code=422)
    if typed.strip().casefold() != address.casefold():
        async with house.database.reading() as session:
            found = await subjects.about(address, session, house.storefront.zone)
        page = SubjectPage.of(frame, found, typed[:320], OTHER_ADDRESS)
        return Page(page, locale=merchant.locale, status_code=422)
    async with house.database.writing() as session:
        row = await erasures.ask(address, session, merchant.by)
    return Redirect(f"{ERASURES}/{row.id}", status_code=303)


@route(ERASURES + "/{erasure_id:int}", http_method=["GET", "HEAD"])
async def show_erasure(erasure_id: FromPath[int], house: House, merchant: Merchant) -> Page:
    zone = house.storefront.zone
    async with house.database.reading() as session:
        row = await erasures.one(erasure_id, session)
        kept = await subjects.kept_of(await erasures.order_ids(row.id, session), session, zone)
    return Page(ErasurePage.of(Frame.of(merchant, ERASURES), row, kept, zone), locale=merchant.locale)


async def _archive(address: str, house: PortalHouse, now: Now) -> AsyncIterator[bytes]:
    """Never whole in memory, and never on the disk: no copy of it stays behind."""
    archive, day = StreamedZip(), local_day(now, house.storefront.zone)
    async for name, content in subject_exports.members(address, house.database.reading, now):
        yield archive.member(name, content, day)
    yield archive.end()
