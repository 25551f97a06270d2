"""The cookie by which a browser is known once somebody signed in with it; it opens nothing."""

from __future__ import annotations

from datetime import datetime

from litestar.datastructures import Cookie

from portal.known_browsers import KNOWN_FOR
from portal.sessions import Knock
from routes import given
from routes.admin.signed_in import cookie_name, is_trusted
from routes.given import AnyRequest
from routes.limits import network


def knock(request: AnyRequest, now: datetime) -> Knock:
    """Who stands at the door: from which network, and as which browser."""
    mark = request.cookies.get(_name(given.house(request.app.state).base_url), "")
    return Knock(network(request.client.host if request.client else ""), now, mark)


def remembered(mark: str, base_url: str) -> Cookie:
    return Cookie(
        key=_name(base_url),
        value=mark,
        path="/",
        max_age=int(KNOWN_FOR.total_seconds()),
        secure=is_trusted(base_url),
        httponly=True,
        samesite="lax",
    )


def _name(base_url: str) -> str:
    return f"{cookie_name(base_url)}-known"
