"""What went wrong, as RFC 9457 problem documents: one table from exceptions to statuses and sentences."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from litestar.exceptions import HTTPException
from litestar.response import Response
from msgspec import Struct

from db.engine import is_crowded, is_out_of_room
from portal.fetching import SourceUnavailable
from portal.paying import ProviderRefused, ProviderTrouble
from portal.refusals import Conflict, Fault, Invalid, NotFound, Refused
from portal.sealed_options import OptionsRefused
from portal.storages import FileMissing, StorageUnavailable
from routes import request_ids
from routes.api.body import MalformedJson
from routes.given import AnyRequest

MEDIA_TYPE = "application/problem+json"
TYPES = "https://tresen.example/problems/"
NAMES = {
    400: "malformed-json",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    413: "too-large",
    415: "unsupported-media-type",
    421: "misdirected",
    422: "validation",
    429: "rate-limited",
    500: "server",
    503: "unavailable",
    507: "insufficient-storage",
}
TITLES = {401: "A valid API key is needed", 413: "Too large", 422: "What was sent is not valid"}
FULL = "The disk of this server is full; nothing was stored. Make room, and send it again."
CROWDED = "Too much is asked of the database at once; nothing was stored. Try again in a moment."
SOON = {"Retry-After": "5"}
NO_KEY = "Send a valid API key as Authorization: Bearer …"
log = logging.getLogger("tresen.api")


class Problem(Struct, kw_only=True, frozen=True, omit_defaults=True):
    """`errors` names every wrong place: JSON pointer, code, sentence. `request_id` is told where we failed."""

    type: str
    title: str
    status: int
    detail: str = ""
    instance: str = ""
    errors: tuple[Fault, ...] = ()
    request_id: str = ""


def problem(status: int, detail: str = "", *, instance: str = "", errors: Sequence[Fault] = ()) -> Problem:
    """The document for that status; the title is the status's own words unless there are better ones."""
    return Problem(
        type=f"{TYPES}{NAMES[status]}" if status in NAMES else "about:blank",
        title=TITLES.get(status) or _phrase(status),
        status=status,
        detail=detail,
        instance=instance,
        errors=tuple(errors),
        request_id=request_ids.current() if status >= 500 else "",
    )


def of(exception: Exception, instance: str = "") -> Problem:
    """What an exception means. What nobody foresaw is logged, and its words stay inside."""
    for kind, tell in TABLE.items():
        if isinstance(exception, kind):
            return tell(exception, instance)
    if is_out_of_room(exception):
        log.error(FULL)
        return problem(507, FULL, instance=instance)
    if is_crowded(exception):
        log.error(CROWDED)
        return problem(503, CROWDED, instance=instance)
    log.error("unforeseen", exc_info=exception)
    return problem(500, "Something went wrong here; nothing was stored. It is in the log.", instance=instance)


def as_problem(request: AnyRequest, exception: Exception) -> Response[Problem]:
    """The answer to a request under /api that ended in this exception."""
    found = of(exception, instance=request.scope["path"])
    headers = dict(exception.headers or {}) if isinstance(exception, HTTPException) else {}
    if is_crowded(exception):
        headers |= SOON
    if found.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="tresen"'
    return answer(found, headers)


def answer(found: Problem, headers: Mapping[str, str] | None = None) -> Response[Problem]:
    told = {name: value for name, value in (headers or {}).items() if name.lower() != "content-length"}
    return Response(
        found, status_code=found.status, media_type=MEDIA_TYPE, headers={**told, "Cache-Control": "no-store"}
    )


def _invalid(exception: Exception, instance: str) -> Problem:
    faults = exception.faults if isinstance(exception, Invalid) else ()
    return problem(422, f"{len(faults)} place(s) are wrong.", instance=instance, errors=faults)


def _of_http(exception: Exception, instance: str) -> Problem:
    """Litestar's own refusals. Its sentences may quote internals, so that only ours are passed on."""
    status = exception.status_code if isinstance(exception, HTTPException) else 500
    if status >= 500:
        log.error("unforeseen", exc_info=exception)
    return problem(status, NO_KEY if status == 401 else "", instance=instance)


def _plainly(status: int) -> Callable[[Exception, str], Problem]:
    return lambda exception, instance: problem(status, str(exception), instance=instance)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


TABLE: Mapping[type[Exception], Callable[[Exception, str], Problem]] = {
    Invalid: _invalid,
    MalformedJson: _plainly(400),
    NotFound: _plainly(404),
    FileMissing: _plainly(404),
    Conflict: _plainly(409),
    Refused: _plainly(409),
    OptionsRefused: _plainly(409),
    StorageUnavailable: _plainly(503),
    ProviderTrouble: _plainly(503),
    SourceUnavailable: _plainly(503),
    ProviderRefused: _plainly(409),
    HTTPException: _of_http,
}
