"""Documents are issued when somebody asks for one, and handed out as they were stored."""

from __future__ import annotations

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect

from db.automations import Trigger
from portal import dossiers, invoices, triggers
from portal.byte_ranges import HeldBytes
from portal.refusals import NotFound, Refused
from routes.customer.orders import OUR_FAULT, page_of
from routes.given import Customer, House, LinkedOrder, Now, Reading
from routes.ranges import RangedAnswer, inline
from views import Page
from views.flashes import Deed

PRIVATE = {"Cache-Control": "private, no-store"}
MEDIA_TYPES = {"pdf": "application/pdf", "xml": "application/xml", "xrechnung.xml": "application/xml"}


@post("/o/{token:str}/invoices")
async def get_invoice(order: LinkedOrder, house: House, customer: Customer) -> Redirect | Page:
    """A second click leads to the document of the first. Where there is none, the page itself says why."""
    try:
        invoice_id = await house.issuing.invoice(order.id, customer)
    except Refused as refused:
        if refused.refusal in OUR_FAULT:
            return await page_of(order, house, customer.at, refused.refusal, Deed.INVOICE)
        return Redirect(f"/o/{order.token}#invoice", status_code=303)
    async with house.database.writing() as session:
        await triggers.fire(Trigger.INVOICE_DOWNLOADED, order.id, session, customer)
    return Redirect(f"/o/{order.token}/invoices/{invoice_id}.pdf", status_code=303)


@route("/o/{token:str}/invoices/{document:str}", http_method=["GET", "HEAD"])
async def show_invoice(
    order: LinkedOrder, document: FromPath[str], reading: Reading, house: House, now: Now
) -> RangedAnswer | Page:
    """`document` is `{id}.pdf`, `{id}.xml` or `{id}.xrechnung.xml`; another order's id is as unknown as none."""
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
