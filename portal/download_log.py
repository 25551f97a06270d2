"""What became of every download: as the merchant sees it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.downloads import Download, DownloadObservation
from portal.entitled import is_given_back


class LoggedDownload(Struct, kw_only=True, frozen=True):
    """One spent download. `bytes_served` sums up all transfers, so that it may exceed the file's size.

    `handed_off`: the web server or the storage sent some; those count as asked for, and `finished` is not known.
    """

    file: int
    name: str
    started_at: datetime
    attempt: str
    bytes_served: int
    finished: bool
    ip_prefix: str
    given_back: bool
    handed_off: bool


async def of_order(order_id: int, session: AsyncSession) -> list[LoggedDownload]:
    """Newest first, in one statement."""
    rows = await session.execute(
        select(Download, DownloadObservation, is_given_back())
        .outerjoin(DownloadObservation, DownloadObservation.download_id == Download.id)
        .where(Download.order_id == order_id)
        .order_by(Download.id.desc())
    )
    return [_logged(download, seen, given_back=given_back) for download, seen, given_back in rows]


def _logged(download: Download, seen: DownloadObservation | None, *, given_back: bool) -> LoggedDownload:
    return LoggedDownload(
        file=download.file_id,
        name=download.name,
        started_at=download.started_at,
        attempt=download.attempt,
        bytes_served=seen.sent if seen else 0,
        finished=seen is not None and seen.finished and not seen.handed_off,
        ip_prefix=download.ip_prefix,
        given_back=given_back,
        handed_off=seen is not None and seen.handed_off,
    )
