"""What is noted of every transfer of a download: one row grows, so that many small pieces are no many rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.downloads import Download, DownloadObservation
from portal import pieces
from portal.entitled import is_given_back


@dataclass(frozen=True, kw_only=True)
class Transfer:
    """`sent` bytes from `start` on. One that `is_cut` broke off, be it by whoever fetches or by our `failure`.

    What was `handed_off` was sent by somebody else: then `sent` is what was asked for.
    """

    at: datetime
    start: int = 0
    sent: int = 0
    is_cut: bool = False
    failure: str = ""
    handed_off: bool = False
    ip_prefix: str = ""

    @property
    def end(self) -> int:
        """Of a transfer that was cut, the last byte at least has not arrived, however far we had come."""
        return self.start + max(0, self.sent - 1 if self.is_cut else self.sent)


async def note(download: Download, transfer: Transfer, session: AsyncSession) -> None:
    """In the running write transaction."""
    seen = await session.scalar(select(DownloadObservation).where(DownloadObservation.download_id == download.id))
    if seen is None:
        seen = DownloadObservation(download_id=download.id, at=transfer.at)
        session.add(seen)
    seen.at, seen.ip_prefix = transfer.at, transfer.ip_prefix or seen.ip_prefix
    seen.sent += transfer.sent
    seen.pieces = pieces.joined(seen.pieces, transfer.start, transfer.end)
    seen.covered = max(seen.covered, pieces.covered(seen.pieces))
    seen.finished |= seen.covered >= download.size and (download.size > 0 or not transfer.is_cut)
    seen.handed_off |= transfer.handed_off
    if transfer.failure or transfer.sent:
        seen.failure = transfer.failure
    await session.flush()


async def take_again(download: Download, session: AsyncSession) -> bool:
    """Makes a download count that was given back; False if it counts already. In the running write transaction."""
    lost = select(Download.id).where(Download.id == download.id, is_given_back())
    if await session.scalar(lost) is None:
        return False
    await session.execute(
        update(DownloadObservation).where(DownloadObservation.download_id == download.id).values(failure="")
    )
    return True
