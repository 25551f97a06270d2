"""What an order may download, what was downloaded, and what is given on top."""

from __future__ import annotations

from datetime import date, datetime

from litestar import get, post
from litestar.params import RawBody
from msgspec import Struct

from portal import activity, allowances, dossiers, download_log, downloads, order_imports
from portal.allowances import NewAllowance
from portal.download_log import LoggedDownload
from portal.entitlements import Entitlement
from portal.refusals import Refusal
from routes.api.body import decoded
from routes.api.calls import Call, Listed, OrderKey, told
from routes.api.orders import ORDER
from routes.given import ApiKeyHolder, House, Now, Reading


class ToldFile(Struct, kw_only=True, frozen=True):
    """A file of the order. `refusal` says why it is not to be had now; null in the others means without limit."""

    id: int
    name: str
    refusal: Refusal | None
    downloads_left: int | None
    until: date | None


class GivenAllowance(Struct, kw_only=True, frozen=True):
    id: int
    file: int
    downloads: int
    reason: str
    given_by: str
    given_at: datetime


class ToldActivity(Struct, kw_only=True, frozen=True):
    at: datetime
    actor: str
    kind: str
    details: dict[str, object]


@get(ORDER + "/files", opt=told(Call(summary="List the order's files", gives={200: Listed[ToldFile]})))
async def list_files(key: OrderKey, house: House, reading: Reading, now: Now) -> Listed[ToldFile]:
    order = await order_imports.one(key, reading)
    dossier = await dossiers.of(order.id, reading, house.zone)
    return Listed(items=[_told(entitlement, now) for entitlement in dossier.entitlements])


def _told(entitlement: Entitlement, now: datetime) -> ToldFile:
    return ToldFile(
        id=entitlement.file.id,
        name=entitlement.file.name,
        refusal=downloads.refusal(entitlement, now),
        downloads_left=entitlement.downloads_left,
        until=entitlement.until(now),
    )


@get(ORDER + "/downloads", opt=told(Call(summary="List the spent downloads", gives={200: Listed[LoggedDownload]})))
async def list_downloads(key: OrderKey, reading: Reading) -> Listed[LoggedDownload]:
    order = await order_imports.one(key, reading)
    return Listed(items=await download_log.of_order(order.id, reading))


@get(ORDER + "/activity", opt=told(Call(summary="Tell the order's history", gives={200: Listed[ToldActivity]})))
async def list_activity(key: OrderKey, reading: Reading) -> Listed[ToldActivity]:
    order = await order_imports.one(key, reading)
    entries = await activity.of_order(order.id, reading)
    return Listed(
        items=[ToldActivity(at=each.at, actor=each.actor, kind=each.kind, details=each.details) for each in entries]
    )


@post(
    ORDER + "/allowances",
    opt=told(Call(summary="Give more downloads", takes=NewAllowance, gives={201: GivenAllowance})),
)
async def give_allowance(key: OrderKey, body: RawBody, house: House, by: ApiKeyHolder) -> GivenAllowance:
    new = decoded(NewAllowance, body)
    async with house.database.writing() as session:
        order = await order_imports.one(key, session)
        dossier = await dossiers.of(order.id, session, house.zone)
        row = await allowances.give(new, order, dossier, session, by)
    same = "id file_id downloads reason given_by given_at".split()
    return GivenAllowance(**{name.removesuffix("_id"): getattr(row, name) for name in same})
