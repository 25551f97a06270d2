"""A click spends one download and leads to its own address; the address hands out the bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from mimetypes import guess_type
from urllib.parse import quote

from litestar import post, route
from litestar.di import Provide
from litestar.params import FromPath
from litestar.response import Redirect

from db.downloads import Download
from portal import archives, downloads, links, transfers
from portal.activity import TRESEN, By
from portal.downloads import Address
from portal.house import House as PortalHouse
from portal.meters import Meter
from portal.refusals import Refused
from portal.transfers import Transfer
from routes.customer import hand_offs
from routes.customer.archives import handed_out
from routes.customer.hand_offs import Asked, PartAnswer
from routes.customer.orders import DownloadOf, page_of
from routes.customer.spending import PRIVATE, Asker, attempt
from routes.given import AnyRequest, AnyResponse, House, IpPrefix, LinkedOrder, Now
from routes.ranges import RangedAnswer, Sent, attachment
from views import Page


@post("/o/{token:str}/files/{file_id:int}/downloads", dependencies={"attempt": Provide(attempt)})
async def start_download(order: LinkedOrder, file_id: FromPath[int], house: House, attempt: Asker) -> Redirect | Page:
    try:
        download = await house.counter.start(order.id, file_id, attempt)
    except Refused as refused:
        return await page_of(order, house, attempt.at, refused.refusal, DownloadOf(file_id))
    address = downloads.token(Address(download.id, order.link), house.signer)
    return Redirect(f"/d/{address}/{quote(download.name, safe='')}", status_code=303)


@route("/d/{token:str}/{name:str}", http_method=["GET", "HEAD"])
async def hand_out(
    token: FromPath[str], request: AnyRequest, house: House, now: Now, ip_prefix: IpPrefix
) -> AnyResponse:
    """The name in the address is for the customer's eyes; the token alone decides, also between file and archive."""
    if wanted := archives.read(token, house.signer):
        async with house.database.reading() as session:
            archive = await archives.at_address(wanted, session, now)
        return await handed_out(archive, house, _noting(request, now), ip_prefix)
    address = downloads.read(token, house.signer)
    if address is None:
        raise links.LinkUnknown
    found = await house.counter.at(address, now)
    download = found.download
    content = await house.counter.bytes_of(found, _noting(request, now))
    kind = guess_type(download.name)[0] or "application/octet-stream"
    headers = {"content-disposition": attachment(download.name), "content-type": kind, **PRIVATE}
    asked, watch = Asked(request, house, now, ip_prefix), Watch(house, download, ip_prefix, content.meter)
    way = await house.counter.way(found, headers)
    if way is None:
        return RangedAnswer(content, attachment(download.name), media_type=kind, headers=PRIVATE, on_done=watch)
    if not hand_offs.is_of_the_whole(asked, content.size):
        return PartAnswer(content, headers, way, watch)
    await content.close()
    return await hand_offs.handed_off(way, found, headers, asked)


def _noting(request: AnyRequest, now: datetime) -> By | None:
    """In whose name a failure is noted; HEAD only looks."""
    return By(TRESEN, now) if request.method == "GET" else None


@dataclass(frozen=True)
class Watch:
    """Notes what left the house, after the answer."""

    house: PortalHouse
    download: Download
    ip_prefix: str
    meter: Meter

    async def __call__(self, sent: Sent) -> None:
        transfer = Transfer(
            at=datetime.now(UTC),
            start=sent.start,
            sent=sent.sent,
            is_cut=not sent.finished,
            failure="broken" if sent.broken and not self.meter.reached else "",
            ip_prefix=self.ip_prefix,
        )
        async with self.house.database.writing() as session:
            await transfers.note(self.download, transfer, session)
