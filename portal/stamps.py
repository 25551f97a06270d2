"""Stamped copies: one for each text and original, kept while a download may ask for it. Never an unstamped file."""

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from babel import Locale
from babel.dates import format_date

from db.settings import FileSettings
from pdfkit import font_files
from pdfkit.child import Child
from pdfkit.outcome import EDITION, Caution, Style
from portal.byte_ranges import LocalBytes
from portal.dossiers import Dossier
from portal.inspections import local_copy
from portal.placeholders import fill_text
from portal.releases import ASKED_FOR, asked_for, unclosed
from portal.stamped_copies import Copies
from portal.storages import Entry, Storage
from portal.windows import local_day

UNSEEN = frozenset("\u115f\u1160\u2800\u3164\uffa0")  # fillers of Hangul, and the Braille cell without a dot
MADE_WITH = ("pikepdf", "fpdf2", "uharfbuzz", "fonttools")
MOST_BYTES = 2 * 1024**3


class FileChanged(Exception):
    """The original was replaced while it was being stamped."""


@dataclass(frozen=True)
class Wish:
    """The text and where it goes; an empty text means that nothing is stamped. `held_back_for` is what an original
    must not be stamped with, unless the merchant released it."""

    order_id: int
    text: str
    style: Style
    held_back_for: frozenset[Caution] = ASKED_FOR


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
    return Wish(dossier.order.id, text, style, asked_for(settings))


def _shows_something(text: str) -> bool:
    """A mark alone has nothing to stand on, and some letters are there to be seen as nothing."""
    return any(unicodedata.category(each)[0] in "LNPS" and each not in UNSEEN for each in text)


def dossier_locale(tag: str) -> Locale:
    """The locale for a BCP 47 tag; German where Babel knows none."""
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (ValueError, LookupError):
        return Locale("de", "DE")


def _date_format(tag: str) -> str:
    return "dd.MM.yyyy" if tag.lower().startswith("de") else "medium"


class Stamps:
    """Makes stamped copies, each named after its order, its original's version, its text and its style.

    One that had to go is made again with the same bytes if it is asked for once more.
    """

    def __init__(self, folder: Path, child: Child, most_bytes: int = MOST_BYTES) -> None:
        self._child = child
        self._edition = edition(child.fonts)
        self._copies = Copies(folder, most_bytes)
        self._lacking: set[str] = set()  # copies whose text holds characters that no font draws, until that is told

    def name(self, storage_id: int, original: Entry, wish: Wish) -> str:
        """The same for the same bytes to come, as stamping is deterministic; never the same for two orders."""
        place = (wish.order_id, storage_id, original.path, original.version)
        parts = (*place, wish.text, wish.style.font_size_pt, wish.style.x_mm, wish.style.y_mm, self._edition)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    async def take_up(self) -> None:
        """At a start: what was stamped before is known, and what was begun is dropped."""
        await self._copies.take_up()

    async def make(
        self, name: str, storage: Storage, original: Entry, wish: Wish, inspection: Mapping[str, object] | None = None
    ) -> LocalBytes:
        """The bytes of the stamped copy, made now or before; whoever takes them closes them.

        `inspection` is what was found in this version of the original, and saves looking at it once more. Raises
        StampFailed, FileChanged, and what the storage raises.
        """
        async with self._copies.turn(name):
            if not await self._copies.is_there(name):
                await self._make(name, storage, original, wish, inspection or {})
            return await self._open(name)

    async def opened(self, name: str) -> LocalBytes | None:
        """The bytes of a copy, or None where it is gone. One that is dropped meanwhile can be read to its end."""
        try:
            return await self._open(name) if await self._copies.is_there(name) else None
        except FileNotFoundError:
            return None

    async def _open(self, name: str) -> LocalBytes:
        copy = await LocalBytes.open(self._copies.place(name))
        copy.version = name  # made anew, it is still the same copy
        return copy

    async def drop(self, name: str) -> None:
        """Whoever reads it meanwhile can read it to its end."""
        await self._copies.drop(name)

    def has_replaced(self, name: str) -> bool:
        """Whether a mark stands for some of the characters on a copy that was just made. Told once."""
        try:
            return name in self._lacking
        finally:
            self._lacking.discard(name)

    def held(self, names: Collection[str]) -> AbstractContextManager[None]:
        """These copies are not dropped meanwhile, however little room there is."""
        return self._copies.held(names)

    async def _make(
        self, name: str, storage: Storage, original: Entry, wish: Wish, inspection: Mapping[str, object]
    ) -> None:
        draft = self._copies.place(name).with_suffix(".draft")
        try:
            async with local_copy(storage, original.path, self._copies.folder) as source:
                report = await self._child.stamp(source, draft, wish.text, wish.style, unclosed(inspection))
            if (await storage.stat(original.path)).version != original.version:
                raise FileChanged(original.path)
            await self._copies.add(draft, name)
            if Caution.CHARACTERS_REPLACED in report.warnings:
                self._lacking.add(name)
        finally:
            await asyncio.to_thread(draft.unlink, missing_ok=True)


def edition(fonts: Path | None) -> str:
    """Who stamps: another edition, other fonts, or another version of the libraries, makes other bytes of the same
    original."""
    libraries = (version(name) for name in MADE_WITH)
    return " ".join((str(EDITION), *libraries, font_files.fingerprint(str(fonts) if fonts else None)))
