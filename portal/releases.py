"""Files that are delivered only after the merchant looked at them: rebuilt ones, those whose owner forbade changes, and
portfolios.

A rebuilt file may lack pages that nobody misses but its reader, lifting a protection is not for a program to decide,
and what is inside a portfolio leaves without a stamp. A release counts for the very bytes that were seen: another
version is asked for again. For files whose owner forbade changes, the merchant may say once and for all that they go
out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncSession

from db.files import File
from db.settings import FileSettings
from pdfkit.outcome import Caution
from portal import article_files
from portal.activity import By, entry
from portal.articles import by_id
from portal.inspections import is_of_this_edition
from portal.refusals import Conflict

ASKED_FOR = frozenset({Caution.REPAIRED, Caution.PROTECTION_REMOVED, Caution.PORTFOLIO})


class Confirmed(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What somebody has in hand: the version of the file that was looked at, and how many pages their own copy has."""

    version: Annotated[str, Meta(min_length=1, max_length=1000)]
    pages: Annotated[int, Meta(ge=1, le=100_000)]


class NotReleased(Exception):
    """The file waits for the merchant's release."""


def asked_for(settings: FileSettings) -> frozenset[Caution]:
    """What a file is held back for in this shop."""
    return ASKED_FOR - {Caution.PROTECTION_REMOVED} if settings.deliver_protected else ASKED_FOR


def noted(inspection: Mapping[str, object] | None) -> frozenset[Caution]:
    """What was noted of a file when it was looked at."""
    warnings = (inspection or {}).get("warnings")
    return frozenset(each for each in Caution if isinstance(warnings, list) and each in warnings)


def unclosed(inspection: Mapping[str, object]) -> tuple[int, ...] | None:
    """The pages that the stamp has to read; None where the one who looked was of another edition, or made no list."""
    pages = inspection.get("unclosed")
    if not is_of_this_edition(inspection) or not isinstance(pages, list):
        return None
    return tuple(page for page in pages if isinstance(page, int))


def awaits_release(file: File, asked: frozenset[Caution]) -> bool:
    return bool(noted(file.inspection) & asked) and file.released_version != file.version


def is_stampable(file: File, asked: frozenset[Caution]) -> bool:
    """Whether a stamped copy may leave. One that was not looked at yet is looked at before its first copy is made."""
    return bool((file.inspection or {}).get("stampable", True)) and not awaits_release(file, asked)


async def release(article_id: int, file_id: int, version: str, session: AsyncSession, by: By) -> bool:
    """Lets the file be delivered. False where it is another version by now than the one that was seen, or needs none.

    Raises NotFound for what is not linked with the article.
    """
    await article_files.one(await by_id(article_id, session), file_id, session)
    file = await session.get_one(File, file_id)
    if file.version != version or not awaits_release(file, ASKED_FOR):
        return False
    file.released_version = version
    details: dict[str, object] = {
        "file": file.id,
        "path": file.path,
        "version": version,
        "pages": (file.inspection or {}).get("pages"),
        "cautions": sorted(noted(file.inspection)),
    }
    session.add(entry(by, "file_released", details=details))
    return True


async def confirm(article_id: int, file_id: int, seen: Confirmed, session: AsyncSession, by: By) -> None:
    """A release with the number of pages as somebody counted them. Raises NotFound; Conflict where it was other bytes
    or other pages that were counted, or nothing waits."""
    await article_files.one(await by_id(article_id, session), file_id, session)
    file = await session.get_one(File, file_id)
    if (file.inspection or {}).get("pages") != seen.pages:
        raise Conflict("The file has another number of pages.")
    if not await release(article_id, file_id, seen.version, session, by):
        raise Conflict("The file is another version by now, or needs no release.")
