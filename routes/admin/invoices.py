"""Issued documents behind the counter: the list, and what the tax adviser gets of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from datetime import date

from litestar import route
from litestar.exceptions import HTTPException
from litestar.response import Stream

from db.invoices import InvoiceKind, Issuer
from portal import invoice_list, invoices
from portal.house import House as PortalHouse
from portal.invoice_list import InvoiceFilter, Month, Place, Turn
from portal.refusals import Fault, Invalid
from portal.sessions import SignedIn
from portal.streamed_zip import StreamedZip
from portal.windows import local_day
from routes.admin.orders import LARGEST, word_of
from routes.given import AnyRequest, House, Merchant, Now
from routes.ranges import attachment
from views import Page, spoken
from views.admin.frame import Frame
from views.admin.invoice_export import EXPORTED, INDEX, Register, member_name
from views.admin.invoices import CSV, PATH, ZIP, Filters, InvoiceRow, InvoicesPage, address, place_text

MONTH = re.compile(r"(?P<year>[12][0-9]{3})(?:-(?P<month>0?[1-9]|1[0-2]))?")
GERMAN_MONTH = re.compile(r"(?P<month>0?[1-9]|1[0-2])[./](?P<year>[12][0-9]{3})")
TURN = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.([0-9]{1,18})", re.ASCII)


@route(PATH, http_method=["GET", "HEAD"])
async def list_invoices(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    asked = request.query_params
    try:
        wanted = filter_of(asked)
    except Invalid as invalid:
        return await _unknown(asked, invalid, house, merchant)
    async with house.database.reading() as session:
        found = await invoice_list.page(wanted, turn_of(asked), session)
        has_invoices = await invoice_list.any_at_all(session)
    page = InvoicesPage(
        frame=Frame.of(merchant, PATH),
        has_invoices=has_invoices,
        is_filtered=not wanted.is_empty,
        filters=Filters.of(wanted),
        rows=tuple(InvoiceRow.of(row) for row in found.rows),
        newer=address(wanted, before=place_text(found.newer)) if found.newer else "",
        older=address(wanted, after=place_text(found.older)) if found.older else "",
        as_csv=address(wanted, CSV),
        as_zip=address(wanted, ZIP),
    )
    return Page(page, locale=merchant.locale)


async def _unknown(asked: Mapping[str, str], invalid: Invalid, house: PortalHouse, merchant: SignedIn) -> Page:
    """Nothing is shown for a filter that nobody knows: everything would be taken for what it chooses."""
    wrong = {fault.pointer.removeprefix("#/") for fault in invalid.faults}
    wanted = filter_of({name: text for name, text in asked.items() if name not in wrong})
    async with house.database.reading() as session:
        has_invoices = await invoice_list.any_at_all(session)
    page = InvoicesPage(
        frame=Frame.of(merchant, PATH),
        has_invoices=has_invoices,
        is_filtered=True,
        filters=Filters.of(wanted, asked.get("since", "")[:40], asked.get("until", "")[:40]),
        rows=(),
        newer="",
        older="",
        as_csv="",
        as_zip="",
        is_unknown=True,
    )
    return Page(page, locale=merchant.locale, status_code=422)


@route(CSV, http_method=["GET", "HEAD"])
async def export_list(request: AnyRequest, house: House, merchant: Merchant, now: Now) -> Stream:
    register = Register(spoken(merchant.locale, request))
    lines = _lines(_exported(request.query_params), register, house)
    return leaves(request, lines, "text/csv; charset=utf-8", f"{_name(house, now)}.csv")


@route(ZIP, http_method=["GET", "HEAD"])
async def export_documents(request: AnyRequest, house: House, merchant: Merchant, now: Now) -> Stream:
    register = Register(spoken(merchant.locale, request), of_files=True)
    archive = _archive(_exported(request.query_params), register, house, local_day(now, house.storefront.zone))
    return leaves(request, archive, "application/zip", f"{_name(house, now)}.zip")


def _exported(asked: Mapping[str, str]) -> InvoiceFilter:
    """A table that holds more than was asked for would reach the tax adviser unseen."""
    try:
        return filter_of(asked)
    except Invalid as invalid:
        raise HTTPException(status_code=422) from invalid


def filter_of(asked: Mapping[str, str]) -> InvoiceFilter:
    """Raises Invalid for a kind, an issuer or a month that is none."""
    wanted = InvoiceFilter(
        query=asked.get("q", "")[:200].strip(),
        kind=word_of(InvoiceKind, asked.get("kind", "")),
        issuer=word_of(Issuer, asked.get("issuer", "")),
        since=_month(asked.get("since", ""), 1),
        until=_month(asked.get("until", ""), 12),
    )
    known = {"kind": wanted.kind, "issuer": wanted.issuer, "since": wanted.since, "until": wanted.until}
    if unknown := [name for name, found in known.items() if found is None and asked.get(name, "").strip()]:
        raise Invalid(*(Fault(f"#/{name}", "unknown-filter", "There is no such choice.") for name in unknown))
    return wanted


def turn_of(asked: Mapping[str, str]) -> Turn:
    return Turn(after=_place(asked.get("after", "")), before=_place(asked.get("before", "")))


def _month(text: str, of_year: int) -> Month | None:
    """`2026-11` as month fields send it, `11.2026` as people type it where there is no such field, or a whole year."""
    found = MONTH.fullmatch(text.strip()) or GERMAN_MONTH.fullmatch(text.strip())
    return Month(int(found["year"]), int(found["month"] or of_year)) if found else None


def _place(text: str) -> Place | None:
    found = TURN.fullmatch(text)
    try:
        return Place(date.fromisoformat(found[1]), min(int(found[2]), LARGEST)) if found else None
    except ValueError:
        return None


def _name(house: PortalHouse, now: Now) -> str:
    """`invoices-2026-11-28`, by the day on the merchant's clock."""
    return f"invoices-{local_day(now, house.storefront.zone).isoformat()}"


def leaves(request: AnyRequest, pieces: AsyncIterator[bytes], media_type: str, name: str) -> Stream:
    """Its size is not known before its end: where it breaks off, the browser tells."""
    content = _nothing() if request.method == "HEAD" else pieces
    return Stream(content, media_type=media_type, headers={"Content-Disposition": attachment(name)})


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


async def _lines(wanted: InvoiceFilter, register: Register, house: PortalHouse) -> AsyncIterator[bytes]:
    yield register.head()
    async for row in invoice_list.every(wanted, house.database.reading):
        yield register.line(row)


async def _archive(wanted: InvoiceFilter, register: Register, house: PortalHouse, today: date) -> AsyncIterator[bytes]:
    """Each document on its own, byte for byte as it is stored; the index, which needs all of them, is the last."""
    archive = StreamedZip()
    index = bytearray(register.head())
    async for row in invoice_list.every(wanted, house.database.reading):
        for form in (form for form in EXPORTED if form in row.hashes):
            async with house.database.reading() as session:
                content = await invoices.document(row.id, form, session)
            name = member_name(row, form)
            index += register.line(row, name, row.hashes[form])
            yield await asyncio.to_thread(archive.member, name, content, row.issued_on)
    yield archive.member(INDEX, bytes(index), today)
    yield archive.end()
