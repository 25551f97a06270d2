"""Issued documents: told as JSON, handed out as they were stored, and taken in from elsewhere."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from litestar import get, post, put, route
from litestar.exceptions import HTTPException
from litestar.params import FromPath, RawBody
from litestar.response import Response
from msgspec import Meta, Struct

from db.invoices import DocumentFormat
from portal import foreign_invoices, invoice_search, invoices, number_gaps, order_imports
from portal.byte_ranges import HeldBytes
from portal.credit_notes import NewCreditNote
from portal.foreign_invoices import ForeignInvoice
from portal.invoice_search import InvoiceQuery, ToldInvoice
from portal.number_gaps import NewNumberGap, NumberGap
from portal.refusals import NotFound
from routes.api.body import decoded
from routes.api.calls import JSON, PDF, XML, Call, Listed, OrderKey, asked, row_id, told
from routes.api.orders import ORDER
from routes.given import AnyRequest, ApiKeyHolder, House, Reading
from routes.ranges import RangedAnswer, attachment

MEDIA_TYPES = {DocumentFormat.PDF: PDF, DocumentFormat.XML: XML, DocumentFormat.XRECHNUNG: XML}


class ForeignQuery(Struct, kw_only=True, frozen=True):
    """What a PDF does not say of itself to a program."""

    number: Annotated[str, Meta(min_length=1, max_length=200)]
    date: date


@put(
    ORDER + "/invoice",
    request_max_body_size=foreign_invoices.LARGEST,
    opt=told(
        Call(
            summary="Store an invoice that was issued elsewhere, once and unchanged",
            query=ForeignQuery,
            takes=PDF,
            gives={201: ToldInvoice, 200: ToldInvoice},
        )
    ),
)
async def put_invoice(
    key: OrderKey, request: AnyRequest, body: RawBody, house: House, by: ApiKeyHolder
) -> Response[ToldInvoice]:
    if request.content_type[0] != PDF:
        raise HTTPException(status_code=415)
    wanted = asked(ForeignQuery, request)
    async with house.database.reading() as session:
        await order_imports.one(key, session)
    inspection = await foreign_invoices.looked_through(body, house.child, house.scratch)
    new = ForeignInvoice(number=wanted.number, issued_on=wanted.date, content=body, inspection=inspection)
    async with house.database.writing() as session:
        order = await order_imports.one(key, session)
        row, is_new = await foreign_invoices.store(new, order, session, by)
        stored = await invoice_search.one(row.id, session)
    return Response(stored, status_code=201 if is_new else 200)


@get(
    "/invoices",
    opt=told(Call(summary="List issued documents", query=InvoiceQuery, gives={200: Listed[ToldInvoice]})),
)
async def list_invoices(request: AnyRequest, reading: Reading) -> Listed[ToldInvoice]:
    found, cursor = await invoice_search.page(asked(InvoiceQuery, request), reading)
    return Listed(items=found, next_cursor=cursor)


@post(
    ORDER + "/invoices",
    status_code=201,
    opt=told(
        Call(
            summary="Issue the order's invoice, or a new one after all of the last was taken back",
            gives={201: ToldInvoice},
        )
    ),
)
async def issue_invoice(key: OrderKey, house: House, by: ApiKeyHolder) -> ToldInvoice:
    """Whether it is paid, and whether customers may ask for one, has no say here."""
    async with house.database.reading() as session:
        order = await order_imports.one(key, session)
    stored = await house.issuing.by_hand(order.id, by)
    async with house.database.reading() as session:
        return await invoice_search.one(stored, session)


@post(
    "/invoices/{invoice_id:str}/credit-notes",
    status_code=201,
    opt=told(
        Call(
            summary="Take an invoice back: all that is left of it, or some of its lines",
            path="/invoices/{id}/credit-notes",
            takes=NewCreditNote,
            gives={201: ToldInvoice},
        )
    ),
)
async def add_credit_note(invoice_id: FromPath[str], body: RawBody, house: House, by: ApiKeyHolder) -> ToldInvoice:
    wanted = decoded(NewCreditNote, body)
    stored = await house.issuing.credit_note(row_id(invoice_id), wanted, by)
    async with house.database.reading() as session:
        return await invoice_search.one(stored, session)


@post(
    "/number-gaps",
    status_code=201,
    opt=told(
        Call(
            summary="Skip the numbers that were given out after the backup that was restored, once and on record",
            takes=NewNumberGap,
            gives={201: NumberGap},
        )
    ),
)
async def add_number_gap(body: RawBody, house: House, by: ApiKeyHolder) -> NumberGap:
    wanted = decoded(NewNumberGap, body)
    async with house.database.writing() as session:
        return await number_gaps.skip(wanted, session, by)


@route(
    "/invoices/{document:str}",
    http_method=["GET", "HEAD"],
    opt=told(
        Call(summary="Describe an issued document", path="/invoices/{id}", gives={200: ToldInvoice}),
        Call(summary="Hand out the PDF", path="/invoices/{id}.pdf", gives={200: PDF}),
        Call(summary="Hand out the XML", path="/invoices/{id}.xml", gives={200: XML}),
        Call(summary="Hand out the XRechnung", path="/invoices/{id}.xrechnung.xml", gives={200: XML}),
    ),
)
async def show_invoice(document: FromPath[str], reading: Reading) -> Response[ToldInvoice] | RangedAnswer:
    """`document` is the id, or the id and the form that is wanted."""
    number, _, form = document.partition(".")
    invoice = await invoice_search.one(row_id(number), reading)
    if not form:
        return Response(invoice, media_type=JSON)
    if form not in list(DocumentFormat):
        raise NotFound
    content = await invoices.document(invoice.id, form, reading)
    name = attachment(f"{invoice.number}.{form}")
    return RangedAnswer(HeldBytes(content), name, media_type=MEDIA_TYPES[DocumentFormat(form)])
