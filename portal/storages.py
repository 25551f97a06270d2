"""Where sold files lie. Portal says what it needs of a storage; integrations/ has one module for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Protocol

from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.articles import ArticleFile
from db.backups import BackupSettings
from db.files import File
from db.storages import Storage as StorageRow
from db.storages import StorageKind
from portal import storage_options
from portal.activity import By, entry
from portal.byte_ranges import Bytes
from portal.refusals import Conflict, Fault, Invalid, NotFound
from portal.sealed_options import Given, OptionsRefused
from portal.vault import Unreadable, Vault

MOST_ENTRIES = 10_000  # of one folder; whoever has more can sort them into several
SECRETS_LOST = "The stored secrets cannot be read with this shop's keys; enter them anew."


class FileMissing(Exception):
    """The storage answers, and there is no such file."""


class Trouble(StrEnum):
    """Why a storage is of no help, as far as it matters for what to do about it."""

    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed-out"
    DENIED = "denied"
    BUSY = "busy"
    MOVED = "moved"
    TOO_MANY = "too-many"
    UNEXPECTED = "unexpected"
    ROOT_MISSING = "root-missing"
    NOT_GRANTED = "not-granted"
    OPTIONS = "options"
    FULL = "full"


class StorageUnavailable(OSError):
    """The storage does not answer, or not in a way that helps. An OSError, as what reads bytes expects."""

    def __init__(self, detail: str, trouble: Trouble = Trouble.UNEXPECTED) -> None:
        super().__init__(detail)
        self.trouble = trouble


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What a storage says of one path. `size` in bytes; `version` differs whenever the bytes differ."""

    path: str
    name: str
    is_folder: bool
    size: int
    version: str


class Storage(Protocol):
    """Paths are relative to the storage's root, with `/`, and never lead out of it."""

    async def entries(self, path: str) -> list[Entry]:
        """What lies in that folder. Raises FileMissing, StorageUnavailable."""
        ...

    async def stat(self, path: str) -> Entry:
        """Raises FileMissing, StorageUnavailable."""
        ...

    async def open(self, path: str) -> Bytes:
        """Raises FileMissing, StorageUnavailable."""
        ...

    def local_path(self, path: str) -> Path | None:
        """Where the file lies on this machine, if it does: then nothing needs to be copied for stamping.

        It may look at the disk, hence for a worker thread. Raises FileMissing, OptionsRefused.
        """
        ...

    def presigned(self, path: str, answer: Mapping[str, str]) -> str | None:
        """An address at which whoever has it may read the file for five minutes; None where there is none.

        `answer`: the headers `content-disposition`, `content-type` and `cache-control` of what is read there.
        """
        ...


class TakesBackups(Conflict):
    """Backups would go nowhere, or somewhere that nobody chose."""

    def __init__(self) -> None:
        super().__init__("Backups go to this storage; choose another place for them first.")


Opener = Callable[[Mapping[str, str]], Storage]


class Storages:
    """Opens storages by their kind. app.py hands in the kinds that exist; `vault` holds the secrets of all of them."""

    def __init__(self, openers: Mapping[StorageKind, Opener], vault: Vault) -> None:
        self._openers = openers
        self.vault = vault

    def opened(self, row: StorageRow) -> Storage:
        """Asks nobody, no disk either. Raises OptionsRefused where the options can never work."""
        try:
            options = storage_options.opened(row.kind, row.options, self.vault)
        except Unreadable as error:
            raise OptionsRefused(min(storage_options.secrets_of(row.kind)), SECRETS_LOST) from error
        return self._openers[row.kind](options)

    def check(self, kind: StorageKind, options: Mapping[str, str]) -> None:
        """Asks nobody. Raises Invalid with a pointer to every faulty option; secrets are readable here."""
        if faults := tuple(storage_options.faults(kind, options)):
            raise Invalid(*faults)
        try:
            self._openers[kind](options)
        except OptionsRefused as error:
            if error.option == storage_options.REFRESH_TOKEN:  # it comes later
                return
            raise Invalid(Fault(f"#/options/{error.option}", "unusable", str(error))) from error

    async def look(self, kind: StorageKind, options: Mapping[str, str]) -> None:
        """Whether a folder of this machine can be used: before a transaction, as its disk may make us wait.

        Raises Invalid. What lies elsewhere is not asked.
        """
        if kind is not StorageKind.LOCAL or any(storage_options.faults(kind, options)):
            return
        try:
            await self._openers[kind](options).entries("")
        except OptionsRefused as error:
            raise Invalid(Fault(f"#/options/{error.option}", "unusable", str(error))) from error
        except (FileMissing, StorageUnavailable):
            return  # it is a folder where one may be; that it does not answer is told by the check


