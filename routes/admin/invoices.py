"""Issued documents behind the counter: the list, and what the tax adviser gets of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from datetime import date

from litestar import route
from litestar.response import Stream

from db.invoices import InvoiceKind, Issuer
from portal import invoice_list, invoices
from portal.house import House as PortalHouse
from portal.invoice_list import InvoiceFilter, Month, Place, Turn
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
    wanted = filter_of(request.query_params)
    async with house.database.reading() as session:
        found = await invoice_list.page(wanted, turn_of(request.query_params), session)
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


@route(CSV, http_method=["GET", "HEAD"])
async def export_list(request: AnyRequest, house: House, merchant: Merchant, now: Now) -> Stream:
    register = Register(spoken(merchant.locale, request))
    lines = _lines(filter_of(request.query_params), register, house)
    return _leaves(request, lines, "text/csv; charset=utf-8", f"{_name(house, now)}.csv")


@route(ZIP, http_method=["GET", "HEAD"])
async def export_documents(request: AnyRequest, house: House, merchant: Merchant, now: Now) -> Stream:
    register = Register(spoken(merchant.locale, request), of_files=True)
    archive = _archive(filter_of(request.query_params), register, house, local_day(now, house.storefront.zone))
    return _leaves(request, archive, "application/zip", f"{_name(house, now)}.zip")


def filter_of(asked: Mapping[str, str]) -> InvoiceFilter:
    """An address that was typed or grew old shows what it can: what no filter knows is none."""
    return InvoiceFilter(
        query=asked.get("q", "")[:200].strip(),
        kind=word_of(InvoiceKind, asked.get("kind", "")),
        issuer=word_of(Issuer, asked.get("issuer", "")),
        since=_month(asked.get("since", ""), 1),
        until=_month(asked.get("until", ""), 12),
    )


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


def _leaves(request: AnyRequest, pieces: AsyncIterator[bytes], media_type: str, name: str) -> Stream:
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
