"""The answer to a download that the web server in front or the storage itself sends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from litestar.response import Response

from db.downloads import DownloadObservation
from portal.deliveries import FoundDownload
from portal.hand_offs import ByStorage, ByWebServer
from portal.house import House as PortalHouse
from routes.customer.spending import PRIVATE
from routes.given import AnyRequest
from routes.ranges import asked_for


@dataclass(frozen=True)
class Asked:
    """Who asks for the bytes, when, and for which of them."""

    request: AnyRequest
    house: PortalHouse
    now: datetime
    ip_prefix: str


async def handed_off(
    way: ByWebServer | ByStorage, found: FoundDownload, headers: Mapping[str, str], asked: Asked
) -> Response[bytes]:
    """Counts what was asked for as sent, and says who sends it. Raises CapReached."""
    part = asked_for(asked.request.method, asked.request.headers, found.download.size)
    if part.bodied:
        found.meter.take(part.end - part.start)
        async with asked.house.database.writing() as session:
            session.add(
                DownloadObservation(
                    download_id=found.download.id,
                    at=asked.now,
                    start=part.start,
                    sent=part.end - part.start,
                    finished=False,
                    handed_off=True,
                    ip_prefix=asked.ip_prefix,
                )
            )
    match way:
        case ByWebServer(place):
            kind = headers["content-type"]
            told = {name: value for name, value in headers.items() if name != "content-type"}
            return Response(b"", media_type=kind, headers={**told, "X-Accel-Redirect": place})
        case ByStorage(address):
            return Response(b"", status_code=302, headers={**PRIVATE, "Location": address})
