"""Orders in, orders out."""

from __future__ import annotations

import re
from typing import Literal

from litestar import delete, get, post, put
from litestar.params import RawBody
from litestar.response import Response
from msgspec import Struct

from db.orders import Order
from portal import exported, imported_payments, links, order_imports, order_search
from portal.exported import ExportedOrder
from portal.imported import ImportedOrder, ImportedPayment
from portal.order_imports import ImportResult, Key
from portal.order_search import OrderQuery
from portal.refusals import Fault, Invalid
from routes.api.body import decoded
from routes.api.calls import Call, Listed, OrderKey, asked, told
from routes.given import AnyRequest, ApiKeyHolder, House, Reading

ORDER = "/orders/{source:str}/{external_id:str}"
LONGEST_ID = 200


class StoredOrder(Struct, kw_only=True, frozen=True):
    result: ImportResult
    portal_url: str
    order: ExportedOrder


class BookedPayment(Struct, kw_only=True, frozen=True):
    result: Literal["created", "known"]
    order: ExportedOrder


class PortalLink(Struct, kw_only=True, frozen=True):
    portal_url: str


@put(
    ORDER,
    opt=told(Call(summary="Store an order", takes=ImportedOrder, gives={201: StoredOrder, 200: StoredOrder})),
)
async def put_order(key: OrderKey, body: RawBody, house: House, by: ApiKeyHolder) -> Response[StoredOrder]:
    refuse_odd(key)
    order = decoded(ImportedOrder, body)
    async with house.database.writing() as session:
        row, result = await order_imports.put(key, order, session, by)
        now = await exported.one(row, house.links, session)
    status = 201 if result is ImportResult.CREATED else 200
    return Response(StoredOrder(result=result, portal_url=now.portal_url, order=now), status_code=status)


@get(ORDER, opt=told(Call(summary="Show an order, tombstones too", gives={200: ExportedOrder})))
async def show_order(key: OrderKey, house: House, reading: Reading) -> ExportedOrder:
    return await exported.one(await order_imports.one(key, reading), house.links, reading)


@delete(ORDER, opt=told(Call(summary="Put a tombstone in an order's place", gives={204: None})))
async def delete_order(key: OrderKey, house: House, by: ApiKeyHolder) -> None:
    async with house.database.writing() as session:
        await order_imports.bury(await order_imports.one(key, session), session, by)


@get(
    "/orders",
    opt=told(Call(summary="List orders by their last change", query=OrderQuery, gives={200: Listed[ExportedOrder]})),
)
async def list_orders(request: AnyRequest, house: House, reading: Reading) -> Listed[ExportedOrder]:
    found, cursor = await order_search.page(asked(OrderQuery, request), reading)
    return Listed(items=await exported.many(found, house.links, reading), next_cursor=cursor)


@post(
    ORDER + "/payments",
    opt=told(Call(summary="Book a payment", takes=ImportedPayment, gives={201: BookedPayment, 200: BookedPayment})),
)
async def add_payment(key: OrderKey, body: RawBody, house: House, by: ApiKeyHolder) -> Response[BookedPayment]:
    payment = decoded(ImportedPayment, body)
    async with house.database.writing() as session:
        row = await order_imports.one(key, session)
        is_new = await imported_payments.add(row, payment, session, by)
        now = await exported.one(row, house.links, session)
    return Response(
        BookedPayment(result="created" if is_new else "known", order=now), status_code=201 if is_new else 200
    )


@post(
    ORDER + "/portal-link",
    status_code=200,
    opt=told(Call(summary="Renew the portal link; the old one dies at once", gives={200: PortalLink})),
)
async def renew_link(key: OrderKey, house: House, by: ApiKeyHolder) -> PortalLink:
    async with house.database.writing() as session:
        row: Order = await order_imports.one(key, session)
        link = await links.renew(row, session, by)
    return PortalLink(portal_url=house.links.url(link))


def refuse_odd(key: Key) -> None:
    """Raises Invalid for a key under which nothing is ever stored."""
    faults = []
    if not re.fullmatch("[a-z0-9-]{1,64}", key.source):
        faults.append(Fault("#/source", "pattern", "A source is 1 to 64 lower-case letters, digits and hyphens."))
    if not 0 < len(key.external_id) <= LONGEST_ID or "\0" in key.external_id:
        faults.append(Fault("#/external_id", "too-long", f"An external id has 1 to {LONGEST_ID} characters."))
    if faults:
        raise Invalid(*faults)
