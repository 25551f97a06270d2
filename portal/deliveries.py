"""From the click to the bytes: look, fetch or stamp, then spend; and open what a download's address stands for."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.downloads import Download
from db.engine import Reading, Transaction
from db.files import File
from db.settings import FileSettings
from db.storages import Storage as StorageRow
from pdfkit.outcome import Cause, StampFailed
from portal import (
    dossiers,
    downloads,
    failed_deliveries,
    file_inspections,
    releases,
    settings,
    stamps,
    standings,
    transfers,
)
from portal.activity import TRESEN, By, entry
from portal.byte_ranges import Bytes, BytesChangedError
from portal.dossiers import Dossier
from portal.downloads import Address, Attempt, Delivery
from portal.entitlements import Entitlement
from portal.failed_deliveries import Failure, at_its_place
from portal.hand_offs import ByStorage, ByWebServer, HandOffs
from portal.inspections import Inspector, head_of, is_pdf
from portal.meters import CapReached, Meter, MeteredBytes, Meters
from portal.refusals import NotFound, Refusal, Refused
from portal.releases import NotReleased
from portal.sealed_options import OptionsRefused
from portal.stamps import FileChanged, Stamps, Wish
from portal.standings import Standing
from portal.storages import Entry, FileMissing, Storage, Storages, StorageUnavailable
from portal.transfers import Transfer

# What is asked of the storage itself: the file may be back, or replaced by one that can be stamped.
MAY_BE_MENDED = frozenset({Refusal.FILE_MISSING, Refusal.STAMP_FAILED})
MARKED = "characters_replaced"  # on a stamp: the notice
PATIENCE = 50.0  # seconds for all that a click waits for: proxies hang up after a minute, and tell nobody why
# What goes wrong between us and the bytes; OSError is the full or failing disk, and TimeoutError is one.
TROUBLE = (StorageUnavailable, OptionsRefused, FileChanged, BytesChangedError, OSError)


class Ended(Exception):
    """The address is known and dead: what stood behind it is not handed out any more, and `refusal` is why."""

    def __init__(self, refusal: Refusal | None = None) -> None:
        super().__init__(refusal.value if refusal else "")
        self.refusal = refusal


class Away(Ended):
    """What stands behind the address cannot be had just now; it may be later."""


@dataclass(frozen=True)
class Original:
    """A linked file and the storage that holds it."""

    row: File
    storage_row: StorageRow


@dataclass(frozen=True)
class FoundDownload:
    """A living download, what it hands out, and how much of it has left already."""

    download: Download
    original: Original
    meter: Meter
    is_given_back: bool


@dataclass(frozen=True)
class Counter:
    """What handing out needs: the database, the storages, the stamps."""

    reading: Reading
    transaction: Transaction
    storages: Storages
    stamps: Stamps
    inspector: Inspector
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
            original = await _original(file_id, session)
            wish = stamps.wish(dossier, await settings.of(FileSettings, session))
        if why is Refusal.STAMP_FAILED and not await self._is_replaced(original):
            raise Refused(why)
        return await self._prepare(original, wish, By(TRESEN, attempt.at))

    async def at(self, address: Address, now: datetime) -> FoundDownload:
        """What stands behind an address. Raises Ended where it is not to be had any more, CapReached after too much."""
        async with self.reading() as session:
            known = await downloads.at_address(address, session, now)
            if known is None:
                raise Ended
            order, download = known
            (standing,) = await standings.of(order, [download], session)
        found = self.standing(standing)
        if found.meter.is_full:
            raise CapReached(f"{found.meter.cap} bytes were served")
        return found

    def standing(self, standing: Standing) -> FoundDownload:
        """With the count of its bytes. Raises Ended where it is not to be had any more."""
        if standing.refusal or standing.storage is None:
            raise Ended(standing.refusal or Refusal.UNLINKED)
        download = standing.download
        meter = self.meters.of(f"download {download.id}", downloads.BYTE_CAP * max(download.size, 1), standing.served)
        return FoundDownload(download, Original(standing.file, standing.storage), meter, standing.is_given_back)

    async def bytes_of(self, found: FoundDownload, by: By | None) -> MeteredBytes:
        """The very bytes of that download. Raises Ended, and gives it back in the name of `by` if the fault is ours."""
        return MeteredBytes(await self.uncounted(found, by), found.meter)

    async def uncounted(self, found: FoundDownload, by: By | None) -> Bytes:
        """Without `by` nothing is noted: who only looks gets nothing back and takes nothing again. Raises Ended."""
        try:
            async with asyncio.timeout(self.patience):
                content = await self._bytes(found.download, found.original)
        except (FileMissing, StampFailed, *TROUBLE) as error:
            if by:
                await self._give_back(found.download, type(error).__name__, by)
            raise _ended(error) from error
        if by and found.is_given_back:
            try:
                await self._take_again(found.download, by)
            except BaseException:
                await content.close()
                raise
        return content

    async def way(self, found: FoundDownload, answer: Mapping[str, str]) -> ByWebServer | ByStorage | None:
        """Who else may send these bytes, with the headers of `answer`; asked once they were opened."""
        if found.download.stamp or not self.hand_offs.are_allowed:
            return None
        try:
            storage = self.storages.opened(found.original.storage_row)
            return await self.hand_offs.way(storage, found.original.row.path, answer)
        except (FileMissing, OptionsRefused):  # it went away a moment ago, and what is open can be read to its end
            return None

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

    async def _prepare(self, original: Original, wish: Wish, by: By) -> Delivery:
        """Fetches or stamps what will be delivered, outside any transaction. Raises Refused."""
        order_id = wish.order_id
        try:
            storage = self.storages.opened(original.storage_row)
            async with asyncio.timeout(self.patience):
                found = await storage.stat(original.row.path)
                delivery = await self._delivery(original, storage, found, wish, by)
        except FileMissing as error:
            raise await self._told(Refusal.FILE_MISSING, original, by, order_id) from error
        except TROUBLE as error:
            raise await self._told(failed_deliveries.why(error), original, by, order_id, str(error)) from error
        except (StampFailed, NotReleased) as error:
            raise await self._told(Refusal.STAMP_FAILED, original, by, order_id, str(error)) from error
        if found.version != original.row.version or original.row.missing_since:
            await self._note_version(original.row, found, by)
        if self.stamps.has_replaced(delivery.stamp):
            await self._note_replaced(original.row, wish, by)
        return delivery

    async def _delivery(self, original: Original, storage: Storage, found: Entry, wish: Wish, by: By) -> Delivery:
        content = await storage.open(original.row.path)
        try:  # the first bytes are read in any case: that a file is described does not mean that it is handed out
            head = await head_of(content)
        finally:
            await content.close()
        if content.version != found.version:
            raise FileChanged(original.row.path)
        if not wish.text or not is_pdf(found.name, head):
            return Delivery(name=original.row.name, file_version=found.version, size=found.size)
        inspection = await self._inspected(original.row, storage, found, by)
        if not inspection.get("stampable"):
            raise StampFailed(Cause(str(inspection.get("cause"))))
        if releases.noted(inspection) & wish.held_back_for and original.row.released_version != found.version:
            raise NotReleased("It waits for a release.")
        name = self.stamps.name(original.storage_row.id, found, wish)
        copy = await self.stamps.make(name, storage, found, wish, inspection)
        await copy.close()
        return Delivery(name=original.row.name, file_version=found.version, size=copy.size, stamp=name)

    async def _inspected(self, file: File, storage: Storage, found: Entry, by: By) -> Mapping[str, object]:
        """What is in this version of it; looked at now where nobody has before, as it may not be what the last was."""
        if file.inspection is not None and file.version == found.version:
            return file.inspection
        inspection = await self.inspector.inspect(storage, found)
        await self._note_version(file, found, by, inspection)
        return inspection

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
        async with self.reading() as session:
            dossier = await dossiers.of(download.order_id, session, self.zone)
            wish = stamps.wish(dossier, await settings.of(FileSettings, session))
        found = await storage.stat(original.row.path)
        if self.stamps.name(original.storage_row.id, found, wish) != download.stamp:
            raise FileChanged(original.row.path)  # other bytes than those that were promised
        known = original.row.inspection if original.row.version == found.version else None
        return await self.stamps.make(download.stamp, storage, found, wish, known)

    async def _told(self, refusal: Refusal, original: Original, by: By, order_id: int, detail: str = "") -> Refused:
        """The refusal, after the merchant has been told."""
        failure = Failure(order_id=order_id, file=original.row, refusal=refusal, detail=detail)
        async with self.transaction() as session:
            await failed_deliveries.tell(failure, session, by)
        return Refused(refusal)

    async def _note_version(
        self, file: File, found: Entry, by: By, inspection: Mapping[str, object] | None = None
    ) -> None:
        """A new version lies in the storage, and reaches old buyers; what was found in the last is not true of it."""
        seen = {"version": found.version, "size": found.size, "checked_at": by.at, "missing_since": None}
        async with self.transaction() as session:
            changed = update(File).where(at_its_place(file), File.version != found.version)
            await session.execute(changed.values(inspection=None))
            await session.execute(update(File).where(at_its_place(file)).values(seen))
            if inspection is not None:
                await session.execute(update(File).where(at_its_place(file)).values(inspection=dict(inspection)))
            elif file.version != found.version:
                await file_inspections.ask(file, session, by.at)

    async def _note_replaced(self, file: File, wish: Wish, by: By) -> None:
        """The merchant may find a font for it; the customer has the file meanwhile. One notice for an order."""
        async with self.transaction() as session:
            known = select(Activity.id).where(Activity.order_id == wish.order_id, Activity.kind == MARKED).limit(1)
            is_first = await session.scalar(known) is None
            details = {"file": file.name, "file_id": file.id, "text": wish.text}
            session.add(entry(by, MARKED, wish.order_id, details, notice=is_first))

    async def _give_back(self, download: Download, failure: str, by: By) -> None:
        async with self.transaction() as session:
            await transfers.note(download, Transfer(at=by.at, is_cut=True, failure=failure), session)

    async def _take_again(self, download: Download, by: By) -> None:
        """A download that was given back counts once more before its next byte leaves.

        Raises Ended where it was spent on another one meanwhile: nobody has both.
        """
        async with self.transaction() as session:
            _, entitlement = await self._entitled(download.order_id, download.file_id, session)
            if not await transfers.take_again(download, session):
                return
            if entitlement.downloads_left == 0:
                raise Ended(Refusal.LIMIT_REACHED)


def _ended(error: Exception) -> Ended:
    match error:
        case FileMissing():
            return Ended(Refusal.FILE_MISSING)
        case FileChanged() | BytesChangedError():
            return Ended(Refusal.REPLACED)
        case StampFailed():
            return Ended(Refusal.STAMP_FAILED)
        case _:
            return Away(failed_deliveries.why(error))


async def _original(file_id: int, session: AsyncSession) -> Original:
    file = await session.get_one(File, file_id)
    return Original(file, await session.get_one(StorageRow, file.storage_id))
