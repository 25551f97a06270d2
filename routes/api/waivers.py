"""Consents of an order, as recorded, and the evidence of each as a PDF."""

from __future__ import annotations

from datetime import datetime

from litestar import get
from litestar.params import FromPath
from msgspec import Struct

from portal import order_imports, papers, waiver_records, waivers
from portal.byte_ranges import HeldBytes
from portal.refusals import NotFound
from portal.waivers import GivenWaiver
from routes.api.calls import PDF, Call, Listed, OrderKey, row_id, told
from routes.api.orders import ORDER
from routes.given import AnyRequest, House, Reading
from routes.ranges import RangedAnswer, attachment
from views.languages import locale_of
from views.papers.waivers import evidence


class ToldLine(Struct, kw_only=True, frozen=True):
    """As it was called when the consent was given."""

    id: str
    title: str


class ToldWaiver(Struct, kw_only=True, frozen=True):
    """One consent. `text`, its digest and `given_at` are null where a shop did not tell them.

    `confirmed_at` is when the customer had the confirmation; null until then, and for what a shop told.
    """

    id: int
    text: str | None
    text_sha256: str | None
    given_at: datetime | None
    source: str
    locale: str
    lines: list[ToldLine]
    confirmed_at: datetime | None


@get(ORDER + "/waivers", opt=told(Call(summary="List the recorded consents", gives={200: Listed[ToldWaiver]})))
async def list_waivers(key: OrderKey, reading: Reading) -> Listed[ToldWaiver]:
    order = await order_imports.one(key, reading)
    return Listed(items=[_told(waiver) for waiver in await waivers.recorded(order.id, reading)])


@get(
    ORDER + "/waivers/{document:str}",
    opt=told(
        Call(
            path="/orders/{source}/{external_id}/waivers/{id}.pdf",
            summary="Hand out the evidence of a consent as a PDF",
            gives={200: PDF},
        )
    ),
)
async def show_evidence(
    key: OrderKey, document: FromPath[str], request: AnyRequest, reading: Reading, house: House
) -> RangedAnswer:
    number, _, form = document.partition(".")
    if form != "pdf":
        raise NotFound
    order = await order_imports.one(key, reading)
    record = await waiver_records.of(order.id, row_id(number), reading, house.zone)
    letter = evidence(record, locale_of("", request.headers.get("Accept-Language", "")))
    content = HeldBytes(await papers.printed(letter, house.child, house.scratch))
    name = attachment(f"{record.order_number}-{record.waiver.id}.pdf")
    return RangedAnswer(content, name, media_type=PDF, headers={"Cache-Control": "no-store"})


def _told(waiver: GivenWaiver) -> ToldWaiver:
    return ToldWaiver(
        id=waiver.id,
        text=waiver.text,
        text_sha256=waiver.text_sha256,
        given_at=waiver.given_at,
        source=waiver.source,
        locale=waiver.locale,
        lines=[ToldLine(id=line.id, title=line.title) for line in waiver.lines],
        confirmed_at=waiver.confirmation.at if waiver.confirmation else None,
    )
