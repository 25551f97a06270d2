"""All files of an order as one ZIP archive: each is one spent download, with the same rights and the same end.

Everything is fetched or stamped before a byte leaves, and what is not to be had is left out and listed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.archives import Archive, ArchiveMember
from db.downloads import Download, DownloadObservation
from db.files import File
from db.orders import Order
from portal import dossiers, downloads, member_names
from portal.activity import By
from portal.archive_bytes import ArchiveBytes, Member, Note
from portal.deliveries import Counter, Ended
from portal.downloads import LIFETIME, SAME_ATTEMPT, Attempt, Delivery
from portal.entitled import is_given_back
from portal.refusals import NotFound, Refusal, Refused
from portal.signing import Signer

PURPOSE = "archive"
AT_ONCE = 4  # files that are looked at in their storage at the same time
Outcome = Delivery | Download | Refusal


@dataclass(frozen=True)
class Archives:
    """What handing out archives takes: the counter, which hands out single files."""

    counter: Counter

    async def start(self, order_id: int, attempt: Attempt) -> Archive:
        """Spends one download of every file that is to be had. Raises Refused if none is; then nothing was spent."""
        async with self.counter.reading() as session:
            if known := await _of_attempt(order_id, attempt, session):
                return known
            dossier = await dossiers.of(order_id, session, self.counter.zone)
        if not dossier.entitlements:
            raise NotFound
        ids = [entitlement.file.id for entitlement in dossier.entitlements]
        outcomes = await self._prepared(order_id, ids, attempt)
        async with self.counter.transaction() as session:
            if known := await _of_attempt(order_id, attempt, session):
                return known
            return await self._spend(order_id, outcomes, attempt, session)

    async def opened(self, archive: Archive, note: Note | None, by: By) -> ArchiveBytes:
        """Every file of it, looked at once more. Raises Ended, and gives all of them back where one is gone."""
        async with self.counter.reading() as session:
            spent = await _downloads_of(archive, session)
        found = [await self.counter.found(download) for download in spent]
        try:
            for each in found:
                await (await self.counter.bytes_of(each, by)).close()
        except Ended:
            await self._give_back(spent, by)
            raise
        notes = [note.name] if note else []
        names = member_names.unique([*(each.download.name for each in found), *notes])
        members = tuple(Member(name, each) for name, each in zip(names, found, strict=False))
        told = Note(names[-1], note.content) if note else None
        return ArchiveBytes(members, told, archive.started_at.date(), partial(self.counter.bytes_of, by=by))

    async def _prepared(self, order_id: int, ids: Sequence[int], attempt: Attempt) -> Mapping[int, Outcome]:
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

    async def _give_back(self, spent: Sequence[Download], by: By) -> None:
        """An archive of which one file is gone is not to be had at all; what was taken whole before stays spent."""
        ids = [download.id for download in spent]
        async with self.counter.transaction() as session:
            lost = await session.scalars(select(Download.id).where(Download.id.in_(ids), ~is_given_back()))
            session.add_all(
                DownloadObservation(
                    download_id=download_id, at=by.at, start=0, sent=0, finished=False, failure="archive"
                )
                for download_id in lost.all()
            )


@dataclass(frozen=True)
class ArchiveAddress:
    """What an archive's address carries: it dies with the portal link it was made from."""

    archive_id: int
    link_version: int


def token(address: ArchiveAddress, signer: Signer) -> str:
    return signer.sign(PURPOSE, [address.archive_id, address.link_version])


def read(token: str, signer: Signer) -> ArchiveAddress | None:
    match signer.read(PURPOSE, token):
        case [int(archive_id), int(link_version)]:
            return ArchiveAddress(archive_id, link_version)
        case _:
            return None


async def at_address(address: ArchiveAddress, session: AsyncSession, now: datetime) -> Archive:
    """The archive behind an address. Raises Ended once its day is over or the link was renewed."""
    archive: Archive | None = await session.scalar(
        select(Archive)
        .join(Order, Order.id == Archive.order_id)
        .where(Archive.id == address.archive_id, Order.link_version == address.link_version)
    )
    if archive is None or now - archive.started_at > LIFETIME:
        raise Ended
    return archive


async def left_out(archive: Archive, session: AsyncSession) -> list[tuple[str, Refusal]]:
    """The names of the files that are not in it, and why."""
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
