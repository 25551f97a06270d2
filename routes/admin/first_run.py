"""The first merchant is made here, by whoever can read the terminal; afterwards the address is gone."""

from __future__ import annotations

from litestar import post, route
from litestar.response import Redirect

from portal.merchants import NoMailAddress, PasswordUnfit
from portal.refusals import NotFound
from portal.sessions import NotTheFirst, SignInRefused, TooSoon
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

    def again(error: Sentence, wrong: str, status: int = 422) -> Page:
        return Page(FirstRunPage(email=email, code=code, error=error, wrong=wrong), locale="", status_code=status)

    if not await house.door.is_first_run():
        raise NotFound
    try:
        token = await house.door.first_run(code, email, texts.get("password", ""), knock(request, now))
    except NoMailAddress:
        return again(NO_MAIL_ADDRESS, "email")
    except PasswordUnfit:
        return again(PASSWORD_UNFIT, "password")
    except SignInRefused:
        return again(CODE_UNFIT, "code", 401)
    except TooSoon as soon:
        return again(too_soon(soon.seconds), "code", 429)
    except NotTheFirst as error:
        raise NotFound from error
    known = remembered(house.door.mark(email, now), house.base_url)
    return Redirect(HOME, status_code=303, cookies=[cookie(token, house.base_url), known])
