"""Einstellungen: every field saves itself, by the same addresses with and without JavaScript."""

from __future__ import annotations

from litestar import post, route
from litestar.response import Redirect

from db.settings import InvoiceSettings, SellerSettings
from portal import settings
from portal.house import House as PortalHouse
from portal.sessions import SignedIn
from portal.settings import InvoicesChange, SellerChange
from routes.admin.tabs import Section, Tab, saved, shown
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.frame import HOME, Frame
from views.admin.labels import IDENTITY, INVOICES, SELLER
from views.admin.settings_invoices import InvoicesPage, lacks
from views.form import Form

INVOICES_TAB = Tab(
    "/admin/settings/portal/invoices",
    [
        Section(InvoiceSettings, InvoicesChange, INVOICES),
        Section(SellerSettings, SellerChange, {name: SELLER[name] for name in IDENTITY}),
    ],
)


@route("/admin", http_method=["GET", "HEAD"])
async def show_home() -> Redirect:
    return Redirect(HOME, status_code=303)


@route("/admin/settings", http_method=["GET", "HEAD"])
async def show_settings() -> Redirect:
    return Redirect(INVOICES_TAB.path, status_code=303)


@route(INVOICES_TAB.path, http_method=["GET", "HEAD"])
async def show_invoices(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    return await _invoices(await shown(INVOICES_TAB, request, house, merchant), house, merchant)


@post(INVOICES_TAB.path)
async def change_invoices(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    found = await saved(INVOICES_TAB, request, house, merchant)
    return found if isinstance(found, Redirect) else await _invoices(found, house, merchant, 422)


async def _invoices(form: Form, house: PortalHouse, merchant: SignedIn, status: int = 200) -> Page:
    async with house.database.reading() as session:
        missing = lacks(await settings.of(SellerSettings, session))
    page = InvoicesPage(frame=Frame.of(merchant, form.action), form=form, lacks=missing)
    return Page(page, locale=merchant.locale, status_code=status)
