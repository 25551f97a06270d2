"""Webhooks: registered once a word came back from their address, and signed when they are called."""

from __future__ import annotations

import hashlib
import hmac
import secrets

import httpx
import msgspec
from litestar import get, post, put
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from demo.billbee_stand_in.account import Account, AnyRequest, Told
from demo.billbee_stand_in.rest import API

FILTERS = ("order.created", "order.updated", "product.created")


def signature(body: bytes, secret: str) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().upper()


@get(f"{API}/webhooks")
async def list_hooks(request: AnyRequest, state: State) -> list[Told]:
    account: Account = state.account
    account.let_in(request, "webhooks")
    return list(account.hooks.values())


@get(f"{API}/webhooks/filters")
async def list_filters(request: AnyRequest, state: State) -> list[Told]:
    account: Account = state.account
    account.let_in(request, "webhooks/filters")
    return [{"Name": name, "Description": name} for name in FILTERS]


@post(f"{API}/webhooks", status_code=201)
async def add_hook(request: AnyRequest, state: State) -> Told:
    account: Account = state.account
    account.let_in(request, "POST webhooks")
    return await _kept(secrets.token_hex(8), await request.body(), account)


@put(f"{API}/webhooks/{{number:str}}")
async def change_hook(number: FromPath[str], request: AnyRequest, state: State) -> Told:
    account: Account = state.account
    account.let_in(request, "PUT webhooks")
    if number not in account.hooks:
        raise HTTPException(status_code=404)
    return await _kept(number, await request.body(), account)


async def _kept(number: str, body: bytes, account: Account) -> Told:
    told = msgspec.json.decode(body, type=dict[str, object])
    if not 32 <= len(str(told["Secret"])) <= 64:
        raise HTTPException(status_code=400, detail="The secret has 32 to 64 characters.")
    word = secrets.token_hex(8)
    async with httpx.AsyncClient() as client:
        answer = await client.get(str(told["WebHookUri"]), params={"echo": word})
    if answer.text != word:
        raise HTTPException(status_code=400, detail="Nobody answers at that address.")
    account.hooks[number] = told | {"Id": number}
    return account.hooks[number]


ROUTES = (list_hooks, list_filters, add_hook, change_hook)
