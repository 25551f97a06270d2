"""Webhooks: kept by REST, pinged when they are made, signed, and switched off after five failures in a row."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from dataclasses import dataclass, field

import httpx
import msgspec
from litestar import Response, delete, get, post, put
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from demo.woocommerce_stand_in.rest import API
from demo.woocommerce_stand_in.till import AnyRequest, Till, Told

MOST_FAILURES = 5


@dataclass
class Hook:
    id: int
    name: str
    topic: str
    delivery_url: str
    secret: str
    status: str = "active"
    failures: int = 0

    def told(self) -> Told:
        """The secret is never told."""
        return {name: getattr(self, name) for name in ("id", "name", "topic", "delivery_url", "status")}


@dataclass
class Hooks:
    """`deliveries` are the headers and bodies that were sent, with the status that came back.

    `is_quiet`: changes are not told of, as a shop whose cron sleeps.
    """

    till: Till
    kept: dict[int, Hook] = field(default_factory=dict)
    deliveries: list[tuple[dict[str, str], bytes, int]] = field(default_factory=list)
    is_quiet: bool = False

    def __post_init__(self) -> None:
        self.till.listeners.append(self.tell)

    def tell(self, topic: str, told: Told) -> None:
        """Delivers to every webhook of that topic that is on."""
        for hook in list(self.kept.values()):
            if hook.topic == topic and hook.status == "active" and not self.is_quiet:
                self.send(hook, msgspec.json.encode(told))

    def send(self, hook: Hook, body: bytes, **changed: str) -> int:
        """One delivery; `changed` headers are written with `_` for `-`. The status of the answer, 0 for none."""
        topic = hook.topic.partition(".")
        headers = {
            "content-type": "application/json",
            "user-agent": "WooCommerce/9.4.1 Hookshot (WordPress/6.7)",
            "x-wc-webhook-source": "https://shop.example.org/",
            "x-wc-webhook-topic": hook.topic,
            "x-wc-webhook-resource": topic[0],
            "x-wc-webhook-event": topic[2],
            "x-wc-webhook-signature": signature(body, hook.secret),
            "x-wc-webhook-id": str(hook.id),
            "x-wc-webhook-delivery-id": _delivery_id(hook),
            **{name.replace("_", "-"): value for name, value in changed.items()},
        }
        status = self._posted(hook.delivery_url, headers, body)
        self.deliveries.append((headers, body, status))
        hook.failures = 0 if 200 <= status < 300 else hook.failures + 1
        if hook.failures >= MOST_FAILURES:
            hook.status = "disabled"
        return status

    def ping(self, hook: Hook) -> int:
        """What is sent when a webhook is made: a form, unsigned."""
        body = f"webhook_id={hook.id}".encode()
        return self._posted(hook.delivery_url, {"content-type": "application/x-www-form-urlencoded"}, body)

    def _posted(self, url: str, headers: dict[str, str], body: bytes) -> int:
        try:
            return httpx.post(url, content=body, headers=headers, timeout=5, trust_env=False).status_code
        except httpx.HTTPError:
            return 0


def signature(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


@get(f"{API}/webhooks")
async def list_webhooks(request: AnyRequest, state: State) -> list[Told]:
    state.till.let_in(request)
    return [hook.told() for hook in state.hooks.kept.values()]


@post(f"{API}/webhooks")
async def make_webhook(request: AnyRequest, state: State) -> Response[Told]:
    """Its answer waits for the ping, as the real one's does."""
    hooks = _writing(request, state)
    told = msgspec.json.decode(await request.body(), type=dict[str, str])
    hook = Hook(
        id=len(hooks.kept) + 1,
        name=told.get("name", ""),
        topic=told["topic"],
        delivery_url=told["delivery_url"],
        secret=told.get("secret", ""),
    )
    status = await asyncio.to_thread(hooks.ping, hook)
    if not 200 <= status < 300:
        raise HTTPException(status_code=400, detail=f"Error: Delivery URL returned response code: {status}")
    hooks.kept[hook.id] = hook
    return Response(hook.told(), status_code=201)


@put(f"{API}/webhooks/{{number:int}}")
async def change_webhook(number: FromPath[int], request: AnyRequest, state: State) -> Told:
    hooks = _writing(request, state)
    hook = _kept(number, hooks)
    for name, value in msgspec.json.decode(await request.body(), type=dict[str, str]).items():
        setattr(hook, name, value)
    hook.failures = 0
    return hook.told()


@delete(f"{API}/webhooks/{{number:int}}", status_code=200)
async def remove_webhook(number: FromPath[int], request: AnyRequest, state: State) -> Told:
    hooks = _writing(request, state)
    told = _kept(number, hooks).told()
    del hooks.kept[number]
    return told


def _writing(request: AnyRequest, state: State) -> Hooks:
    till: Till = state.till
    till.let_in(request)
    if not till.may_write:
        raise HTTPException(status_code=401, detail="woocommerce_rest_cannot_create")
    hooks: Hooks = state.hooks
    return hooks


def _kept(number: int, hooks: Hooks) -> Hook:
    if number not in hooks.kept:
        raise HTTPException(status_code=404, detail="woocommerce_rest_webhook_invalid_id")
    return hooks.kept[number]


ROUTES = (list_webhooks, make_webhook, change_webhook, remove_webhook)


def _delivery_id(hook: Hook) -> str:
    """Of the webhook and the second alone, as WooCommerce makes it: several deliveries of one second share it."""
    return hashlib.md5(f"{hook.id}{int(time.time())}".encode(), usedforsecurity=False).hexdigest()
