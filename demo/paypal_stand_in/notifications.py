"""The addresses under /v1/notifications, and the certificate that deliveries are signed with."""

from __future__ import annotations

import asyncio
from typing import Literal

import msgspec
from litestar import Response, delete, get, patch, post
from litestar.datastructures import State
from litestar.params import FromPath

from demo.paypal_stand_in.answers import answer, refused
from demo.paypal_stand_in.checkout import Answer, AnyRequest, stopped
from demo.paypal_stand_in.hooks import Hooks
from demo.paypal_stand_in.ledger import Json, Ledger, new_id


class NewWebhook(msgspec.Struct):
    url: str
    event_types: list[dict[str, str]]


class Change(msgspec.Struct):
    """One step of a JSON patch."""

    op: Literal["replace"]
    path: str
    value: str | list[dict[str, str]]


class Question(msgspec.Struct):
    """`webhook_event` stays the bytes that came: the signature is about them."""

    auth_algo: str
    cert_url: str
    transmission_id: str
    transmission_sig: str
    transmission_time: str
    webhook_id: str
    webhook_event: msgspec.Raw


@post("/v1/notifications/webhooks", status_code=201)
async def register_webhook(request: AnyRequest, state: State) -> Answer:
    ledger: Ledger = state.ledger
    if stop := stopped(request, ledger):
        return stop
    try:
        wanted = msgspec.json.decode(await request.body(), type=NewWebhook)
    except msgspec.MsgspecError:
        return refused(400, "VALIDATION_ERROR")
    if wanted.url in ledger.webhooks.values():
        return answer(
            400, {"name": "WEBHOOK_URL_ALREADY_EXISTS", "message": "Webhook URL already exists", "debug_id": "e1f2"}
        )
    webhook = new_id()
    ledger.webhooks[webhook] = wanted.url
    ledger.events[webhook] = [each["name"] for each in wanted.event_types]
    return answer(201, {"id": webhook, "url": wanted.url, "event_types": wanted.event_types})


@get("/v1/notifications/webhooks")
async def list_webhooks(request: AnyRequest, state: State) -> Answer:
    ledger: Ledger = state.ledger
    if stop := stopped(request, ledger):
        return stop
    return answer(200, {"webhooks": [_told(webhook, ledger) for webhook in ledger.webhooks]})


@patch("/v1/notifications/webhooks/{webhook:str}", status_code=200)
async def change_webhook(webhook: FromPath[str], request: AnyRequest, state: State) -> Answer:
    """Refuses a patch that changes nothing, as PayPal does."""
    ledger: Ledger = state.ledger
    if stop := stopped(request, ledger):
        return stop
    if webhook not in ledger.webhooks:
        return refused(404, "INVALID_RESOURCE_ID")
    try:
        changes = msgspec.json.decode(await request.body(), type=list[Change])
    except msgspec.MsgspecError:
        return refused(400, "VALIDATION_ERROR")
    before = _told(webhook, ledger)
    for change in changes:
        if change.path == "/url" and isinstance(change.value, str):
            ledger.webhooks[webhook] = change.value
        elif change.path == "/event_types" and isinstance(change.value, list):
            ledger.events[webhook] = [each["name"] for each in change.value]
        else:
            return refused(400, "VALIDATION_ERROR")
    after = _told(webhook, ledger)
    return refused(400, "WEBHOOK_PATCH_REQUEST_NO_CHANGE") if after == before else answer(200, after)


@delete("/v1/notifications/webhooks/{webhook:str}", status_code=200)
async def withdraw_webhook(webhook: FromPath[str], request: AnyRequest, state: State) -> Response[None] | Answer:
    """204 without a body, as PayPal; a refusal has one."""
    ledger: Ledger = state.ledger
    if stop := stopped(request, ledger):
        return stop
    if ledger.webhooks.pop(webhook, None) is None:
        return refused(404, "INVALID_RESOURCE_ID")
    ledger.events.pop(webhook, None)
    return Response(None, status_code=204)


def _told(webhook: str, ledger: Ledger) -> Json:
    events: list[Json] = [{"name": name} for name in ledger.events.get(webhook, ["*"])]
    return {"id": webhook, "url": ledger.webhooks[webhook], "event_types": events}


@post("/v1/notifications/verify-webhook-signature", status_code=200)
async def verify_signature(request: AnyRequest, state: State) -> Answer:
    hooks: Hooks = state.hooks
    if stop := stopped(request, state.ledger):
        return stop
    try:
        asked = msgspec.json.decode(await request.body(), type=Question)
    except msgspec.MsgspecError:
        return refused(400, "VALIDATION_ERROR")
    facts = {name: value for name, value in msgspec.structs.asdict(asked).items() if name != "webhook_event"}
    genuine = await asyncio.to_thread(hooks.is_genuine, facts, bytes(asked.webhook_event))
    return answer(200, {"verification_status": "SUCCESS" if genuine else "FAILURE"})


@get("/v1/notifications/certs/{name:str}", media_type="application/x-pem-file")
async def show_certificate(name: FromPath[str], state: State) -> Response[bytes]:
    hooks: Hooks = state.hooks
    return Response(await asyncio.to_thread(lambda: hooks.certificate), media_type="application/x-pem-file")
