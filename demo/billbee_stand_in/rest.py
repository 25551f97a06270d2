"""Orders in Billbee's envelopes, and the calls that write into them."""

from __future__ import annotations

import math

import msgspec
from litestar import get, patch, post, put
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from demo.billbee_stand_in.account import Account, AnyRequest, Told

API = "/api/v1"
MOST_A_PAGE = 250


@get(f"{API}/orders")
async def list_orders(request: AnyRequest, state: State) -> Told:
    account: Account = state.account
    account.let_in(request, "orders")
    query = request.query_params
    since = query.get("modifiedAtMin", "")
    rows = [row for row in account.orders.values() if str(row["LastModifiedAt"]) >= since]
    size, page = min(int(query.get("pageSize", "50")), MOST_A_PAGE), int(query.get("page", "1"))
    paging: Told = {
        "Page": page,
        "TotalPages": math.ceil(len(rows) / size),
        "TotalRows": len(rows),
        "PageSize": size,
    }
    return _enveloped(rows[(page - 1) * size : page * size], account, paging)


@get(f"{API}/orders/PatchableFields")
async def list_patchable(request: AnyRequest, state: State) -> Told:
    account: Account = state.account
    account.let_in(request, "orders/PatchableFields")
    return _enveloped(account.patchable, account)


@get(f"{API}/orders/{{number:int}}")
async def show_order(number: FromPath[int], request: AnyRequest, state: State) -> Told:
    account: Account = state.account
    account.let_in(request, "orders/id")
    return _enveloped(_order(number, account), account)


@patch(f"{API}/orders/{{number:int}}")
async def change_order(number: FromPath[int], request: AnyRequest, state: State) -> Told:
    account: Account = state.account
    account.let_in(request, "PATCH orders/id")
    order, fields = _order(number, account), msgspec.json.decode(await request.body(), type=dict[str, object])
    if fields.keys() - set(account.patchable):
        raise HTTPException(status_code=400, detail="A field cannot be patched.")
    return _enveloped(account.put(order | fields), account)


@put(f"{API}/orders/{{number:int}}/orderstate", status_code=200)
async def change_state(number: FromPath[int], request: AnyRequest, state: State) -> Told:
    account: Account = state.account
    account.let_in(request, "orderstate")
    wanted = msgspec.json.decode(await request.body(), type=dict[str, int])
    account.put(_order(number, account) | {"State": wanted["NewStateId"]})
    return _enveloped(None, account)


@post(f"{API}/orders/{{number:int}}/tags", status_code=200)
async def add_tags(number: FromPath[int], request: AnyRequest, state: State) -> Told:
    account: Account = state.account
    account.let_in(request, "tags")
    order = _order(number, account)
    wanted = msgspec.json.decode(await request.body(), type=dict[str, list[str]])
    there = [str(tag) for tag in order.get("Tags") or []]  # type: ignore[attr-defined]
    account.put(order | {"Tags": list(dict.fromkeys([*there, *wanted["Tags"]]))})
    return _enveloped(None, account)


@post(f"{API}/orders/{{number:int}}/trigger-event", status_code=200)
async def trigger_event(number: FromPath[int], request: AnyRequest, state: State) -> Told:
    account: Account = state.account
    account.let_in(request, "trigger-event")
    _order(number, account)
    wanted = msgspec.json.decode(await request.body(), type=dict[str, object])
    account.events.append((number, str(wanted["Name"])))
    return _enveloped(None, account)


def _order(number: int, account: Account) -> Told:
    if number not in account.orders:
        raise HTTPException(status_code=404)
    return account.orders[number]


def _enveloped(data: object, account: Account, paging: Told | None = None) -> Told:
    error = account.error()
    told: Told = {
        "ErrorMessage": error[1] if error else None,
        "ErrorCode": error[0] if error else 0,
        "ErrorDescription": "Error" if error else "NoError",
        "Data": None if error else data,
    }
    return {"Paging": paging, **told} if paging else told


ROUTES = (list_orders, list_patchable, show_order, change_order, change_state, add_tags, trigger_event)
