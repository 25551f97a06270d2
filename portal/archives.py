"""All files of an order as one ZIP archive: each is one spent download, with the same rights and the same end.

Everything is fetched or stamped before a byte leaves, and what is not to be had, then or when the archive is fetched,
is left out and listed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.archives import Archive, ArchiveMember
from db.downloads import Download
from db.files import File
from db.orders import Order
from portal import dossiers, downloads, member_names, standings, transfers
from portal.activity import By
from portal.archive_bytes import ArchiveBytes, Contents, Member, Note
from portal.deliveries import Counter, Ended, FoundDownload
from portal.downloads import BYTE_CAP, LIFETIME, SAME_ATTEMPT, Attempt, Delivery
from portal.entitled import is_given_back
from portal.links import Link
from portal.meters import CapReached, Meter
from portal.preparations import Preparations
from portal.refusals import NotFound, Refusal, Refused
from portal.signing import Signer
from portal.standings import Standing
from portal.transfers import Transfer

PURPOSE = "archive"
AT_ONCE = 4  # files of an archive that are looked at or stamped at the same time
Outcome = Delivery | Download | Refusal
Prepared = Mapping[int, Outcome]
LeftOut = Sequence[tuple[str, Refusal]]
Noted = Callable[[LeftOut], Note | None]


@dataclass(frozen=True)
class Archives:
    """What handing out archives takes: the counter, which hands out single files."""

    counter: Counter
    preparations: Preparations[Prepared]

    async def start(self, order_id: int, attempt: Attempt) -> Archive:
        """Spends one download of every file that is to be had. Raises Refused if none is; then nothing was spent.

        Where stamping takes longer than anybody waits, it goes on, and a later click finds the copies made.
        """
        async with self.counter.reading() as session:
            if known := await _of_attempt(order_id, attempt, session):
                return known
            dossier = await dossiers.of(order_id, session, self.counter.zone)
        if not dossier.entitlements:
            raise NotFound
        ids = [entitlement.file.id for entitlement in dossier.entitlements]
        begun = monotonic()
        outcomes = await self.preparations.of((order_id, attempt.mark), lambda: self._prepared(order_id, ids, attempt))
        # From now on the same page gets the same archive again, however long making it took.
        attempt = replace(attempt, at=attempt.at + timedelta(seconds=int(monotonic() - begun)))
        async with self.counter.transaction() as session:
            if known := await _of_attempt(order_id, attempt, session):
                return known
            return await self._spend(order_id, outcomes, attempt, session)

    async def opened(self, archive: Archive, noted: Noted, by: By | None) -> ArchiveBytes:
        """Every file of it that is still to be had, looked at once more; the others are `noted` and given back.

        Raises Ended where none is left, CapReached after too much. Without `by` nothing is given back, as for HEAD.
        """
        async with self.counter.reading() as session:
            order = await session.get_one(Order, archive.order_id)
            standing = await standings.of(order, await _downloads_of(archive, session), session)
            left_out = await _left_out(archive, session)
        meter = self._meter(archive, standing)
        if meter.is_full:
            await self._give_back_untouched(standing, by)
            raise CapReached(f"{meter.cap} bytes were served")
        with ExitStack() as kept:
            kept.enter_context(self.counter.stamps.held([each.download.stamp for each in standing]))
            outcomes = await self._looked_at(standing, by)
            found = [each for each in outcomes if isinstance(each, FoundDownload)]
            left_out += [
                (each.download.name, outcome)
                for each, outcome in zip(standing, outcomes, strict=True)
                if isinstance(outcome, Refusal)
            ]
            if not found:
                raise Ended(left_out[0][1] if left_out else None)
            open_one = partial(self.counter.uncounted, by=by)
            content = ArchiveBytes(_contents(found, noted(left_out)), meter, archive.started_at.date(), open_one)
            content.keep(kept.pop_all())
        return content

    def _meter(self, archive: Archive, standing: Sequence[Standing]) -> Meter:
        """One cap for all of it: to the customer it is one file."""
        size = sum(each.download.size for each in standing)
        served = sum(each.served for each in standing)
        return self.counter.meters.of(f"archive {archive.id}", BYTE_CAP * max(size, 1), served)

    async def _looked_at(self, standing: Sequence[Standing], by: By | None) -> list[FoundDownload | Refusal]:
        places = asyncio.Semaphore(AT_ONCE)

        async def looked_at(each: Standing) -> FoundDownload | Refusal:
            async with places:
                try:
                    found = self.counter.standing(each)
                    await (await self.counter.uncounted(found, by)).close()
                except Ended as ended:
                    return ended.refusal or Refusal.FILE_MISSING
            return found

        return list(await asyncio.gather(*map(looked_at, standing)))

    async def _give_back_untouched(self, standing: Sequence[Standing], by: By | None) -> None:
        """What never got its turn before the archive ended was not delivered."""
        if by is None:
            return
        async with self.counter.transaction() as session:
            for each in standing:
                if not each.served:
                    await transfers.note(
                        each.download, Transfer(at=by.at, is_cut=True, failure="archive ended"), session
                    )

    async def _prepared(self, order_id: int, ids: Sequence[int], attempt: Attempt) -> Prepared:
        places = asyncio.Semaphore(AT_ONCE)

        async def prepared(file_id: int) -> Outcome:
            async with places:
                try:
                    return await self.counter.ready(order_id, file_id, attempt)
                except Refused as refused:
                    return refused.refusal

        return dict(zip(ids, await asyncio.gather(*map(prepared, ids)), strict=True))

    async def _spend(
        self, order_id: int, outcomes: Mapping[int, Outcome], attempt: Attempt, session: AsyncSession
    ) -> Archive:
        """In the running write transaction, which asks every rule again."""
        dossier = await dossiers.of(order_id, session, self.counter.zone)
        spent: list[Download] = []
        left_out: dict[str, Refusal] = {}
        for entitlement in dossier.entitlements:
            outcome = outcomes.get(entitlement.file.id)
            try:
                match outcome:
                    case Delivery():
                        spent.append(await downloads.spend(entitlement, outcome, attempt, session))
                    case Download():
                        spent.append(outcome)
                    case Refusal():
                        left_out[str(entitlement.file.id)] = outcome
            except Refused as refused:
                left_out[str(entitlement.file.id)] = refused.refusal
        if not spent:
            raise Refused(next(iter(left_out.values()))) if left_out else NotFound
        return await _stored(order_id, spent, left_out, attempt, session)


@dataclass(frozen=True)
class ArchiveAddress:
    """What an archive's address carries: it dies with the portal link it was made from."""

    archive_id: int
    link: Link


