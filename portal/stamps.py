"""Stamped copies: one for each text and original, kept while a download may ask for it. Never an unstamped file."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

from babel import Locale
from babel.dates import format_date

from db.settings import FileSettings
from pdfkit.child import Child
from pdfkit.outcome import Style
from portal.byte_ranges import LocalBytes
from portal.dossiers import Dossier
from portal.inspections import local_copy
from portal.placeholders import fill_text
from portal.storages import Entry, Storage
from portal.windows import local_day

KEPT_SECONDS = 25 * 3600  # a download's address lives 24 hours
MOST_BYTES = 2 * 1024**3


class FileChanged(Exception):
    """The original was replaced while it was being stamped."""


@dataclass(frozen=True)
class Wish:
    """The text and where it goes; an empty text means that nothing is stamped."""

    order_id: int
    text: str
    style: Style


def wish(dossier: Dossier, settings: FileSettings) -> Wish:
    """The watermark of this order, such as `Kauf 12345678 vom 05.06.2014 - Max Mustermann`."""
    ordered_on = local_day(dossier.order.ordered_at, dossier.zone)
    values = {
        "UserName": dossier.user_name,
        "OrderNumber": dossier.order.number,
        "OrderDate": format_date(ordered_on, _date_format(dossier.locale), dossier_locale(dossier.locale)),
        "Platform": dossier.platform,
    }
    style = Style(settings.watermark_font_size_pt, settings.watermark_x_mm, settings.watermark_y_mm)
    text = fill_text(settings.watermark_text, values).strip()
    if settings.watermark_text.strip() and not _shows_something(text):
        text = f"#{dossier.order.number}"  # whoever gave no name gets no unstamped file
    return Wish(dossier.order.id, text, style)


def _shows_something(text: str) -> bool:
    return any(character.isprintable() and not character.isspace() for character in text)


def dossier_locale(tag: str) -> Locale:
    """The locale for a BCP 47 tag; German where Babel knows none."""
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (ValueError, LookupError):
        return Locale("de", "DE")


def _date_format(tag: str) -> str:
    return "dd.MM.yyyy" if tag.lower().startswith("de") else "medium"


class Stamps:
    """A folder of stamped copies, each named after its order, its original's version, its text and its style.

    Together they take at most `most_bytes`, but for the newest one: what was asked for longest ago goes first, and is
    made again with the same bytes if it is asked for once more.
    """

    def __init__(self, folder: Path, child: Child, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._child = child
        self._most_bytes = most_bytes
        self._making: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._held: Counter[str] = Counter()

    def name(self, storage_id: int, original: Entry, wish: Wish) -> str:
        """The same for the same bytes to come, as stamping is deterministic; never the same for two orders."""
        place = (wish.order_id, storage_id, original.path, original.version)
        parts = (*place, wish.text, wish.style.font_size_pt, wish.style.x_mm, wish.style.y_mm)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    async def make(self, name: str, storage: Storage, original: Entry, wish: Wish) -> Path:
        """The stamped copy, made now or before. Raises StampFailed, FileChanged, and what the storage raises."""
        async with self._turn(name):
            place = self._folder / f"{name}.pdf"
            if not await asyncio.to_thread(_freshen, place):
                await self._make(place, storage, original, wish)
            return place

    async def opened(self, name: str) -> LocalBytes | None:
        """The bytes of a copy, or None where it is gone. One that is dropped meanwhile can be read to its end."""
        place = self._folder / f"{name}.pdf"
        try:
            await asyncio.to_thread(_freshen, place)
            copy = await LocalBytes.open(place)
        except FileNotFoundError:
            return None
        copy.version = name  # made anew, it is still the same copy
        return copy

    @contextmanager
    def held(self, names: Collection[str]) -> Iterator[None]:
        """These copies are not dropped meanwhile, however little room there is."""
        self._held.update(names)
        try:
            yield
        finally:
            self._held.subtract(names)

    async def _make(self, place: Path, storage: Storage, original: Entry, wish: Wish) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = place.with_suffix(".draft")
        try:
            async with local_copy(storage, original.path, self._folder) as source:
                await self._child.stamp(source, draft, wish.text, wish.style)
            if (await storage.stat(original.path)).version != original.version:
                raise FileChanged(original.path)
            draft.replace(place)
        finally:
            draft.unlink(missing_ok=True)
        await asyncio.to_thread(self._tidy, place)

    @asynccontextmanager
    async def _turn(self, name: str) -> AsyncIterator[None]:
        """Two customers with the same wish wait for one stamping."""
        lock = self._making.setdefault(name, asyncio.Lock())  # lives as long as somebody holds it or waits for it
        async with lock:
            yield

    def _tidy(self, newest: Path) -> None:
        """Drops what no living download can ask for any more, then what was asked for longest ago."""
        found = []
        for copy in self._folder.iterdir():
            with suppress(FileNotFoundError):  # a draft that became a copy meanwhile
                status = copy.stat()
                if time.time() - status.st_atime > KEPT_SECONDS:
                    copy.unlink(missing_ok=True)
                elif copy.suffix == ".pdf":
                    found.append((status.st_atime_ns, status.st_size, copy))
        taken = sum(size for _, size, _ in found)
        for _, size, copy in sorted(found):
            if taken <= self._most_bytes:
                return
            if copy != newest and not self._held[copy.stem]:
                copy.unlink(missing_ok=True)
                taken -= size


def _freshen(place: Path) -> bool:
    """Whether the copy is there; then it is kept for another day."""
    try:  # the time of reading only: a change of the other one would break off whoever is being served
        os.utime(place, ns=(time.time_ns(), place.stat().st_mtime_ns))
    except FileNotFoundError:
        return False
    return True
