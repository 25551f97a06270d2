"""The door of the back office."""

from __future__ import annotations

from litestar import post, route
from litestar.response import Redirect

from portal import sessions
from portal.merchants import LONGEST_PASSWORD
from portal.sessions import SignInRefused
from portal.tries import TooSoon
from routes.admin.known_browser import knock, remembered
from routes.admin.signed_in import MOST_KEPT, cookie, opened, own_path
from routes.forms import texts_of
from routes.given import AnyRequest, House, Now
from views import Page
from views.admin.frame import HOME
from views.admin.sign_in import UNFIT, SignInPage, too_soon
from views.sentences import Sentence


@route("/admin/sign-in", http_method=["GET", "HEAD"])
async def show_sign_in(request: AnyRequest, house: House) -> Page | Redirect:
    if await house.door.is_first_run():
        return Redirect("/admin/first-run", status_code=303)
    wanted = own_path(request.query_params.get("next", ""))
    return Page(SignInPage(shop=house.storefront.seller.name, next=wanted), locale="")


@post("/admin/sign-in")
async def sign_in(request: AnyRequest, house: House, now: Now) -> Page | Redirect:
    texts = await texts_of(request)
    email, password = texts.get("email", "")[:500], texts.get("password", "")[: LONGEST_PASSWORD + 1]
    try:
        token = await house.door.sign_in(email, password, knock(request, now))
    except SignInRefused:
        return _again(texts, house, UNFIT, 401)
    except TooSoon as soon:
        return _again(texts, house, too_soon(soon.seconds), 429, {"Retry-After": str(soon.seconds)})
    kept = texts.get("kept", "")
    if len(kept) <= MOST_KEPT and (found := opened(kept, house.vault, now)):
        async with house.database.writing() as session:
            await sessions.keep(await sessions.id_of(token, session), found.action, kept, session, now)
    path = own_path(texts.get("next", "")) or HOME
    known = remembered(house.door.mark(email, now), house.base_url)
    return Redirect(path, status_code=303, cookies=[cookie(token, house.base_url), known])


def _again(
    texts: dict[str, str], house: House, error: Sentence, status: int, headers: dict[str, str] | None = None
) -> Page:
    page = SignInPage(
        shop=house.storefront.seller.name,
        email=texts.get("email", "")[:500],
        next=own_path(texts.get("next", "")),
        kept=texts.get("kept", "")[:MOST_KEPT],
        error=error,
    )
    return Page(page, locale="", status_code=status, headers=headers or {})
