"""The downloads of one order, with their numbers as the customer sees them, and more of them on top."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import post, route
from litestar.response import Redirect
from msgspec import ValidationError, convert

from db.orders import Order
from portal import allowances, dossiers, download_log, sessions
from portal.allowances import NewAllowance
from portal.house import House as PortalHouse
from routes.admin.orders import Asked, ShownOrder
from routes.admin.signed_in import kept_for
from routes.forms import texts_of
from routes.given import AnyRequest, House
from views import Page
from views.admin import order_ready
from views.admin.order_tabs import AllowanceForm, Done, DownloadRow, DownloadsTab
from views.sentences import said

WRONG_NUMBER = said("Please enter a whole number from 1 to 1,000,000.")
NO_REASON = said("Please say why in a few words.")


@route("/admin/orders/{order_id:int}/downloads", http_method=["GET", "HEAD"])
async def show_downloads(asked: Asked, house: House) -> Page:
    waiting = await kept_for(_action(asked), asked.merchant, house)
    return await _page(asked, house, _checked(waiting) if waiting else None)


@post("/admin/orders/{order_id:int}/allowances")
async def give_downloads(asked: Asked, request: AnyRequest, house: House) -> Page | Redirect:
    """The form says how many were given before: a second click gives nothing."""
    texts = await texts_of(request)
    form = _checked(texts)
    if form.wrong_downloads or form.wrong_reason:
        return await _page(asked, house, form, 422)
    new = NewAllowance(file=form.file, downloads=int(form.downloads), reason=form.reason)
    async with house.database.writing() as session:
        dossier = await dossiers.of(asked.dossier.order.id, session, house.zone)
        given = {str(each.allowance) for each in dossier.entitlements if each.file.id == new.file}
        if given != {texts.get("given", "")}:
            return asked.back("downloads", "changed-meanwhile")
        order = await session.get_one(Order, dossier.order.id)
        await allowances.give(new, order, dossier, session, asked.merchant.by)
        await sessions.let_go(asked.merchant.session_id, _action(asked), session)
    return asked.back("downloads", "given")


def _action(asked: ShownOrder) -> str:
    return f"{asked.url}/allowances"


async def _page(asked: ShownOrder, house: PortalHouse, form: AllowanceForm | None, status: int = 200) -> Page:
    """With what was typed, where it is not given yet."""
    async with house.database.reading() as session:
        log = await download_log.of_order(asked.dossier.order.id, session)
    tab = DownloadsTab(
        frame=asked.frame(),
        head=asked.head("downloads"),
        done=Done.of(asked.done),
        files=tuple(order_ready.file(each, asked.merchant.at) for each in asked.dossier.entitlements),
        form=form,
        log=tuple(DownloadRow.of(row, asked.dossier.zone) for row in log),
    )
    return Page(tab, locale=asked.merchant.locale, status_code=status)


def _checked(texts: Mapping[str, str]) -> AllowanceForm:
    """By the rules of the API."""
    file, downloads, reason = (texts.get(name, "").strip() for name in ("file", "downloads", "reason"))
    return AllowanceForm(
        file=int(file) if file.isascii() and file.isdecimal() and len(file) < 19 else 0,
        downloads=downloads[:40],
        reason=reason[:2000],
        wrong_downloads=None if _fits(downloads=downloads) else WRONG_NUMBER,
        wrong_reason=None if _fits(reason=reason) else NO_REASON,
    )


def _fits(downloads: str = "1", reason: str = "-") -> bool:
    try:
        convert({"file": 1, "downloads": downloads, "reason": reason}, NewAllowance, strict=False)
    except ValidationError:
        return False
    return True
