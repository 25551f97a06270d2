"""Whether a storage really answers: its root is listed, and what came of it is told with the time it took."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import perf_counter

from db.storages import Storage
from portal.sealed_options import OptionsRefused
from portal.storage_options import REFRESH_TOKEN
from portal.storages import FileMissing, Storages, StorageUnavailable, Trouble

LIMIT_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Check:
    """`trouble` is None where all is well. `detail` is what the storage said, in its own words; nothing secret."""

    trouble: Trouble | None = None
    detail: str = ""
    milliseconds: int = 0
    entries: int = 0


async def check(row: Storage, storages: Storages) -> Check:
    """Lists the root for real. No trouble is raised: it is what was asked for."""
    start = perf_counter()
    try:
        async with asyncio.timeout(LIMIT_SECONDS):
            entries = await storages.opened(row).entries("")
    except FileMissing:
        return _failed(Trouble.ROOT_MISSING, "The root is not there.", start)
    except OptionsRefused as error:
        is_waiting = error.option == REFRESH_TOKEN
        return _failed(Trouble.NOT_GRANTED if is_waiting else Trouble.OPTIONS, str(error), start)
    except StorageUnavailable as error:
        return _failed(error.trouble, str(error), start)
    except TimeoutError:
        return _failed(Trouble.TIMED_OUT, f"No whole list within {LIMIT_SECONDS:g} seconds.", start)
    return Check(milliseconds=_since(start), entries=len(entries))


def _failed(trouble: Trouble, detail: str, start: float) -> Check:
    return Check(trouble=trouble, detail=detail, milliseconds=_since(start))


def _since(start: float) -> int:
    return round((perf_counter() - start) * 1000)
