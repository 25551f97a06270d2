"""What shops and payment services called with and nobody could work on: looked at, and tried once more."""

from __future__ import annotations

from datetime import datetime

from litestar import get, post
from litestar.params import FromPath
from msgspec import Struct

from portal import webhook_inbox
from portal.webhook_inbox import SetAside
from routes.api.calls import Call, Listed, row_id, told
from routes.given import ApiKeyHolder, House, Reading


class ToldDelivery(Struct, kw_only=True, frozen=True):
    """`sender` is the name of the source or of the payment provider."""

    id: int
    sender: str
    received_at: datetime
    error: str


@get(
    "/webhook-deliveries",
    opt=told(
        Call(summary="List the webhook deliveries that were set aside, newest first", gives={200: Listed[ToldDelivery]})
    ),
)
async def list_deliveries(reading: Reading) -> Listed[ToldDelivery]:
    return Listed(items=[_told(row) for row in await webhook_inbox.given_up(reading)])


@post(
    "/webhook-deliveries/{delivery:str}/retries",
    status_code=202,
    opt=told(Call(summary="Try a delivery that was set aside once more", gives={202: None})),
)
async def retry_delivery(delivery: FromPath[str], house: House, by: ApiKeyHolder) -> None:
    async with house.database.writing() as session:
        await webhook_inbox.retry(row_id(delivery), session, by)


def _told(row: SetAside) -> ToldDelivery:
    return ToldDelivery(id=row.id, sender=row.sender, received_at=row.received_at, error=row.error)
