"""Numbers & layouts of one order: its portal link, its numbers, its documents."""

from __future__ import annotations

from datetime import datetime

from litestar import route

from db.orders import State
from db.settings import FileSettings
from portal import billing_addresses, invoice_list, invoice_remainders, order_history, settings
from portal.house import House as PortalHouse
from portal.stamps import wish
from routes.admin.order_corrections import typed_of
from routes.admin.orders import Asked, ShownOrder
from routes.admin.signed_in import kept_below
from routes.given import House
from views import Page, qr
from views.admin.order_invoices import OrderInvoices, Stored, Typed
from views.admin.order_numbers import Numbers, PortalLink
from views.admin.order_tabs import Done, NumbersTab


@route("/admin/orders/{order_id:int}/numbers-layouts", http_method=["GET", "HEAD"])
async def show_numbers(asked: Asked, house: House) -> Page:
    waiting = await kept_below(f"{asked.url}/invoices/", asked.merchant, house)
    typed = [typed_of(action, texts) for action, texts in waiting.items()]
    return await page_of(asked, house, Typed(correction=typed[0] if typed else None))


async def page_of(asked: ShownOrder, house: PortalHouse, typed: Typed, status: int = 200) -> Page:
    """With what was typed and is not done."""
    order_id = asked.dossier.order.id
    async with house.database.reading() as session:
        mails = await order_history.mails(order_id, session)
        opened_at = await order_history.last_opened(order_id, session)
        can_mail = await house.messages.is_set_up(session)
        stamp = wish(asked.dossier, await settings.of(FileSettings, session)).text
        documents = await invoice_list.of_order(order_id, session)
        left = await invoice_remainders.of_order(order_id, session)
        lacks = await invoice_remainders.lacks_of(order_id, session)
        correction = await billing_addresses.newest_correction(order_id, session)
        address = await billing_addresses.of_order(order_id, session)
    tab = NumbersTab(
        frame=asked.frame(),
        head=asked.head("numbers-layouts"),
        done=Done.of(asked.done),
        link=_link(asked, opened_at, can_mail),
        link_version=asked.dossier.link.version,
        newest_mail=mails[0].id if mails else 0,
        numbers=Numbers.of(asked.order, stamp),
        papers=OrderInvoices.of(
            documents,
            Stored(remainders=left, lacks=lacks, billing=address, is_corrected=correction is not None),
            asked.dossier,
            typed,
        ),
    )
    return Page(tab, locale=asked.merchant.locale, status_code=status)


def _link(asked: ShownOrder, opened_at: datetime | None, can_mail: bool) -> PortalLink | None:
    if asked.dossier.order.state is State.DELETED:
        return None
    return PortalLink(
        url=asked.order.portal_url,
        qr=qr.drawn(asked.order.portal_url),
        opened_at=opened_at.astimezone(asked.dossier.zone) if opened_at else None,
        mail_to=asked.dossier.buyer_email,
        can_mail=can_mail,
    )