Name = Annotated[str, Meta(min_length=1, max_length=200)]


class NewStorage(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    name: Name
    kind: StorageKind
    options: Given


class StorageChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`options` are replaced as a whole, but for secrets: one that is not named stays, an empty one is removed.

    Where another endpoint or client id is given, secrets have to be given anew: nobody else shall get to read the old
    ones. The kind of a storage never changes.
    """

    name: Name | UnsetType = UNSET
    options: Given | UnsetType = UNSET


async def add(new: NewStorage, storages: Storages, session: AsyncSession, by: By) -> StorageRow:
    """After a look. Raises Invalid for options that cannot work, Conflict for a name that is taken."""
    storages.check(new.kind, new.options)
    await _refuse_taken(new.name, session)
    options = storage_options.sealed(new.kind, new.options, storages.vault)
    row = StorageRow(name=new.name, kind=new.kind, options=options, created_at=by.at)
    session.add(row)
    session.add(entry(by, "storage_added", details={"name": new.name, "kind": new.kind.value}))
    await session.flush()
    return row


async def every(session: AsyncSession) -> list[StorageRow]:
    return list(await session.scalars(select(StorageRow).order_by(StorageRow.id)))


async def one(storage_id: int, session: AsyncSession) -> StorageRow:
    """Raises NotFound."""
    row = await session.get(StorageRow, storage_id)
    if row is None:
        raise NotFound
    return row


async def change(
    row: StorageRow, wanted: StorageChange, storages: Storages, session: AsyncSession, by: By
) -> StorageRow:
    """After a look. Raises Invalid for options that cannot work, Conflict for a name that is taken."""
    changed: list[str] = []
    if wanted.options is not UNSET:
        options = _merged(row, wanted.options, storages.vault)
        storages.check(row.kind, options)
        changed = _changed(row, options, storages.vault)
        row.options = storage_options.sealed(row.kind, options, storages.vault)
    if wanted.name is not UNSET and wanted.name != row.name:
        await _refuse_taken(wanted.name, session)
        row.name = wanted.name
    details: dict[str, object] = {"storage": row.id, "name": row.name, "options": changed}
    session.add(entry(by, "storage_changed", details=details))
    return row


async def remove(row: StorageRow, session: AsyncSession, by: By) -> None:
    """Raises Conflict while articles are linked with its files, TakesBackups while backups go there.

    What was downloaded from it before stays in the log.
    """
    linked = select(ArticleFile.file_id).where(ArticleFile.unlinked_at.is_(None))
    if (await session.scalars(select(BackupSettings.storage_id))).one_or_none() == row.id:
        raise TakesBackups
    its = File.storage_id == row.id
    files = await session.scalar(select(func.count()).select_from(File).where(its, File.id.in_(linked)))
    if files:
        raise Conflict(f"{files} file(s) of this storage are linked with articles.")
    await session.execute(update(File).where(its).values(storage_id=None))
    await session.delete(row)
    session.add(entry(by, "storage_removed", details={"storage": row.id, "name": row.name}))


def _merged(row: StorageRow, given: Mapping[str, str], vault: Vault) -> dict[str, str]:
    try:
        return storage_options.merged(row, given, vault)
    except Unreadable:  # then all of them are needed anew
        return dict(given)


def _changed(row: StorageRow, options: Mapping[str, str], vault: Vault) -> list[str]:
    """The names of the options that differ; values stay out of the history, as some are secret."""
    try:
        before = storage_options.opened(row.kind, row.options, vault)
    except Unreadable:
        before = storage_options.shown(row)
    return sorted(name for name in {*before, *options} if before.get(name, "") != options.get(name, ""))


async def _refuse_taken(name: str, session: AsyncSession) -> None:
    if await session.scalar(select(StorageRow.id).where(StorageRow.name == name)):
        raise Conflict(f"There is a storage named {name!r} already.")
