"""The merchant's own account: language and look, password, signing out."""

from __future__ import annotations

from litestar import post, route
from litestar.response import Redirect

from db.merchants import Language, Theme
from db.merchants import Merchant as MerchantRow
from portal import merchants, sessions
from portal.merchants import PasswordUnfit
from portal.sessions import SignInRefused
from portal.tries import TooSoon
from routes.admin.known_browser import knock
from routes.admin.signed_in import PLACE, cookie
from routes.forms import field_of, texts_of
from routes.given import AnyRequest, House, Merchant, Now
from views import Page
from views.admin.account import CURRENT_UNFIT, PASSWORDS_DIFFER, AccountPage
from views.admin.frame import Frame
from views.admin.sign_in import PASSWORD_UNFIT, too_soon
from views.sentences import Sentence

PATH = "/admin/settings/account"


@route(PATH, http_method=["GET", "HEAD"])
async def show_account(request: AnyRequest, merchant: Merchant) -> Page:
    return _page(merchant, done=request.query_params.get("saved", ""))


@post(f"{PATH}/looks")
async def change_looks(request: AnyRequest, house: House, merchant: Merchant) -> Redirect:
    """Language and theme; what is not known changes nothing."""
    texts = await texts_of(request)
    async with house.database.writing() as session:
        row = await session.get_one(MerchantRow, merchant.merchant_id)
        if texts.get("language") in list(Language):
            row.language = Language(texts["language"])
        if texts.get("theme") in list(Theme):
            row.theme = Theme(texts["theme"])
    return Redirect(PATH, status_code=303)


@post(f"{PATH}/passwords")
async def change_password(request: AnyRequest, house: House, merchant: Merchant, now: Now) -> Page | Redirect:
    texts = await texts_of(request)
    if texts.get("new_password") != texts.get("again"):
        return _page(merchant, PASSWORDS_DIFFER, "again")
    try:
        await house.door.check(merchant, texts.get("password", ""), knock(request, now))
        password_hash = await merchants.hashed(texts.get("new_password", ""))
    except SignInRefused:
        return _page(merchant, CURRENT_UNFIT, "password")
    except TooSoon as soon:
        return _page(merchant, too_soon(soon.seconds), "password", status=429)
    except PasswordUnfit:
        return _page(merchant, PASSWORD_UNFIT, "new_password")
    async with house.database.writing() as session:
        row = await session.get_one(MerchantRow, merchant.merchant_id)
        await merchants.set_password(row, password_hash, session, merchant.by, keeping=merchant.session_id)
    return Redirect(f"{PATH}?saved=password", status_code=303)


@post(f"{PATH}/sign-outs")
async def sign_out(request: AnyRequest, house: House, merchant: Merchant) -> Redirect:
    everywhere = await field_of(request, "everywhere") == "yes"
    async with house.database.writing() as session:
        if everywhere:
            await sessions.end_all(merchant.merchant_id, session, merchant.by)
        else:
            await sessions.end(merchant.session_id, session, merchant.by)
    return Redirect(PLACE, status_code=303, cookies=[cookie("", house.base_url)])


def _page(
    merchant: Merchant, error: Sentence | None = None, wrong: str = "", *, done: str = "", status: int = 422
) -> Page:
    page = AccountPage(
        frame=Frame.of(merchant, PATH),
        chosen_language=merchant.language.value,
        chosen_theme=merchant.theme.value,
        error=error,
        wrong=wrong,
        password_changed=done == "password",
    )
    return Page(page, locale=merchant.locale, status_code=status if error else 200)
