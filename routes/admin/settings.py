"""Einstellungen: every field saves itself, by the same addresses with and without JavaScript."""

from __future__ import annotations

from litestar import post, route
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from db.settings import FileSettings, GeneralSettings, InvoiceSettings, MailSettings, SellerSettings
from portal import invoice_to_do, mail_servers, mail_tests, number_series, settings, stamp_previews, storages
from portal.envelopes import BadAddress
from portal.house import House as PortalHouse
from portal.number_series import Outlooks
from portal.sessions import SignedIn
from portal.settings import FilesChange, GeneralChange, InvoicesChange, MailChange, SellerChange
from portal.windows import local_day
from routes.admin.example_orders import ROW_ID
from routes.admin.tabs import Section, Tab, saved, shown
from routes.forms import field_of
from routes.given import AnyRequest, House, Merchant
from views import Page, spoken
from views.admin.frame import APPEARANCE, HOME, Frame
from views.admin.labels import FILES, GENERAL, IDENTITY, IN_PRIVACY, INVOICES, MAIL, SELLER
from views.admin.settings_files import FilesPage, picture_of, told_of
from views.admin.settings_invoices import InvoicesPage, Refusal, lacks
from views.admin.settings_mail import MailPage, Trial
from views.admin.settings_seller import SellerPage
from views.faults import EXAMPLES
from views.form import Form
from views.mail import trial
from views.placeholders import IN_SERIES, IN_STAMP

INVOICES_TAB = Tab(
    "/admin/settings/portal/invoices",
    [
        Section(InvoiceSettings, InvoicesChange, INVOICES),
        Section(SellerSettings, SellerChange, {name: SELLER[name] for name in IDENTITY}),
    ],
)
FILES_TAB = Tab("/admin/settings/portal/files", [Section(FileSettings, FilesChange, FILES)])
SELLER_TAB = Tab(
    "/admin/settings/seller",
    [
        Section(SellerSettings, SellerChange, SELLER),
        Section(
            GeneralSettings,
            GeneralChange,
            {name: label for name, label in GENERAL.items() if name not in IN_PRIVACY},
        ),
    ],
)
MAIL_TAB = Tab("/admin/settings/mail", [Section(MailSettings, MailChange, MAIL)])


@route("/admin", http_method=["GET", "HEAD"])
async def show_home() -> Redirect:
    return Redirect(HOME, status_code=303)


@route("/admin/settings", http_method=["GET", "HEAD"])
async def show_settings() -> Redirect:
    return Redirect(APPEARANCE, status_code=303)


@route(INVOICES_TAB.path, http_method=["GET", "HEAD"])
async def show_invoices(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    return await _invoices(await shown(INVOICES_TAB, request, house, merchant), house, merchant)


@post(INVOICES_TAB.path)
async def change_invoices(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    found = await saved(INVOICES_TAB, request, house, merchant)
    return found if isinstance(found, Redirect) else await _invoices(found, house, merchant, 422)


async def _invoices(form: Form, house: PortalHouse, merchant: SignedIn, status: int = 200) -> Page:
    async with house.database.reading() as session:
        seller = await settings.of(SellerSettings, session)
        numbers = await _numbers(seller, house, merchant, session)
        waiting = await invoice_to_do.of_shop(session, merchant.at, house.zone)
    page = InvoicesPage(
        frame=Frame.of(merchant, form.action),
        form=form.noted(IN_SERIES),
        lacks=lacks(seller),
        numbers=numbers,
        refusals=tuple(Refusal.of(each) for each in waiting),
    )
    return Page(page, locale=merchant.locale, status_code=status)


async def _numbers(
    seller: SellerSettings, house: PortalHouse, merchant: SignedIn, session: AsyncSession
) -> Outlooks:
    return await number_series.outlooks(seller, local_day(merchant.at, house.storefront.zone), session)


@route(FILES_TAB.path, http_method=["GET", "HEAD"])
async def show_files(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    form = await shown(FILES_TAB, request, house, merchant)
    return await _files(form, house, merchant, chosen=request.query_params.get("file", ""))


@post(FILES_TAB.path)
async def change_files(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    found = await saved(FILES_TAB, request, house, merchant)
    return found if isinstance(found, Redirect) else await _files(found, house, merchant, status=422)


async def _files(form: Form, house: PortalHouse, merchant: SignedIn, *, chosen: str = "", status: int = 200) -> Page:
    async with house.database.reading() as session:
        names = tuple(row.name for row in await storages.every(session))
        files = tuple(await stamp_previews.files(session))
        file = next((each for each in files if str(each.id) == chosen), files[0] if files else None)
        original = await stamp_previews.original(file.id, session) if file else None
        stored = await settings.of(FileSettings, session)
    page = FilesPage(
        frame=Frame.of(merchant, form.action),
        form=form.noted(IN_STAMP),
        storages=names,
        files=files,
        chosen=file,
        picture=picture_of(file),
        cautions=told_of(await house.previews.cautions(original, stored)),
    )
    return Page(page, locale=merchant.locale, status_code=status)


@route(SELLER_TAB.path, http_method=["GET", "HEAD"])
async def show_seller(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    return await _seller(await shown(SELLER_TAB, request, house, merchant), house, merchant)


@post(SELLER_TAB.path)
async def change_seller(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    found = await saved(SELLER_TAB, request, house, merchant)
    return found if isinstance(found, Redirect) else await _seller(found, house, merchant, 422)


async def _seller(form: Form, house: PortalHouse, merchant: SignedIn, status: int = 200) -> Page:
    async with house.database.reading() as session:
        numbers = await _numbers(await settings.of(SellerSettings, session), house, merchant, session)
    page = SellerPage(
        frame=Frame.of(merchant, form.action),
        form=form.noted(IN_SERIES),
        numbers=numbers,
        fixed_zone=house.zone.key if house.zone else "",
    )
    return Page(page, locale=merchant.locale, status_code=status)


@route(MAIL_TAB.path, http_method=["GET", "HEAD"])
async def show_mail(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    test = request.query_params.get("test", "")
    async with house.database.reading() as session:
        mail = await mail_tests.sent(int(test), session) if ROW_ID.fullmatch(test) else None
    form = await shown(MAIL_TAB, request, house, merchant)
    return await _mail(form, house, merchant, Trial(to=mail.to_address if mail else merchant.email, mail=mail))


@post(MAIL_TAB.path)
async def change_mail(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    found = await saved(MAIL_TAB, request, house, merchant)
    if isinstance(found, Redirect):
        return found
    return await _mail(found, house, merchant, Trial(to=merchant.email), 422)


@post(f"{MAIL_TAB.path}/tests")
async def test_mail(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    """A mail to whom the merchant says: one attempt at once, and what the server answered."""
    to = await field_of(request, "to")
    mail = trial.written(spoken(merchant.locale, request))
    try:
        tested = await mail_tests.send(mail, to, house.messages, house.database, merchant.by)
    except BadAddress:
        form = await shown(MAIL_TAB, request, house, merchant)
        return await _mail(form, house, merchant, Trial(to=to, error=EXAMPLES["email"]), 422)
    return Redirect(f"{MAIL_TAB.path}?test={tested}", status_code=303)


async def _mail(form: Form, house: PortalHouse, merchant: SignedIn, tried: Trial, status: int = 200) -> Page:
    async with house.database.reading() as session:
        told = mail_servers.answer(await settings.of(MailSettings, session), house.post.fixed)
    page = MailPage.of(Frame.of(merchant, form.action), form, told, tried)
    return Page(page, locale=merchant.locale, status_code=status)
