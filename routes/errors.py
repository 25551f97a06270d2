"""Which exception becomes which page or problem: one table, for addresses that exist and for those that do not."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus

from litestar import Litestar, Request
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Receive, Scope, Send

from db.engine import is_crowded, is_out_of_room
from portal.byte_ranges import BytesChangedError
from portal.deliveries import Away, Ended
from portal.links import LinkEnded, LinkUnknown
from portal.meters import CapReached, TooManyTransfers
from portal.refusals import NotFound
from portal.storages import StorageUnavailable
from routes import request_ids
from routes.api import problems
from routes.given import AnyHandlers, AnyRequest, AnyResponse
from routes.protection import OFFICE
from views import Page, errors
from views.errors.office import OfficeErrorPage

LOG = logging.getLogger("tresen")
API = "/api/"
PAGES: Mapping[type[Exception], type[errors.ErrorPage]] = {
    LinkUnknown: errors.LinkUnknown,
    NotFound: errors.LinkUnknown,
    LinkEnded: errors.LinkEnded,
    Ended: errors.DownloadEnded,
    Away: errors.StorageAway,
    # Where the first piece of an answer is one too many, is of another version, or is not to be had.
    CapReached: errors.DownloadServed,
    TooManyTransfers: errors.TooMany,
    BytesChangedError: errors.DownloadEnded,
    StorageUnavailable: errors.StorageAway,
}
BY_STATUS: Mapping[int, type[errors.ErrorPage]] = {
    404: errors.LinkUnknown,
    410: errors.LinkEnded,
    421: errors.Misdirected,
    429: errors.TooMany,
}


def answered(request: AnyRequest, exception: Exception) -> AnyResponse:
    """The page for people, the problem for scripts; what nobody foresaw is logged and told to neither."""
    if request.scope["path"].startswith(API):
        return problems.as_problem(request, exception)
    status = _status(exception)
    page = PAGES.get(type(exception))
    if page is None and status == HTTPStatus.INSUFFICIENT_STORAGE:
        LOG.error(problems.FULL)
    elif is_crowded(exception):
        LOG.error(problems.CROWDED)
    elif page is None and status >= 500:
        LOG.error("a page failed", exc_info=exception)
    if is_office(request.scope["path"]):
        return told_merchant(page.status if page else status, _headers(exception), _largest(request))
    return told(request.app, page or _by_status(status), page.status if page else status, _headers(exception))


def _status(exception: Exception) -> int:
    if isinstance(exception, HTTPException):
        return exception.status_code
    if is_crowded(exception):
        return HTTPStatus.SERVICE_UNAVAILABLE
    return HTTPStatus.INSUFFICIENT_STORAGE if is_out_of_room(exception) else HTTPStatus.INTERNAL_SERVER_ERROR


def is_office(path: str) -> bool:
    return path == OFFICE or path.startswith(f"{OFFICE}/")


def told_merchant(status: int, headers: Mapping[str, str] | None = None, largest: int | None = None) -> AnyResponse:
    """The same behind the counter."""
    page = OfficeErrorPage.of(status, largest, number=_number(status))
    return Page(page, locale="", status_code=status, headers={**(headers or {}), "Cache-Control": "no-store"})


def _largest(request: AnyRequest) -> int | None:
    """How many bytes that address takes; None where there is none."""
    handler = request.scope.get("route_handler")
    return handler.resolve_request_max_body_size() if isinstance(handler, HTTPRouteHandler) else None


def told(
    app: Litestar, page: type[errors.ErrorPage], status: int, headers: Mapping[str, str] | None = None
) -> AnyResponse:
    """The small page with the merchant's contact; never kept by anybody."""
    seller = app.state.house.storefront.seller
    view = page.of(seller, _number(status))
    return Page(view, locale="", status_code=status, headers={**(headers or {}), "Cache-Control": "no-store"})


def _number(status: int) -> str:
    """By which the log is asked what happened: only where we failed is there something in it."""
    return request_ids.current() if status >= 500 else ""


def _headers(exception: Exception) -> Mapping[str, str]:
    if isinstance(exception, TooManyTransfers):
        return {"Retry-After": "60"}
    if is_crowded(exception):
        return problems.SOON
    return exception.headers or {} if isinstance(exception, HTTPException) else {}


def refuser(app: Litestar) -> Callable[[str, int], ASGIApp]:
    """Answers what never reaches a route: another host, a foreign origin."""

    def refuse(path: str, status: int) -> ASGIApp:
        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            request: AnyRequest = Request(scope, receive, send)
            if path.startswith(API):
                found: AnyResponse = problems.answer(problems.problem(status, instance=path))
            elif is_office(path):
                found = told_merchant(status)
            else:
                found = told(app, _by_status(status), status)
            await found.to_asgi_response(None, request)(scope, receive, send)

        return answer

    return refuse


def _by_status(status: int) -> type[errors.ErrorPage]:
    return BY_STATUS.get(status) or (errors.Trouble if status >= 500 else errors.NotPossible)


TABLE: AnyHandlers = {Exception: answered, HTTPException: answered}
