"""Issued documents, as they were stored."""

from __future__ import annotations

from litestar import route
from litestar.params import FromPath

from portal import dossiers, invoices
from portal.byte_ranges import HeldBytes
from portal.refusals import NotFound
from routes.customer.orders import page_of
from routes.given import House, LinkedOrder, Now, Reading
from routes.ranges import RangedAnswer, inline
from views import Page

PRIVATE = {"Cache-Control": "private, no-store"}
MEDIA_TYPES = {"pdf": "application/pdf", "xml": "application/xml"}


@route("/o/{token:str}/invoices/{document:str}", http_method=["GET", "HEAD"])
async def show_invoice(
    order: LinkedOrder, document: FromPath[str], reading: Reading, house: House, now: Now
) -> RangedAnswer | Page:
    """`document` is `{id}.pdf` or `{id}.xml`; another order's id is as unknown as none."""
    dossier = await dossiers.of(order.id, reading, house.zone)
    number, _, form = document.partition(".")
    found = [invoice for invoice in dossier.invoices if str(invoice.id) == number and form in invoice.formats]
    if not found or form not in MEDIA_TYPES:
        raise NotFound
    if why := invoices.refusal(dossier.order, found[0], dossier.invoice_rules, now):
        return await page_of(order, house, now, why)
    content = await invoices.document(found[0].id, form, reading)
    name = inline(f"{found[0].number}.{form}")
    return RangedAnswer(HeldBytes(content), name, media_type=MEDIA_TYPES[form], headers=PRIVATE)
