"""The section with the files, one row each: how often, until when, and if not, why not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath

from portal import downloads
from portal.deliveries import MAY_BE_MENDED
from portal.dossiers import Dossier
from portal.entitlements import Entitlement
from portal.refusals import Refusal
from portal.windows import local_day
from views.customer.waivers import SILENT, Asking, ConsentLine, WaiverBox
from views.wording import FileTerms, Notice, file_notice, files_notice

OF_THE_ORDER = frozenset(
    {Refusal.CANCELLED, Refusal.DELETED, Refusal.REFUNDED, Refusal.NOT_ORDERED, Refusal.DISABLED, Refusal.NOT_PAID}
)
# Of a file that is not to be had, these facts no longer help.
WITHOUT_TERMS = OF_THE_ORDER | {Refusal.EXPIRED, Refusal.FILE_MISSING, Refusal.STAMP_FAILED}
MOST_PUNCHES = 10


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """`left` and `limit` are None without limit; `action` is where the button posts to, empty where there is none."""

    id: int
    name: str
    title: str
    kind: str
    size: int
    left: int | None
    limit: int | None
    until: date | None
    refusal: str
    shows_terms: bool
    punches: tuple[bool, ...]
    action: str
    is_retry: bool
    notice: Notice | None


@dataclass(frozen=True, kw_only=True)
class DownloadsSection:
    """`refusal` is the code of what stands against all files at once, empty otherwise.

    `archive` is where the button for all files in one posts to, empty where fewer than two are to be had.
    """

    refusal: str
    notice: Notice | None
    waiver: WaiverBox | None
    consents: tuple[ConsentLine, ...]
    rows: tuple[FileRow, ...]
    archive: str = ""

    @property
    def ready(self) -> int:
        """How many files are to be had now."""
        return sum(not row.refusal for row in self.rows)

    @staticmethod
    def of(dossier: Dossier, now: datetime, path: str, asking: Asking = SILENT) -> DownloadsSection | None:
        """None for an order without files."""
        if not dossier.entitlements:
            return None
        refusals = [downloads.refusal(entitlement, now) for entitlement in dossier.entitlements]
        why = _against_all(refusals)
        return DownloadsSection(
            refusal=why or "",
            notice=files_notice(why, refusals.count(why)) if why else None,
            waiver=WaiverBox.of(dossier, now, path, asking),
            consents=() if why else tuple(ConsentLine.of(waiver, dossier, path) for waiver in dossier.waivers),
            archive=f"{path}/archives" if refusals.count(None) > 1 else "",
            rows=tuple(
                _row(entitlement, refusal, None if refusal is why else refusal, Place(now, path))
                for entitlement, refusal in zip(dossier.entitlements, refusals, strict=True)
            ),
        )


def _against_all(refusals: list[Refusal | None]) -> Refusal | None:
    """The one reason that lies with the order. Files that were refunded one by one have a reason of their own."""
    reasons = set(refusals)
    if len(reasons) > 1:
        reasons.discard(Refusal.REFUNDED)
    why = next(iter(reasons))
    return why if len(reasons) == 1 and why in OF_THE_ORDER else None


@dataclass(frozen=True)
class Place:
    """When and at which address the rows are shown."""

    now: datetime
    path: str


def _row(entitlement: Entitlement, refusal: Refusal | None, own: Refusal | None, place: Place) -> FileRow:
    """`own` is the part of the refusal that the section has not said already."""
    file, limit, left = entitlement.file, entitlement.limit, entitlement.downloads_left
    return FileRow(
        id=file.id,
        name=file.name,
        title=file.title,
        kind=_kind(file.name),
        size=file.size,
        left=left,
        limit=limit,
        until=entitlement.until(place.now),
        refusal=refusal or "",
        shows_terms=refusal not in WITHOUT_TERMS,
        punches=_punches(limit, left),
        action="" if refusal and refusal not in MAY_BE_MENDED else f"{place.path}/files/{file.id}/downloads",
        is_retry=refusal in MAY_BE_MENDED,
        notice=_notice(entitlement, own, place.now) if own else None,
    )


def _notice(entitlement: Entitlement, why: Refusal, now: datetime) -> Notice:
    spent_at = entitlement.last_spent_at
    terms = FileTerms(
        limit=entitlement.limit or 0,
        last=local_day(spent_at, entitlement.rules.zone) if spent_at else None,
        until=entitlement.until(now),
        unlocks_on=entitlement.waiver.unlocks_on if entitlement.waiver else None,
    )
    return file_notice(why, terms)


def _punches(limit: int | None, left: int | None) -> tuple[bool, ...]:
    """A punch card, True for a hole: one place a download, and none at all where there are too many to see."""
    if limit is None or left is None or not 0 < limit <= MOST_PUNCHES:
        return ()
    return (False,) * left + (True,) * (limit - left)


def _kind(name: str) -> str:
    """`PDF` of a file's name; at most four letters fit on the sheet."""
    ending = PurePath(name).suffix[1:].upper()
    return ending if len(ending) <= 4 and ending.isalnum() else ""
