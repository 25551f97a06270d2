"""What became of every download: as the merchant sees it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import func, select
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
    served = (
        select(
            DownloadObservation.download_id,
            func.sum(DownloadObservation.sent).label("sent"),
            func.max(DownloadObservation.finished).label("finished"),
            func.max(DownloadObservation.handed_off).label("handed_off"),
        )
        .group_by(DownloadObservation.download_id)
        .subquery()
    )
    rows = await session.execute(
        select(Download, served.c.sent, served.c.finished, served.c.handed_off, is_given_back())
        .outerjoin(served, served.c.download_id == Download.id)
        .where(Download.order_id == order_id)
        .order_by(Download.id.desc())
    )
    return [
        LoggedDownload(
            file=download.file_id,
            name=download.name,
            started_at=download.started_at,
            attempt=download.attempt,
            bytes_served=sent or 0,
            finished=bool(finished),
            ip_prefix=download.ip_prefix,
            given_back=given_back,
            handed_off=bool(handed_off),
        )
        for download, sent, finished, handed_off, given_back in rows
    ]
