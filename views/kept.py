"""Pages that were rendered already, kept for as long as what they show is what they would show again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from secrets import token_hex

from babel import Locale
from litestar.response import Response

from views import VARY, AskedBy, View, render, spoken, swapped, with_attempt

# A page of an older Tresen must not be taken for this one's: every start makes its own tags.
THIS_START = token_hex(4)
ROOM = 64 * 1024 * 1024  # characters, which are bytes but for umlauts


class KeptPages:
    """The pages opened last, up to a total size."""

    def __init__(self, room: int = ROOM) -> None:
        self._pages: OrderedDict[str, str] = OrderedDict()
        self._room = room
        self._taken = 0

    def find(self, tag: str) -> str | None:
        page = self._pages.get(tag)
        if page is not None:
            self._pages.move_to_end(tag)
        return page

    def keep(self, tag: str, page: str) -> None:
        self._taken += len(page) - len(self._pages.pop(tag, ""))
        self._pages[tag] = page
        while self._taken > self._room:
            _, oldest = self._pages.popitem(last=False)
            self._taken -= len(oldest)


def tag_of(*facts: object) -> str:
    """An entity tag for a page that depends on these facts and nothing else. Weak: each copy bears its own attempt."""
    return f'W/"{blake2b(repr((THIS_START, facts)).encode(), digest_size=16).hexdigest()}"'


@dataclass(frozen=True)
class Asked:
    """One request for a page that depends on some facts; its `tag` says which page exactly."""

    tag: str
    locale: Locale
    block: str
    is_known: bool
    bodied: bool
    elsewhere: Mapping[str, str]

    @classmethod
    def of(cls, request: AskedBy, template: str, order_locale: str, *facts: object) -> Asked:
        """A block that the template does not have is no page of its own: nobody can fill the shelf with them."""
        locale = spoken(order_locale, request)
        block, elsewhere = swapped(request, template, locale)
        tag = tag_of(str(locale), block, *facts)
        known = {mark.strip() for mark in request.headers.get("If-None-Match", "").split(",")}
        is_known = bool(known & {tag, tag.removeprefix("W/"), "*"})
        return cls(tag, locale, block, is_known, request.method == "GET", elsewhere)

    @property
    def headers(self) -> dict[str, str]:
        return {
            "ETag": self.tag,
            "Cache-Control": "private, no-cache",
            "Content-Language": self.locale.language,
            "Vary": VARY,
            **self.elsewhere,
        }


class Shelf:
    """Answers from pages that were rendered before, and with 304 where the browser still has the very same one."""

    def __init__(self, pages: KeptPages | None = None) -> None:
        self._pages = pages or KeptPages()

    def answer(self, asked: Asked) -> Response[bytes] | None:
        """The answer, or None where the page has to be rendered first."""
        if asked.is_known:
            return Response(b"", status_code=304, media_type="text/html", headers=asked.headers)
        body = self._pages.find(asked.tag)
        return None if body is None else _copy(body, asked)

    def put(self, asked: Asked, view: View) -> Response[bytes]:
        """Renders and keeps the page; the answer with it."""
        body = render(view, asked.block, asked.locale)
        self._pages.keep(asked.tag, body)
        return _copy(body, asked)


def _copy(body: str, asked: Asked) -> Response[bytes]:
    content = with_attempt(body).encode() if asked.bodied else b""
    return Response(content, media_type="text/html", headers=asked.headers)
