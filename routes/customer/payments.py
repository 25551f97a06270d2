"""A click leads to the payment service or to the account data; the way back settles what was approved there."""

from __future__ import annotations

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect

from portal import bank_transfers, dossiers, links, payment_attempts, payment_returns, payment_starts
from portal.payment_attempts import Standing
from portal.payment_settlements import Return
from portal.payment_starts import Asked
from portal.refusals import NotFound, Refusal, Refused
from routes.customer.orders import page_of
from routes.forms import field_of
from routes.given import AnyRequest, Customer, House, LinkedOrder, Now
from views import Page
from views.customer.bank_transfer import BankTransferPage
from views.customer.payment_return import PaymentReturnPage

LARGEST = 2**63 - 1
PAYMENT = "#payment"  # the part of the page that says what came of it
PRIVATE = {"Cache-Control": "private, no-store"}


@post("/o/{token:str}/payments")
async def start_payment(order: LinkedOrder, request: AnyRequest, house: House, customer: Customer) -> Redirect | Page:
    asked = Asked(
        link=order.link,
        provider=await field_of(request, "provider"),
        method=await field_of(request, "method"),
    )
    try:
        begun = await payment_starts.begin(asked, house.till, customer)
    except Refused as refused:
        if refused.refusal is Refusal.PROVIDER_UNAVAILABLE:  # the page says so; a proxy may put its own before a 503
            return Redirect(f"/o/{order.token}{PAYMENT}", status_code=303)
        return await page_of(order, house, customer.at, refused.refusal)
    transfer = f"/o/{order.token}/bank-transfers/{begun.choice.provider_id}"
    return Redirect(begun.url or transfer, status_code=303)


@route("/payments/{token:str}", http_method=["GET", "HEAD"])
async def come_back(token: FromPath[str], request: AnyRequest, house: House, customer: Customer) -> Redirect | Page:
    """The one GET that may settle: what the service appends must be its own id of this very payment.

    A link that was renewed meanwhile takes no money away: it is settled all the same, but no order is opened.
    """
    address = payment_attempts.read(token, house.signer)
    if address is None:
        raise links.LinkUnknown
    async with house.database.reading() as session:
        attempt = await payment_attempts.one(address.attempt_id, session)
    seen = house.glance.at(attempt.order_id)
    if seen is None or attempt.order_id != address.link.order_id:  # restored meanwhile, and the number given anew
        raise links.LinkUnknown
    gave_way = False
    if request.method == "GET":
        asked = request.query_params
        back = Return(attempt.id, asked.get("token", ""), is_cancelled=asked.get("cancelled") == "yes")
        arrival = await payment_returns.arrive(back, house.till, customer)
        attempt, gave_way = arrival.attempt, arrival.gave_way
    is_renewed = seen.link_version != address.link.version
    path = "" if is_renewed else f"/o/{house.links.token(address.link)}"
    if gave_way or not path:
        page = PaymentReturnPage.of(attempt.standing, house.storefront.seller, gave_way=gave_way, order_url=path)
        return Page(page, locale=seen.locale, headers=PRIVATE)
    part = "" if attempt.standing is Standing.COMPLETED else PAYMENT  # who has paid looks for the files
    return Redirect(f"{path}{part}", status_code=303, headers={"Cache-Control": "no-store"})


@route("/o/{token:str}/bank-transfers/{provider_id:int}", http_method=["GET", "HEAD"])
async def show_transfer(order: LinkedOrder, provider_id: FromPath[int], house: House, now: Now) -> Page:
    async with house.database.reading() as session:
        dossier = await dossiers.of(order.id, session, house.zone)
        try:
            transfer = await bank_transfers.offered(dossier, _id(provider_id), session)
        except Refused as refused:
            why = refused.refusal
        else:
            view = BankTransferPage.of(dossier, transfer, token=order.token, provider_id=provider_id)
            return Page(view, locale=order.seen.locale, headers=PRIVATE)
    return await page_of(order, house, now, why)


@post("/o/{token:str}/bank-transfers/{provider_id:int}/announcements")
async def announce_transfer(
    order: LinkedOrder, provider_id: FromPath[int], house: House, customer: Customer
) -> Redirect | Page:
    try:
        async with house.database.writing() as session:
            await bank_transfers.announce(order.id, _id(provider_id), session, customer)
    except Refused as refused:
        return await page_of(order, house, customer.at, refused.refusal)
    return Redirect(f"/o/{order.token}{PAYMENT}", status_code=303)


def _id(number: int) -> int:
    if not 0 < number <= LARGEST:
        raise NotFound
    return number
