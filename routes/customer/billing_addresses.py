"""The customer corrects the billing address before there is an invoice."""

from __future__ import annotations

from litestar import post
from litestar.response import Redirect

from portal import billing_addresses, billing_corrections, dossiers
from portal.refusals import Invalid, Refused
from routes.customer.orders import page_again, page_of
from routes.forms import texts_of
from routes.given import AnyRequest, Customer, House, LinkedOrder
from views import Page
from views.customer.billing_address import TypedAddress
from views.customer.waivers import Asking
from views.flashes import Deed


@post("/o/{token:str}/billing-address")
async def correct_address(order: LinkedOrder, request: AnyRequest, house: House, customer: Customer) -> Redirect | Page:
    address = billing_addresses.typed(await texts_of(request))
    try:
        async with house.database.writing() as session:
            dossier = await dossiers.of(order.id, session, house.zone)
            await billing_corrections.correct(address, dossier, session, customer)
    except Invalid as invalid:
        asking = Asking(address=TypedAddress(address, invalid.faults))
        return await page_again(order, house, customer.at, asking)
    except Refused as refused:
        return await page_of(order, house, customer.at, refused.refusal, Deed.ADDRESS)
    return Redirect(f"/o/{order.token}#invoice", status_code=303)
