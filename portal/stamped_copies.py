"""The folder of stamped copies: how much they take together, and which of them goes when there is no room.

What lies there is looked at once, when the process starts; from then on it is known without a look. Nobody waited for
the disk when it was written, as it can be made again: what lies there since before the machine was started may be less
than was written, and goes.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from weakref import WeakValueDictionary

BOOT = Path("/proc/sys/kernel/random/boot_id")
KEPT_SECONDS = 25 * 3600  # a download's address lives 24 hours
SUFFIX = ".pdf"


class Copies:
    """Together they take at most `most_bytes`, but for those that somebody is busy with.

    What was asked for longest ago goes first, and what no living download can ask for any more goes in any case.
    """

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self._most_bytes = most_bytes
        self._known: OrderedDict[str, tuple[float, int]] = OrderedDict()  # name → last asked for, size in bytes
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._held: Counter[str] = Counter()
        self._taking_up = asyncio.Lock()
        self._is_taken_up = False

    def place(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    async def take_up(self) -> None:
        """Knows what lies there, and drops what a process that was killed had begun. Once is enough."""
        async with self._taking_up:
            if not self._is_taken_up:
                self._known.update(await asyncio.to_thread(_looked_through, self.folder))
                self._is_taken_up = True

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        """Two with the same wish wait for one making, and nobody drops a copy meanwhile."""
        await self.take_up()
        lock = self._turns.setdefault(name, asyncio.Lock())  # lives as long as somebody holds it or waits for it
        async with lock:
            yield

    @contextmanager
    def held(self, names: Collection[str]) -> Iterator[None]:
        """These copies are not dropped meanwhile, however little room there is."""
        self._held.update(names)
        try:
            yield
        finally:
            self._held.subtract(names)
            self._held += Counter()  # what nobody holds any more is forgotten

    async def is_there(self, name: str) -> bool:
        """Then it is kept for another day."""
        await self.take_up()
        size = await asyncio.to_thread(_freshened, self.place(name))
        if size is None:
            self._known.pop(name, None)
            return False
        self._note(name, size)
        return True

    async def add(self, draft: Path, name: str) -> None:
        """In the turn of that name."""
        self._note(name, await asyncio.to_thread(_settled, draft, self.place(name)))
        await self._tidy()

    async def drop(self, name: str) -> None:
        async with self.turn(name):
            self._known.pop(name, None)
            await asyncio.to_thread(self.place(name).unlink, missing_ok=True)

    def _note(self, name: str, size: int) -> None:
        self._known[name] = time.time(), size
        self._known.move_to_end(name)

    async def _tidy(self) -> None:
        for name in self._too_many():
            if self._is_free(name):  # nobody has come for it since
                await self.drop(name)

    def _too_many(self) -> list[str]:
        too_old = time.time() - KEPT_SECONDS
        taken = sum(size for _, size in self._known.values())
        found = []
        for name, (asked_at, size) in self._known.items():
            if asked_at > too_old and taken <= self._most_bytes:
                break
            if self._is_free(name):
                found.append(name)
                taken -= size
        return found

    def _is_free(self, name: str) -> bool:
        return name not in self._turns and name not in self._held


def _looked_through(folder: Path) -> list[tuple[str, tuple[float, int]]]:
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    mark, boot = folder.with_suffix(".boot"), _boot()
    is_whole = bool(boot) and _read(mark) == boot
    for each in folder.iterdir():
        if each.suffix == SUFFIX and is_whole:
            status = each.stat()
            found.append((each.stem, (status.st_atime, status.st_size)))
        else:
            with suppress(OSError):
                each.unlink()
    if not is_whole:
        mark.write_text(boot, encoding="ascii")
    return sorted(found, key=lambda copy: copy[1])


def _boot() -> str:
    """Another one after each start of the machine; empty where it does not tell."""
    return _read(BOOT)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _freshened(place: Path) -> int | None:
    """The size of the copy, which stays for another day; None where it is gone."""
    try:  # the time of reading only: a change of the other one would break off whoever is being served
        status = place.stat()
        os.utime(place, ns=(time.time_ns(), status.st_mtime_ns))
    except FileNotFoundError:
        return None
    return status.st_size


def _settled(draft: Path, place: Path) -> int:
    draft.replace(place)
    return place.stat().st_size
