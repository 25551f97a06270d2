"""Answers with bytes of which the client may ask for a part: resume, HEAD, 304 and 416 after RFC 9110."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b
from typing import Literal
from urllib.parse import quote

from litestar import Litestar, Request
from litestar.datastructures import Cookie, Headers, State
from litestar.response import Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from portal.byte_ranges import Bytes, BytesChangedError, TooMuchAsked

LONGEST_NAME = 180  # characters; each may take twelve in the header, and proxies refuse long headers
ONE_RANGE = re.compile(r"bytes=\s*([0-9]{0,40})-([0-9]{0,40})\s*", re.IGNORECASE)
ETAG = re.compile(r'(?:W/)?"[^"]*"')
GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


@dataclass(frozen=True)
class Sent:
    """What left the house, in bytes, as far as the server knows: a few MB of it may still lie in socket buffers.

    `finished`: everything that was asked for, not necessarily the whole `size`. `broken`: the source failed us; with
    neither, the client left.
    """

    start: int
    sent: int
    size: int
    finished: bool
    broken: bool = False


OnDone = Callable[[Sent], Awaitable[None]]


@dataclass(frozen=True)
class Part:
    """The status, and the bytes it stands for: from `start` up to, not including, `end`.

    `bodied` says whether these bytes are to be sent, too; for HEAD they are only spoken of.
    """

    status: Literal[200, 206, 304, 412, 416]
    start: int = 0
    end: int = 0
    bodied: bool = False


class RangedAnswer(Response[None]):
    """Streams `source` as the request asks for it, then closes it.

    `on_done` hears of every answer that had a body to send, however it ended; never of HEAD, 304, 412, 416. If the
    source fails before its first byte, its error reaches the app's exception handlers; after that the connection is
    cut, because a short body must not look like a whole one.
    """

    def __init__(
        self,
        source: Bytes,
        disposition: str,
        *,
        media_type: str,
        headers: Mapping[str, str] | None = None,
        on_done: OnDone | None = None,
    ) -> None:
        super().__init__(None, media_type=media_type, headers=dict(headers or {}))
        self.source = source
        self.disposition = disposition
        self.on_done = on_done

    def to_asgi_response(
        self,
        app: Litestar | None,
        request: Request[object, object, State],
        *,
        headers: dict[str, str] | None = None,
        cookies: Iterable[Cookie] | None = None,
        **_decided_here: object,
    ) -> ASGIResponse:
        part = self._part(request)
        return Handover(
            self.source,
            part,
            self.on_done,
            headers={**(headers or {}), **self.headers, **self._own_headers(part)},
            cookies=[*self.cookies, *(cookies or ())],
        )

    def _part(self, request: Request[object, object, State]) -> Part:
        return wanted(request.method, request.headers, self.source)

    def _own_headers(self, part: Part) -> dict[str, str]:
        headers = self._resuming()
        if self.source.modified:
            headers["last-modified"] = format_datetime(self.source.modified.astimezone(UTC), usegmt=True)
        if part.status == 416:
            headers["content-range"] = f"bytes */{self.source.size}"
        if part.status == 206:
            headers["content-range"] = f"bytes {part.start}-{part.end - 1}/{self.source.size}"
        if part.status in (200, 206):
            headers["content-disposition"] = self.disposition
            headers["content-type"] = str(self.media_type)
        if part.status != 304:
            headers["content-length"] = str(part.end - part.start)
        return headers

    def _resuming(self) -> dict[str, str]:
        """By what the client may ask for the rest later."""
        return {"accept-ranges": "bytes", "etag": etag(self.source)}


class WholeAnswer(RangedAnswer):
    """The same for what is made anew each time: it is sent whole or not at all, whatever part is asked for."""

    def _part(self, request: Request[object, object, State]) -> Part:
        return Part(200, 0, self.source.size, bodied=request.method != "HEAD")

    def _resuming(self) -> dict[str, str]:
        return {"accept-ranges": "none"}


class Handover(ASGIResponse):
    """The sending itself. One piece is in hand at a time, whatever the size of the file."""

    def __init__(
        self, source: Bytes, part: Part, on_done: OnDone | None, headers: dict[str, str], cookies: list[Cookie]
    ) -> None:
        # What looks like HEAD to the parent gets no invented content type for a body that is not there.
        super().__init__(status_code=part.status, headers=headers, cookies=cookies, is_head_response=not part.bodied)
        self.source = source
        self.part = part
        self.on_done = on_done
        self.sent = 0
        self.finished = False
        self.broken = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as at_last:  # however this ends: close first, then report
            if self.part.bodied:
                at_last.push_async_callback(self._report)
            at_last.push_async_callback(self.source.close)
            if self.part.bodied:
                await self._send_while_somebody_is_there(receive, send)
            else:
                await super().__call__(scope, receive, send)

    async def _send_while_somebody_is_there(self, receive: Receive, send: Send) -> None:
        """`send` never complains about a client who is gone, so that has to be listened for, also while reading."""
        gone = asyncio.create_task(_gone(receive))
        sending = asyncio.create_task(self._send_all(send, gone))
        try:
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            gone.cancel()
            sending.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)
        if not sending.cancelled():
            sending.result()  # raises what broke it

    async def _send_all(self, send: Send, gone: asyncio.Task[None]) -> None:
        try:
            async with aclosing(self.source.read(self.part.start, self.part.end)) as pieces:
                # No status before the first piece is there: until then, an honest error page is possible.
                piece = await anext(pieces, b"")
                await self.start_response(send)
                taken = await self._taken(piece, send, gone)
                while taken and (piece := await anext(pieces, b"")):
                    taken = await self._taken(piece, send, gone)
            if taken:
                await self._finish(send)
        except Exception as error:
            self.broken = not isinstance(error, TooMuchAsked)
            raise

    async def _finish(self, send: Send) -> None:
        if self.sent != self.part.end - self.part.start:
            raise BytesChangedError(self.source.version)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        self.finished = True

    async def _taken(self, piece: bytes, send: Send, gone: asyncio.Task[None]) -> bool:
        await send({"type": "http.response.body", "body": piece, "more_body": True})
        # Servers wait before they take, not after: asking for nothing makes us wait until `piece` is on its way, so
        # that a slow client never costs us two.
        await send({"type": "http.response.body", "body": b"", "more_body": True})
        if gone.done():
            return False
        self.sent += len(piece)
        return True

    async def _report(self) -> None:
        if self.on_done:
            sent = Sent(self.part.start, self.sent, self.source.size, self.finished, self.broken)
            await asyncio.shield(asyncio.ensure_future(self.on_done(sent)))


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def attachment(name: str) -> str:
    """The Content-Disposition that saves the bytes under `name`, whatever characters that has."""
    return _disposition("attachment", name)


def inline(name: str) -> str:
    """The Content-Disposition that shows the bytes in the browser, and saves them under `name` if asked to."""
    return _disposition("inline", name)


def _disposition(kind: str, name: str) -> str:
    """RFC 6266: an ASCII name for old clients, the true one beside it. No path, no control character gets through."""
    visible = "".join(char for char in name if unicodedata.category(char)[0] != "C")
    true = re.sub(r"[/\\]", "_", visible)[-LONGEST_NAME:].strip(" .") or "download"
    bare = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", true).translate(GERMAN))
    plain = re.sub(r"[^A-Za-z0-9._ ()-]", "_", "".join(char for char in bare if not unicodedata.combining(char)))
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(true, safe='')}"


def etag(source: Bytes) -> str:
    """A strong one. Hashed, because a version may hold quotes or say more about our disk than others should know."""
    return f'"{blake2b(source.version.encode(), digest_size=12).hexdigest()}"'


def wanted(method: str, headers: Headers, source: Bytes) -> Part:
    """What is asked for, in the order of RFC 9110 §13.2.2. Several ranges at once are answered with everything."""
    if method == "POST":  # the answer to a deed is all of it, whatever the client has of another answer
        return Part(200, 0, source.size, bodied=True)
    if failed := _precondition(headers, source):
        return Part(failed)
    if method != "GET":  # a Range means nothing to HEAD
        return Part(200, 0, source.size)
    if "range" in headers and _may_resume(headers.get("if-range"), source):
        return _ranged(headers["range"], source.size)
    return Part(200, 0, source.size, bodied=True)


def asked_for(method: str, headers: Headers, size: int) -> Part:
    """The same where somebody else answers: what they may send at most, as nobody knows which tags they compare."""
    if method == "GET" and "range" in headers:
        return _ranged(headers["range"], size)
    return Part(200, 0, size, bodied=method == "GET")


def _precondition(headers: Headers, source: Bytes) -> Literal[304, 412] | None:
    """Dates are asked only where no tag is given: a tag knows more."""
    if expected := headers.getall("if-match", []):
        if not _lists(expected, etag(source), weak=False):
            return 412
    elif _later(source.modified, headers.get("if-unmodified-since")):
        return 412
    if known := headers.getall("if-none-match", []):
        return 304 if _lists(known, etag(source), weak=True) else None
    since = headers.get("if-modified-since")
    return 304 if source.modified and _date(since) and not _later(source.modified, since) else None


def _ranged(header: str, size: int) -> Part:
    whole = Part(200, 0, size, bodied=True)
    match = ONE_RANGE.fullmatch(header.strip())
    if not match or not size or match.groups() == ("", ""):
        return whole  # an empty file has no part that could be named, so that it is answered as if nobody had asked
    first, last = match.groups()
    if not first:
        return Part(206, max(0, size - int(last)), size, bodied=True) if int(last) else Part(416)
    if last and int(last) < int(first):
        return whole
    if int(first) >= size:
        return Part(416)
    return Part(206, int(first), min(int(last) + 1, size) if last else size, bodied=True)


def _may_resume(condition: str | None, source: Bytes) -> bool:
    """If-Range: whether the part would continue the very bytes the client has. A weak tag never proves that."""
    if condition is None:
        return True
    if '"' in condition:
        return condition.strip() == etag(source)
    return source.modified is not None and _date(condition) == source.modified.replace(microsecond=0)


def _lists(header: list[str], tag: str, *, weak: bool) -> bool:
    tags = ", ".join(header)
    if tags.strip() == "*":
        return True
    return tag in [one.removeprefix("W/") if weak else one for one in ETAG.findall(tags)]


def _later(modified: datetime | None, header: str | None) -> bool:
    date = _date(header)
    return modified is not None and date is not None and modified.replace(microsecond=0) > date


def _date(header: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(header or "")
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