def token(address: ArchiveAddress, signer: Signer) -> str:
    return signer.sign(PURPOSE, [address.archive_id, address.link.order_id, address.link.version])


def read(token: str, signer: Signer) -> ArchiveAddress | None:
    match signer.read(PURPOSE, token):
        case [int(archive_id), int(order_id), int(version)]:
            return ArchiveAddress(archive_id, Link(order_id, version))
        case _:
            return None


async def at_address(address: ArchiveAddress, session: AsyncSession, now: datetime) -> Archive:
    """The archive behind an address. Raises Ended once its day is over or the link was renewed."""
    archive: Archive | None = await session.scalar(
        select(Archive)
        .join(Order, Order.id == Archive.order_id)
        .where(Archive.id == address.archive_id, *address.link.opens())
    )
    if archive is None or now - archive.started_at > LIFETIME:
        raise Ended
    return archive


async def _left_out(archive: Archive, session: AsyncSession) -> list[tuple[str, Refusal]]:
    """The names of the files that were not to be had at the click, and why."""
    names = await session.execute(select(File.id, File.name).where(File.id.in_(map(int, archive.left_out))))
    known = {str(file_id): name for file_id, name in names}
    return [(known[file_id], Refusal(why)) for file_id, why in archive.left_out.items()]


async def _of_attempt(order_id: int, attempt: Attempt, session: AsyncSession) -> Archive | None:
    """A double click within five minutes gets the archive that it has already paid for."""
    if not attempt.mark:
        return None
    lost = (
        exists()
        .where(ArchiveMember.archive_id == Archive.id, ArchiveMember.download_id == Download.id, is_given_back())
        .correlate(Archive)
    )
    return await session.scalar(
        select(Archive)
        .where(
            Archive.order_id == order_id,
            Archive.attempt == attempt.mark,
            Archive.started_at > attempt.at - SAME_ATTEMPT,
            ~lost,
        )
        .limit(1)
    )


def _contents(found: Sequence[FoundDownload], note: Note | None) -> Contents:
    notes = [note.name] if note else []
    names = member_names.unique([*(each.download.name for each in found), *notes])
    members = tuple(Member(name, each) for name, each in zip(names, found, strict=False))
    return Contents(members, Note(names[-1], note.content) if note else None)


async def _downloads_of(archive: Archive, session: AsyncSession) -> list[Download]:
    return list(
        await session.scalars(
            select(Download)
            .join(ArchiveMember, ArchiveMember.download_id == Download.id)
            .where(ArchiveMember.archive_id == archive.id)
            .order_by(ArchiveMember.position)
        )
    )


async def _stored(
    order_id: int, spent: Sequence[Download], left_out: Mapping[str, Refusal], attempt: Attempt, session: AsyncSession
) -> Archive:
    archive = Archive(
        order_id=order_id,
        attempt=attempt.mark,
        left_out={file_id: why.value for file_id, why in left_out.items()},
        started_at=attempt.at,
    )
    session.add(archive)
    await session.flush()
    session.add_all(
        ArchiveMember(archive_id=archive.id, position=position, download_id=download.id)
        for position, download in enumerate(spent)
    )
    return archive
