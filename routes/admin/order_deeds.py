"""What a merchant does with one order: renew its link, send it; and what they look at besides."""

from __future__ import annotations

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect

from db.orders import Order, State
from portal import invoices, links, order_history
from portal.byte_ranges import HeldBytes
from portal.envelopes import BadAddress
from portal.new_messages import NewMessage
from portal.refusals import NotFound
from routes.admin.orders import Asked, ShownOrder
from routes.customer.invoices import MEDIA_TYPES, PRIVATE
from routes.forms import texts_of
from routes.given import AnyRequest, House, Now
from routes.protection import POLICY
from routes.ranges import RangedAnswer, inline
from views import Page
from views.admin.order_as_customer import SeenOrderPage
from views.customer.order import OrderPage
from views.customer.waivers import Asking
from views.languages import locale_of
from views.mail import portal_link

# The page is the customer's own, but what stands in it must do nothing here.
HARMLESS = {"Content-Security-Policy": POLICY.replace("form-action 'self'", "form-action 'none'")}


@post("/admin/orders/{order_id:int}/portal-link")
async def renew_link(asked: Asked, request: AnyRequest, house: House) -> Redirect:
    """The form says which link it saw: a second click renews nothing."""
    seen = (await texts_of(request)).get("version", "")
    async with house.database.writing() as session:
        order = await session.get_one(Order, asked.dossier.order.id)
        is_same = seen == str(order.link_version)
        if is_same:
            await links.renew(order, session, asked.merchant.by)
    return asked.back("numbers-layouts", "renewed" if is_same else "changed-meanwhile")


@post("/admin/orders/{order_id:int}/messages")
async def send_link(asked: Asked, request: AnyRequest, house: House, now: Now) -> Redirect:
    """One attempt at once, then the outbox. The form says which mail was the newest: a second click sends nothing."""
    seen = (await texts_of(request)).get("newest", "")
    if asked.dossier.order.state is State.DELETED:
        raise NotFound
    async with house.database.writing() as session:
        mails = await order_history.mails(asked.dossier.order.id, session)
        if seen != str(mails[0].id if mails else 0):
            return asked.back("numbers-layouts", "changed-meanwhile")
        try:
            message = await house.messages.enqueue(_mail(asked, now), session, asked.merchant.by)
        except BadAddress:
            return asked.back("numbers-layouts", "no-address")
    outcome = await house.messages.send_now(message.id)
    return asked.back("numbers-layouts", "sent" if outcome.state == "sent" else "waits")


def _mail(asked: ShownOrder, now: Now) -> NewMessage:
    locale = locale_of(asked.dossier.locale, "")
    return portal_link.written(asked.dossier, asked.order.portal_url, locale, now)


@route("/admin/orders/{order_id:int}/as-customer", http_method=["GET", "HEAD"])
async def show_as_customer(asked: Asked, house: House, now: Now) -> Page:
    """The portal page itself, without the observation that its link was opened."""
    if asked.dossier.order.state is State.DELETED:
        raise NotFound
    async with house.database.reading() as session:
        question = asked.dossier.waiver_question is not None
        by_mail = question and await house.confirmations.reaches(asked.dossier, session)
    # No token: the live link has no business in a page that is not the customer's.
    page = OrderPage.of(asked.dossier, now, token="as-customer", asking=Asking(by_mail, None))  # noqa: S106
    return Page(SeenOrderPage.seen(page, asked.dossier, now), locale=asked.dossier.locale, headers=HARMLESS)


@route("/admin/orders/{order_id:int}/invoices/{document:str}", http_method=["GET", "HEAD"])
async def show_invoice(asked: Asked, document: FromPath[str], house: House) -> RangedAnswer:
    """The merchant gets every document of the order, whatever the customer may have."""
    number, _, form = document.partition(".")
    found = [each for each in asked.dossier.invoices if str(each.id) == number and form in each.formats]
    if not found:
        raise NotFound
    async with house.database.reading() as session:
        content = await invoices.document(found[0].id, form, session)
    media_type = MEDIA_TYPES.get(form, "application/xml")
    name = inline(f"{found[0].number}.{form}")
    return RangedAnswer(HeldBytes(content), name, media_type=media_type, headers=PRIVATE)
