"""Where sold files lie. Portal says what it needs of a storage; integrations/ has one module for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.files import File
from db.storages import Storage as StorageRow
from db.storages import StorageKind
from portal.activity import By, entry
from portal.byte_ranges import Bytes
from portal.refusals import Conflict, Fault, Invalid, NotFound


class FileMissing(Exception):
    """The storage answers, and there is no such file."""


class StorageUnavailable(Exception):
    """The storage does not answer, or not in a way that helps."""


class OptionsRefused(Exception):
    """These options cannot work; `option` is the faulty one, the text says what to do."""

    def __init__(self, option: str, detail: str) -> None:
        super().__init__(detail)
        self.option = option


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
        """Where the file lies on this machine, if it does: then nothing needs to be copied for stamping."""
        ...


Opener = Callable[[Mapping[str, str]], Storage]


class Storages:
    """Opens storages by their kind. app.py hands in the kinds that exist."""

    def __init__(self, openers: Mapping[StorageKind, Opener]) -> None:
        self._openers = openers

    def opened(self, row: StorageRow) -> Storage:
        """Raises OptionsRefused where the options cannot work (any more)."""
        return self._openers[row.kind](row.options)

    def check(self, kind: StorageKind, options: Mapping[str, str]) -> None:
        """Raises Invalid with a pointer to the faulty option."""
        try:
            self._openers[kind](options)
        except OptionsRefused as error:
            raise Invalid(Fault(f"#/options/{error.option}", "unusable", str(error))) from error


Name = Annotated[str, Meta(min_length=1, max_length=200)]
Options = Annotated[dict[str, Annotated[str, Meta(max_length=2000)]], Meta(max_length=50)]


class NewStorage(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    name: Name
    kind: StorageKind
    options: Options


class StorageChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`options` are replaced as a whole; the kind of a storage never changes."""

    name: Name | UnsetType = UNSET
    options: Options | UnsetType = UNSET


async def add(new: NewStorage, storages: Storages, session: AsyncSession, by: By) -> StorageRow:
    """Raises Invalid for options that cannot work, Conflict for a name that is taken."""
    storages.check(new.kind, new.options)
    await _refuse_taken(new.name, session)
    row = StorageRow(name=new.name, kind=new.kind, options=new.options, created_at=by.at)
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
    """Raises Invalid for options that cannot work, Conflict for a name that is taken."""
    if wanted.options is not UNSET:
        storages.check(row.kind, wanted.options)
        row.options = wanted.options
    if wanted.name is not UNSET and wanted.name != row.name:
        await _refuse_taken(wanted.name, session)
        row.name = wanted.name
    session.add(entry(by, "storage_changed", details={"storage": row.id, "name": row.name}))
    return row


async def remove(row: StorageRow, session: AsyncSession, by: By) -> None:
    """Raises Conflict while files refer to it: orders may still entitle to them."""
    files = await session.scalar(select(func.count()).select_from(File).where(File.storage_id == row.id))
    if files:
        raise Conflict(f"{files} file(s) of this storage are known to articles or orders.")
    await session.delete(row)
    session.add(entry(by, "storage_removed", details={"storage": row.id, "name": row.name}))


async def _refuse_taken(name: str, session: AsyncSession) -> None:
    if await session.scalar(select(StorageRow.id).where(StorageRow.name == name)):
        raise Conflict(f"There is a storage named {name!r} already.")
