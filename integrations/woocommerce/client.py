"""WooCommerce's REST API v3: orders with what they do not tell of themselves, and the webhooks that it calls us by."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from db.sources import RunOutcome
from integrations.asking import Asking, Pace, basic, good
from integrations.clouds.addresses import endpoint
from integrations.clouds.wire import Answer, Ask, Wire
from integrations.paging import Part, parts
from integrations.tolerant import NotUnderstood, instant, parsed, shaped
from integrations.woocommerce import webhooks
from integrations.woocommerce.details import details_of
from integrations.woocommerce.orders import NO_DETAILS, Details, Shop, external_id, to_order
from integrations.woocommerce.shapes import Order, Product
from portal.fetching import Access, Batch, Fetched, Gone, SourceUnavailable, Spoken, Unreadable
from portal.mail_servers import is_loopback
from portal.sealed_options import OptionsRefused

API = "/wp-json/wc/v3"
PAGE_SIZE = 100  # the most that WooCommerce gives
PACE = Pace()
NO_SUCH_ORDER = "woocommerce_rest_shop_order_invalid_id"


class WooCommerce:
    """Fulfils portal.fetching.Connector and Caller."""

    def __init__(self, wire: Wire, pace: Pace = PACE) -> None:
        self._asking = Asking(wire, pace)

    def refuse(self, options: Mapping[str, str]) -> None:
        shop_address(options)
        if ":" in options.get("consumer_key", ""):
            raise OptionsRefused("consumer_key", "A consumer key has no colon.")

    async def count(self, access: Access) -> int:
        answer = await self.call(access, "GET", f"orders?{urlencode({'per_page': '1', 'status': 'any'})}")
        found = parsed_list(answer)
        return _number(answer, "x-wp-total") or len(found)

    async def changed(self, access: Access, since: datetime | None) -> AsyncIterator[Batch]:
        """Newest first: what changes meanwhile moves to a page that was read, and moves no other over an edge."""
        query = {"per_page": str(PAGE_SIZE), "status": "any", "orderby": "modified", "order": "desc"}
        if since:
            at = since.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
            query |= {"modified_after": at, "dates_are_gmt": "true"}

        async def page(number: int) -> Part:
            answer = await self.call(access, "GET", f"orders?{urlencode(query | {'page': str(number)})}")
            found = parsed_list(answer)
            return Part(found, _number(answer, "x-wp-totalpages") or number, _number(answer, "x-wp-total"))

        products: dict[str, Product] = {}
        async for some in parts(page, _key):
            yield await self._batch(some, products, access)

    async def one(self, access: Access, order_id: str) -> object | None:
        """The order as it is now; None where there is none (any more), or it lies in the bin.

        Raises SourceUnavailable, also where WooCommerce itself is not there at the moment: while it is brought up to
        date, WordPress answers 404 to every call of it, and no order is gone by that.
        """
        answer = await self._ask(access, "GET", f"orders/{quote(order_id, safe='')}")
        if answer.status == 410 or (answer.status == 404 and _code(answer.content) == NO_SUCH_ORDER):
            return None
        if answer.status == 404:
            raise SourceUnavailable("HTTP 404: WordPress does not know WooCommerce's address.", RunOutcome.BUSY)
        found = _parsed(good(answer))
        return None if isinstance(found, dict) and found.get("status") == "trash" else found

    def is_ping(self, headers: Mapping[str, str], body: bytes) -> bool:
        return webhooks.is_ping(headers, body)

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
        return webhooks.is_genuine(headers, body, secret)

    def name_of(self, headers: Mapping[str, str], body: bytes) -> str:
        return webhooks.name_of(headers, body)

    def kept(self, headers: Mapping[str, str]) -> dict[str, str]:
        return webhooks.kept(headers)

    def asks(self, access: Access) -> bool:
        return has_key(access)

    async def spoken_of(self, access: Access, headers: Mapping[str, str], body: bytes) -> Spoken:
        """Deliveries come late and out of order: with a key, the shop is asked what is true now."""
        try:
            order_id = webhooks.order_id(headers, body)
            told: object | None = None if webhooks.is_farewell(headers, body) or not order_id else parsed(body)
        except NotUnderstood as error:
            return Unreadable("", error.where, error.why)
        if not order_id:
            return None
        if has_key(access):
            told = await self.one(access, order_id)
        if told is None:
            return Gone(order_id)
        return (await self._batch([told], {}, access)).orders[0]

    def is_here(self, options: Mapping[str, str]) -> bool:
        return is_loopback(urlsplit(options.get("base_url", "")).hostname or "")

    async def register(self, access: Access, url: str, secret: str) -> None:
        """One webhook for each topic. Those that call this address are brought up to date, and switched on again."""
        found = parsed_list(await self.call(access, "GET", f"webhooks?per_page={PAGE_SIZE}"))
        ours = {
            str(each.get("topic")): str(each.get("id"))
            for each in found
            if isinstance(each, dict) and each.get("delivery_url") == url
        }
        for topic in webhooks.TOPICS:
            wanted = {"name": f"Tresen {topic}", "topic": topic, "delivery_url": url, "secret": secret}
            body = msgspec.json.encode({**wanted, "status": "active"})
            if topic in ours:
                await self.call(access, "PUT", f"webhooks/{quote(ours[topic], safe='')}", body)
            else:
                await self.call(access, "POST", "webhooks", body)

    async def call(self, access: Access, method: str, path: str, content: bytes = b"") -> Answer:
        """A good answer. Raises SourceUnavailable."""
        answer = await self._ask(access, method, path, content)
        good(answer)
        return answer

    async def _ask(self, access: Access, method: str, path: str, content: bytes = b"") -> Answer:
        headers = {
            "authorization": basic(access.options["consumer_key"], access.options["consumer_secret"]),
            "accept": "application/json",
        }
        if content:
            headers["content-type"] = "application/json"
        return await self._asking.ask(Ask(method, f"{shop_address(access.options)}{API}/{path}", headers, content))

    async def _batch(self, some: Sequence[object], products: dict[str, Product], access: Access) -> Batch:
        read = [_read(told) for told in some]
        orders = [each for each in read if isinstance(each, Order)]
        details: Mapping[str, Details] = {}
        if has_key(access):
            details = await details_of(orders, products, lambda path: self._ask(access, "GET", path))
        shop = Shop(name=urlsplit(shop_address(access.options)).hostname or "")
        found = [
            _mapped(each, shop, details.get(external_id(each), NO_DETAILS)) if isinstance(each, Order) else each
            for each in read
        ]
        return Batch(found, max(filter(None, map(_changed_at, orders)), default=None))


def has_key(access: Access) -> bool:
    return bool(access.options.get("consumer_key") and access.options.get("consumer_secret"))


def shop_address(options: Mapping[str, str]) -> str:
    """Where the shop is, without a slash at its end. Raises OptionsRefused."""
    try:
        return endpoint(options["base_url"])
    except OptionsRefused as error:
        raise OptionsRefused("base_url", str(error).replace("storage.example", "shop.example")) from error


def parsed_list(answer: Answer) -> list[object]:
    """Raises SourceUnavailable."""
    found = _parsed(answer.content)
    if not isinstance(found, list):
        raise SourceUnavailable("An answer that is none of WooCommerce's: a list was expected.")
    return found


def _parsed(body: bytes) -> object:
    try:
        return parsed(body)
    except NotUnderstood as error:
        raise SourceUnavailable("An answer that is none of WooCommerce's: it is no JSON.") from error


def _code(body: bytes) -> str:
    """What kind of refusal it is, in the words of WordPress; empty where nobody can say."""
    with suppress(NotUnderstood):
        if isinstance(told := parsed(body), dict):
            return str(told.get("code", ""))
    return ""


def _read(told: object) -> Order | Unreadable:
    try:
        return shaped(told, Order)
    except NotUnderstood as error:
        return Unreadable(_key(told)[0], error.where, error.why)


def _mapped(order: Order, shop: Shop, details: Details) -> Fetched | Unreadable:
    try:
        return Fetched(external_id(order), to_order(order, shop, details))
    except NotUnderstood as error:
        return Unreadable(external_id(order), error.where, error.why)


def _changed_at(order: Order) -> datetime | None:
    try:
        return instant(order.date_modified_gmt, UTC, "$.date_modified_gmt")
    except NotUnderstood:
        return None


def _key(told: object) -> tuple[str, str]:
    if not isinstance(told, dict):
        return str(told)[:40], ""
    return str(told.get("id", "")), str(told.get("date_modified_gmt") or "")


def _number(answer: Answer, name: str) -> int | None:
    text = answer.headers.get(name, "").strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
