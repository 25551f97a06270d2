"""The first merchant is made here, by whoever can read the terminal; afterwards the address is gone."""

from __future__ import annotations

from litestar import post, route
from litestar.response import Redirect

from portal import merchants
from portal.merchants import NoMailAddress, PasswordUnfit
from portal.refusals import NotFound
from portal.sessions import NotTheFirst, SignInRefused
from portal.tries import TooSoon
from routes.admin.known_browser import knock, remembered
from routes.admin.signed_in import cookie
from routes.forms import texts_of
from routes.given import AnyRequest, House, Now
from views import Page
from views.admin.frame import HOME
from views.admin.sign_in import CODE_UNFIT, NO_MAIL_ADDRESS, PASSWORD_UNFIT, FirstRunPage, too_soon
from views.sentences import Sentence


@route("/admin/first-run", http_method=["GET", "HEAD"])
async def show_first_run(house: House) -> Page:
    if not await house.door.is_first_run():
        raise NotFound
    return Page(FirstRunPage(), locale="")


@post("/admin/first-run")
async def make_first_merchant(request: AnyRequest, house: House, now: Now) -> Page | Redirect:
    texts = await texts_of(request)
    code, email = texts.get("code", "")[:40], texts.get("email", "")[:500]

    password = texts.get("password", "")

    def again(status: int, **more: Sentence) -> Page:
        page = FirstRunPage(email=email, code=code, errors=_wrong(email, password) | more)
        return Page(page, locale="", status_code=status)

    if not await house.door.is_first_run():
        raise NotFound
    try:
        token = await house.door.first_run(code, email, password, knock(request, now))
    except (NoMailAddress, PasswordUnfit):
        return again(422)
    except SignInRefused:
        return again(401, code=CODE_UNFIT)
    except TooSoon as soon:
        return again(429, code=too_soon(soon.seconds))
    except NotTheFirst as error:
        raise NotFound from error
    known = remembered(house.door.mark(email, now), house.base_url)
    return Redirect(HOME, status_code=303, cookies=[cookie(token, house.base_url), known])


def _wrong(email: str, password: str) -> dict[str, Sentence]:
    """What is wrong whatever the code is, by field, so that nobody has to find out one by one."""
    wrong = {}
    if not merchants.is_mail_address(email):
        wrong["email"] = NO_MAIL_ADDRESS
    if not merchants.is_fit(password):
        wrong["password"] = PASSWORD_UNFIT
    return wrong
