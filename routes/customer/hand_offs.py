"""The answer to a download that the web server in front or the storage itself sends.

Only whole files go that way. Of a part, such as the rest after a broken transfer, nobody here would learn how much of
it was taken, and every new attempt would count as all of it; so that parts are sent by us, under the tag that the
sender of the whole gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from litestar import Request
from litestar.datastructures import State
from litestar.response import Response

from portal import transfers
from portal.byte_ranges import Bytes
from portal.deliveries import FoundDownload
from portal.hand_offs import ByStorage, ByWebServer
from portal.house import House as PortalHouse
from portal.transfers import Transfer
from routes.customer.spending import PRIVATE
from routes.given import AnyRequest
from routes.ranges import OnDone, Part, RangedAnswer, asked_for


@dataclass(frozen=True)
class Asked:
    """Who asks for the bytes, when, and for which of them."""

    request: AnyRequest
    house: PortalHouse
    now: datetime
    ip_prefix: str


def is_of_the_whole(asked: Asked, size: int) -> bool:
    part = asked_for(asked.request.method, asked.request.headers, size)
    return part.bodied and (part.start, part.end) == (0, size)


async def handed_off(
    way: ByWebServer | ByStorage, found: FoundDownload, headers: Mapping[str, str], asked: Asked
) -> Response[bytes]:
    """Counts the whole as sent, and says who sends it. Raises CapReached."""
    found.meter.take(found.download.size)
    transfer = Transfer(at=asked.now, sent=found.download.size, handed_off=True, ip_prefix=asked.ip_prefix)
    async with asked.house.database.writing() as session:
        await transfers.note(found.download, transfer, session)
    match way:
        case ByWebServer(place):
            kind = headers["content-type"]
            told = {name: value for name, value in headers.items() if name != "content-type"}
            return Response(b"", media_type=kind, headers={**told, "X-Accel-Redirect": place})
        case ByStorage(address):
            return Response(b"", status_code=302, headers={**PRIVATE, "Location": address})


class PartAnswer(RangedAnswer):
    """A part of a file whose whole another one sends: it continues what was begun there."""

    def __init__(self, source: Bytes, told: Mapping[str, str], way: ByWebServer | ByStorage, on_done: OnDone) -> None:
        super().__init__(
            source, told["content-disposition"], media_type=told["content-type"], headers=PRIVATE, on_done=on_done
        )
        self.tag = tag(way, source)

    def _part(self, request: Request[object, object, State]) -> Part:
        if self.tag and request.headers.get("if-range") == self.tag:
            return asked_for(request.method, request.headers, self.source.size)
        return super()._part(request)

    def _resuming(self) -> dict[str, str]:
        own = super()._resuming()
        return {**own, "etag": self.tag} if self.tag else own


def tag(way: ByWebServer | ByStorage, source: Bytes) -> str:
    """The ETag that the other one gives; empty where we do not know it.

    nginx makes it of the time of the last change and the size (ngx_http_set_etag); of a storage it is the version.
    """
    match way:
        case ByWebServer():
            return f'"{int(source.modified.timestamp()):x}-{source.size:x}"' if source.modified else ""
        case ByStorage():
            return source.version if source.version.startswith('"') else ""
