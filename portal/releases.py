"""Files that are delivered only after the merchant looked at them: rebuilt ones, and those whose owner forbade changes.

A rebuilt file may lack pages that nobody misses but its reader, and lifting a protection is not for a program to
decide. A release counts for the very bytes that were seen: another version is asked for again.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from db.files import File
from pdfkit.outcome import Caution
from portal import article_files
from portal.activity import By, entry
from portal.articles import by_id

ASKED_FOR = frozenset({Caution.REPAIRED, Caution.PROTECTION_REMOVED})


def cautions(file: File) -> frozenset[Caution]:
    """What was noted of the file when it was looked at."""
    noted = (file.inspection or {}).get("warnings")
    return frozenset(each for each in Caution if isinstance(noted, list) and each in noted)


def awaits_release(file: File) -> bool:
    return bool(cautions(file) & ASKED_FOR) and file.released_version != file.version


def is_stampable(file: File) -> bool:
    """Whether a stamped copy may leave. What was not looked at yet may be tried."""
    return bool((file.inspection or {}).get("stampable", True)) and not awaits_release(file)


async def release(article_id: int, file_id: int, version: str, session: AsyncSession, by: By) -> bool:
    """Lets the file be delivered. False where it is another version by now than the one that was seen, or needs none.

    Raises NotFound for what is not linked with the article.
    """
    await article_files.one(await by_id(article_id, session), file_id, session)
    file = await session.get_one(File, file_id)
    if file.version != version or not awaits_release(file):
        return False
    file.released_version = version
    details: dict[str, object] = {
        "file": file.id,
        "path": file.path,
        "version": version,
        "pages": (file.inspection or {}).get("pages"),
        "cautions": sorted(cautions(file)),
    }
    session.add(entry(by, "file_released", details=details))
    return True
