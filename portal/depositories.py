"""Storages that also take something in: backups go there."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, runtime_checkable

from sqlalchemy.ext.asyncio import AsyncSession

from db.storages import Storage as StorageRow
from portal import storages as connected
from portal.sealed_options import OptionsRefused
from portal.storages import Storages


@runtime_checkable
class Depository(Protocol):
    """Paths as a Storage has them."""

    async def put(self, path: str, file: Path) -> None:
        """Replaces what is there in one step: nobody ever sees half of it. Raises FileMissing, StorageUnavailable."""
        ...

    async def remove(self, path: str) -> None:
        """What is not there is removed already. Raises StorageUnavailable."""
        ...


async def offered(storages: Storages, session: AsyncSession) -> list[StorageRow]:
    """Those that can take something in."""
    return [row for row in await connected.every(session) if _takes(row, storages)]


def _takes(row: StorageRow, storages: Storages) -> bool:
    try:
        return isinstance(storages.opened(row), Depository)
    except OptionsRefused:
        return False
