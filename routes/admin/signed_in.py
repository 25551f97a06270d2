"""No page of the back office without a session: a guard of the whole router, so that no handler can forget it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler
from litestar.response import Redirect

from portal import sessions
from portal.house import House
from portal.sessions import SignedIn
from portal.vault import Unreadable, Vault
from routes import given
from routes.forms import texts_of
from routes.given import AnyConnection, AnyRequest, AnyResponse
from routes.protection import LOOPBACK
from views import Page
from views.admin.sign_in import SignInPage

PURPOSE = "kept-input"
MOST_KEPT = 400_000  # characters, sealed
NEVER_KEPT = ("password", "secret", "token")
PLACE = "/admin/sign-in"
LONGEST_PATH = 2000
UPLOAD = RequestEncodingType.MULTI_PART.value  # a file is never kept


class SignInNeeded(Exception):
    """Nobody is signed in. `next` is where they wanted to be, `kept` what they sent, sealed."""

    def __init__(self, next: str, kept: str = "", cut_off: bool = False) -> None:
        super().__init__(next)
        self.next = next
        self.kept = kept
        self.cut_off = cut_off


@dataclass(frozen=True)
class Kept:
    """What somebody had typed when nobody was signed in any more, and the address it was sent to."""

    action: str
    texts: Mapping[str, str]


async def signed_in(connection: AnyConnection, _handler: BaseRouteHandler) -> None:
    """Asked before a body is read. Raises SignInNeeded."""
    house, now = given.house(connection.app.state), given.now()
    token = connection.cookies.get(cookie_name(house.base_url), "")
    found = await sessions.behind(token, house.database, now) if token else None
    if found is None:
        raise await _needed(AnyRequest(connection.scope, connection.receive), house, now)
    connection.state.merchant = found


def merchant(request: AnyRequest) -> SignedIn:
    """Who it is, as the guard found."""
    found: SignedIn = request.state.merchant
    return found


async def _needed(request: AnyRequest, house: House, now: datetime) -> SignInNeeded:
    path = str(request.url.path)
    if request.method in ("GET", "HEAD"):
        query = request.url.query
        return SignInNeeded(f"{path}?{query}" if query else path)
    came_from = urlsplit(request.headers.get("Referer", "")).path
    if request.content_type[0] == UPLOAD:
        return SignInNeeded(own_path(came_from), cut_off=True)
    texts = {
        name: text for name, text in (await texts_of(request)).items() if not any(word in name for word in NEVER_KEPT)
    }
    kept = sealed(path, texts, house.vault, now) if texts else ""
    if len(kept) > MOST_KEPT:
        return SignInNeeded(own_path(came_from), cut_off=True)
    return SignInNeeded(own_path(came_from), kept)


def asked_to_sign_in(request: AnyRequest, needed: SignInNeeded) -> AnyResponse:
    """Whoever only looks is sent to the door; what somebody sent waits there in the page itself."""
    if request.method in ("GET", "HEAD"):
        return Redirect(
            PLACE, query_params={"next": needed.next}, status_code=303, headers={"Cache-Control": "no-store"}
        )
    shop = given.house(request.app.state).storefront.seller.name
    page = SignInPage(shop=shop, next=needed.next, kept=needed.kept, was_cut_off=needed.cut_off)
    return Page(page, locale="", status_code=401, headers={"Cache-Control": "no-store"})


def own_path(path: str) -> str:
    """The path if it leads to a page of the back office, else an empty text: nobody is sent elsewhere from here."""
    is_own = path == "/admin" or path.startswith("/admin/")
    is_plain = path.isascii() and path.isprintable() and "\\" not in path and len(path) <= LONGEST_PATH
    return path if is_own and is_plain and not path.startswith(PLACE) else ""


async def kept_for(action: str, merchant: SignedIn, house: House) -> Mapping[str, str]:
    """What waits to be shown in the form of that action; empty where nothing does."""
    return (await kept_below(action, merchant, house)).get(action, {})


async def kept_below(start: str, merchant: SignedIn, house: House) -> dict[str, Mapping[str, str]]:
    """Action → what waits for it, of all actions that begin so."""
    async with house.database.reading() as session:
        waiting = await sessions.kept(merchant, session)
    found = {action: opened(token, house.vault, merchant.at) for action, token in waiting.items()}
    return {action: kept.texts for action, kept in found.items() if kept and action.startswith(start)}


def sealed(action: str, texts: Mapping[str, str], vault: Vault, now: datetime) -> str:
    """For the merchant's own session, or for a page that leads to one."""
    return vault.sealed(PURPOSE, json.dumps([action, now.timestamp(), texts]))


def opened(token: str, vault: Vault, now: datetime) -> Kept | None:
    """None for what is too old, or was not sealed here."""
    try:
        action, at, texts = json.loads(vault.opened(PURPOSE, token)) if token else ("", 0, {})
    except Unreadable:
        return None
    return Kept(action, texts) if now.timestamp() - at < sessions.KEPT_FOR.total_seconds() else None


def cookie_name(base_url: str) -> str:
    """Browsers take `__Host-` only where they trust the line: https, or this machine itself."""
    return "__Host-tresen" if is_trusted(base_url) else "tresen"


def is_trusted(base_url: str) -> bool:
    return base_url.startswith("https:") or urlsplit(base_url).hostname in LOOPBACK


def cookie(token: str, base_url: str) -> Cookie:
    """Bears the token; an empty one takes it away."""
    return Cookie(
        key=cookie_name(base_url),
        value=token,
        path="/",
        max_age=int(sessions.AT_MOST.total_seconds()) if token else 0,
        secure=is_trusted(base_url),
        httponly=True,
        samesite="lax",
    )
