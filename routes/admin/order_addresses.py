"""What a merchant does about the billing address of one order: correct it, or withdraw what somebody corrected."""

from __future__ import annotations

from litestar import post
from litestar.response import Redirect

from portal import billing_addresses, billing_corrections, dossiers
from portal.refusals import Invalid, Refused
from routes.admin.order_numbers import page_of
from routes.admin.orders import Asked
from routes.forms import texts_of
from routes.given import AnyRequest, House
from views import Page
from views.admin.order_invoices import Typed
from views.customer.billing_address import TypedAddress

TAB = "numbers-layouts"


@post("/admin/orders/{order_id:int}/billing-address")
async def correct_address(asked: Asked, request: AnyRequest, house: House) -> Page | Redirect:
    address = billing_addresses.typed(await texts_of(request))
    try:
        async with house.database.writing() as session:
            dossier = await dossiers.of(asked.dossier.order.id, session, house.zone)
            await billing_corrections.correct_by_hand(address, dossier, session, asked.merchant.by)
    except Invalid as invalid:
        return await page_of(asked, house, Typed(address=TypedAddress(address, invalid.faults)), 422)
    except Refused:
        return asked.back(TAB, "changed-meanwhile")
    return asked.back(TAB, "address-corrected")


@post("/admin/orders/{order_id:int}/billing-address/withdrawals")
async def withdraw_address(asked: Asked, house: House) -> Redirect:
    try:
        async with house.database.writing() as session:
            dossier = await dossiers.of(asked.dossier.order.id, session, house.zone)
            await billing_corrections.withdraw(dossier, session, asked.merchant.by)
    except Refused:
        return asked.back(TAB, "changed-meanwhile")
    return asked.back(TAB, "address-withdrawn")
