"""Billbee's REST API v1: asked for orders no faster than it allows, and told what happened here."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from db.sources import RunOutcome
from integrations.asking import Asking, Pace, basic, good
from integrations.billbee import answers
from integrations.billbee.answers import BillbeeRefused, Page
from integrations.billbee.orders import Account, external_id, to_order
from integrations.billbee.times import Times
from integrations.clouds.addresses import endpoint
from integrations.clouds.wire import Ask, Wire
from integrations.paging import Part, parts
from integrations.tolerant import NotUnderstood
from portal.fetching import Access, Batch, Fetched, SourceUnavailable, Unreadable
from portal.sealed_options import OptionsRefused

API = "https://api.billbee.io/api/v1"
PAGE_SIZE = 100  # Billbee gives up to 250, which may be more than an answer shall be long
ORDERS = "orders"
A_NUMBER = re.compile(r"/\d+")
# Billbee counts two calls a second for each endpoint and user.
PACE = Pace(apart=0.55)
NOT_LET_IN = frozenset({1, 16, 17})  # ApiNotActivated, NoPaidAccount, ApiServiceNotBooked
INTERNAL_ERROR = 8
FINAL = frozenset({2, 5, 6, 11})  # OrderNotFound, OrderCanceled, OrderDeleted, InvalidData
MAY_SAY_WHY = frozenset({400, 404, 405, 409, 410, 422})  # in an envelope; a server in front of Billbee has none


class Billbee:
    """Fulfils portal.fetching.Connector. `base` is the API's address, path included. Raises OptionsRefused."""

    def __init__(self, wire: Wire, base: str = "", pace: Pace = PACE) -> None:
        self.base = endpoint(base) if base else API
        self._asking = Asking(wire, pace)

    def refuse(self, options: Mapping[str, str]) -> None:
        if ":" in options["username"]:
            raise OptionsRefused("username", "A user name has no colon.")
        if not options["api_key"].isascii():
            raise OptionsRefused("api_key", "A key has no umlauts.")

    async def count(self, access: Access) -> int:
        return (await self._page(access, 1, 1, None)).rows

    async def changed(self, access: Access, since: datetime | None) -> AsyncIterator[Batch]:
        async def page(number: int) -> Part:
            found = await self._page(access, number, PAGE_SIZE, since)
            return Part(found.orders, found.last, found.rows or None)

        account = Account(zone=access.zone)
        async for some in parts(page, _key):
            yield _batch(some, account)

    async def call(self, access: Access, method: str, path: str, content: bytes = b"") -> bytes:
        """The body of a good answer, whatever its envelope says. `path` begins with the name of its endpoint.

        Raises SourceUnavailable.
        """
        headers = {
            "x-billbee-api-key": access.options["api_key"],
            "authorization": basic(access.options["username"], access.options["password"]),
            "accept": "application/json",
        }
        if content:
            headers["content-type"] = "application/json"
        place = f"{access.name}:{method}:{A_NUMBER.sub('/', path.partition('?')[0])}"
        answer = await self._asking.ask(Ask(method, f"{self.base}/{path}", headers, content), place)
        if answer.status in MAY_SAY_WHY and (why := answers.refusal(answer.content)):
            raise unavailable(why)
        return good(answer)

    async def _page(self, access: Access, number: int, size: int, since: datetime | None) -> Page:
        query = {"page": str(number), "pageSize": str(size)}
        if since:
            query["modifiedAtMin"] = naive(since, access.zone)
        body = await self.call(access, "GET", f"{ORDERS}?{urlencode(query)}")
        try:
            return answers.page(body)
        except BillbeeRefused as error:
            raise unavailable(error) from error
        except NotUnderstood as error:
            raise unreadable(error) from error


def unavailable(error: BillbeeRefused) -> SourceUnavailable:
    if error.code in NOT_LET_IN:
        return SourceUnavailable(str(error), RunOutcome.DENIED)
    outcome = RunOutcome.BUSY if error.code == INTERNAL_ERROR else RunOutcome.UNEXPECTED
    return SourceUnavailable(str(error), outcome, final=error.code in FINAL)


def unreadable(error: NotUnderstood) -> SourceUnavailable:
    """Such as a page that says, with HTTP 200, that it is being worked on Billbee: it passes."""
    return SourceUnavailable(f"An answer that is none of Billbee's: {error}", RunOutcome.BUSY)


def naive(at: datetime, zone: ZoneInfo) -> str:
    """As Billbee writes times: on the merchant's clock, without offset.

    The hour that comes twice in autumn begins with its first coming, whichever of the two was meant.
    """
    local = at.astimezone(zone)
    is_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    begin = local.replace(minute=0, second=0, microsecond=0) if is_twice else local
    return begin.replace(tzinfo=None).isoformat(timespec="seconds")


def _batch(some: Sequence[object], account: Account) -> Batch:
    orders: list[Fetched | Unreadable] = []
    newest: list[datetime] = []
    for told in some:
        try:
            order = answers.order(told)
            orders.append(Fetched(external_id(order), to_order(order, account)))
            if at := Times(order=order, zone=account.zone).modified_at:
                newest.append(at)
        except NotUnderstood as error:
            orders.append(Unreadable(_key(told)[0], error.where, error.why))
    return Batch(orders, max(newest, default=None))


def _key(told: object) -> tuple[str, str]:
    if not isinstance(told, dict):
        return str(told)[:40], ""
    return str(told.get("BillBeeOrderId") or told.get("Id") or ""), str(told.get("LastModifiedAt") or "")
