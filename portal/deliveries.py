"""From the click to the bytes: look, fetch or stamp, then spend; and open what a download's address stands for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from db.downloads import Download, DownloadObservation
from db.engine import Reading, Transaction
from db.files import File
from db.settings import FileSettings
from db.storages import Storage as StorageRow
from pdfkit.outcome import StampFailed
from portal import dossiers, downloads, failed_deliveries, settings, stamps
from portal.activity import TRESEN, By
from portal.byte_ranges import Bytes, BytesChangedError
from portal.dossiers import Dossier
from portal.downloads import Attempt, Delivery
from portal.entitlements import Entitlement
from portal.failed_deliveries import Failure, at_its_place
from portal.hand_offs import ByStorage, ByWebServer, HandOffs
from portal.inspections import head_of, is_pdf
from portal.meters import Meter, MeteredBytes, Meters
from portal.refusals import NotFound, Refusal, Refused
from portal.sealed_options import OptionsRefused
from portal.stamps import FileChanged, Stamps, Wish
from portal.storages import Entry, FileMissing, Storage, Storages, StorageUnavailable

# What is asked of the storage itself: the file may be back, or replaced by one that can be stamped.
MAY_BE_MENDED = frozenset({Refusal.FILE_MISSING, Refusal.STAMP_FAILED})
PATIENCE = 50.0  # seconds for all that a click waits for: proxies hang up after a minute, and tell nobody why
# What goes wrong between us and the bytes; OSError is the full or failing disk, and TimeoutError is one.
TROUBLE = (StorageUnavailable, OptionsRefused, FileChanged, BytesChangedError, OSError)


class Ended(Exception):
    """The address is known and dead: what stood behind it is not handed out any more."""


@dataclass(frozen=True)
class Original:
    """A linked file and the storage that holds it."""

    row: File
    storage_row: StorageRow
    wish: Wish


@dataclass(frozen=True)
class FoundDownload:
    """A living download, what it hands out, and how much of it has left already."""

    download: Download
    original: Original
    meter: Meter


@dataclass(frozen=True)
class Counter:
    """What handing out needs: the database, the storages, the stamps."""

    reading: Reading
    transaction: Transaction
    storages: Storages
    stamps: Stamps
    zone: ZoneInfo | None
    meters: Meters = field(default_factory=Meters)
    hand_offs: HandOffs = field(default_factory=HandOffs)
    patience: float = PATIENCE

    async def start(self, order_id: int, file_id: int, attempt: Attempt) -> Download:
        """One download for this order and file. Raises NotFound or Refused; then nothing was spent."""
        ready = await self.ready(order_id, file_id, attempt)
        if isinstance(ready, Download):
            return ready
        async with self.transaction() as session:
            _, entitlement = await self._entitled(order_id, file_id, session)
            return await downloads.spend(entitlement, ready, attempt, session)

    async def ready(self, order_id: int, file_id: int, attempt: Attempt) -> Delivery | Download:
        """What can be delivered now, fetched or stamped; or what this attempt has spent already. Raises as above."""
        async with self.reading() as session:
            dossier, entitlement = await self._entitled(order_id, file_id, session)
            if known := await downloads.of_attempt(entitlement, attempt, session):
                return known
            why = downloads.refusal(entitlement, attempt.at)
            if why and why not in MAY_BE_MENDED:
                raise Refused(why)
            original = await _original(dossier, file_id, session)
        if why is Refusal.STAMP_FAILED and not await self._is_replaced(original):
            raise Refused(why)
        return await self._prepare(original, By(TRESEN, attempt.at), order_id)

    async def opened(self, download: Download, by: By) -> MeteredBytes:
        """The very bytes of that download. Raises Ended, and gives the download back if the fault is ours."""
        return await self.bytes_of(await self.found(download), by)

    async def found(self, download: Download) -> FoundDownload:
        """What that download stands for. Raises Ended where it is not to be had any more."""
        async with self.reading() as session:
            try:
                dossier, entitlement = await self._entitled(download.order_id, download.file_id, session)
            except NotFound:
                entitlement = None
            if entitlement is None or downloads.has_ended(entitlement):
                raise Ended
            on_record = await downloads.bytes_served(download.id, session)
            meter = self.meters.of(download.id, downloads.BYTE_CAP * max(download.size, 1), on_record)
            if meter.sent >= meter.cap:
                raise Ended
            return FoundDownload(download, await _original(dossier, download.file_id, session), meter)

    async def bytes_of(self, found: FoundDownload, by: By) -> MeteredBytes:
        """Raises as `opened` does."""
        try:
            async with asyncio.timeout(self.patience):
                return MeteredBytes(await self._bytes(found.download, found.original), found.meter)
        except (FileMissing, StampFailed, *TROUBLE) as error:
            await self._give_back(found.download, type(error).__name__, by)
            raise Ended from error

    def way(self, found: FoundDownload, answer: Mapping[str, str]) -> ByWebServer | ByStorage | None:
        """Who else may send these bytes, with the headers of `answer`; asked once they were looked at."""
        if found.download.stamp:
            return None
        return self.hand_offs.way(self.storages.opened(found.original.storage_row), found.original.row.path, answer)

    async def _entitled(self, order_id: int, file_id: int, session: AsyncSession) -> tuple[Dossier, Entitlement]:
        dossier = await dossiers.of(order_id, session, self.zone)
        for entitlement in dossier.entitlements:
            if entitlement.file.id == file_id:
                return dossier, entitlement
        raise NotFound

    async def _is_replaced(self, original: Original) -> bool:
        """Whether another version lies there than the one that was inspected, or nobody can tell."""
        try:
            found = await self.storages.opened(original.storage_row).stat(original.row.path)
        except (FileMissing, *TROUBLE):
            return True
        return found.version != original.row.version

    async def _prepare(self, original: Original, by: By, order_id: int) -> Delivery:
        """Fetches or stamps what will be delivered, outside any transaction. Raises Refused."""
        try:
            storage = self.storages.opened(original.storage_row)
            async with asyncio.timeout(self.patience):
                found = await storage.stat(original.row.path)
                delivery = await self._delivery(original, storage, found)
        except FileMissing as error:
            raise await self._told(Refusal.FILE_MISSING, original, by, order_id) from error
        except TROUBLE as error:
            raise await self._told(failed_deliveries.why(error), original, by, order_id, str(error)) from error
        except StampFailed as error:
            raise await self._told(Refusal.STAMP_FAILED, original, by, order_id, str(error)) from error
        if found.version != original.row.version or original.row.missing_since:
            await self._note_version(original.row, found, by)
        return delivery

    async def _delivery(self, original: Original, storage: Storage, found: Entry) -> Delivery:
        content = await storage.open(original.row.path)
        try:  # the first bytes are read in any case: that a file is described does not mean that it is handed out
            head = await head_of(content)
        finally:
            await content.close()
        if content.version != found.version:
            raise FileChanged(original.row.path)
        if not original.wish.text or not is_pdf(found.name, head):
            return Delivery(name=original.row.name, file_version=found.version, size=found.size)
        name = self.stamps.name(original.storage_row.id, found, original.wish)
        copy = await self.stamps.make(name, storage, found, original.wish)
        await copy.close()
        return Delivery(name=original.row.name, file_version=found.version, size=copy.size, stamp=name)

    async def _bytes(self, download: Download, original: Original) -> Bytes:
        storage = self.storages.opened(original.storage_row)
        if not download.stamp:
            content = await storage.open(original.row.path)
            if content.version != download.file_version:
                await content.close()
                raise FileChanged(original.row.path)
            return content
        if copy := await self.stamps.opened(download.stamp):
            return copy
        found = await storage.stat(original.row.path)
        if self.stamps.name(original.storage_row.id, found, original.wish) != download.stamp:
            raise FileChanged(original.row.path)  # other bytes than those that were promised
        return await self.stamps.make(download.stamp, storage, found, original.wish)

    async def _told(self, refusal: Refusal, original: Original, by: By, order_id: int, detail: str = "") -> Refused:
        """The refusal, after the merchant has been told."""
        failure = Failure(order_id=order_id, file=original.row, refusal=refusal, detail=detail)
        async with self.transaction() as session:
            await failed_deliveries.tell(failure, session, by)
        return Refused(refusal)

    async def _note_version(self, file: File, found: Entry, by: By) -> None:
        """A new version lies in the storage: it reaches old buyers, and is inspected afresh when next linked."""
        seen = {"version": found.version, "size": found.size, "checked_at": by.at, "missing_since": None}
        async with self.transaction() as session:
            changed = update(File).where(at_its_place(file), File.version != found.version)
            await session.execute(changed.values(inspection=None))
            await session.execute(update(File).where(at_its_place(file)).values(seen))

    async def _give_back(self, download: Download, failure: str, by: By) -> None:
        async with self.transaction() as session:
            session.add(
                DownloadObservation(download_id=download.id, at=by.at, start=0, sent=0, finished=False, failure=failure)
            )


async def _original(dossier: Dossier, file_id: int, session: AsyncSession) -> Original:
    file = await session.get_one(File, file_id)
    storage = await session.get_one(StorageRow, file.storage_id)
    return Original(file, storage, stamps.wish(dossier, await settings.of(FileSettings, session)))
