"""What a customer could not get stands in the order's history, and reaches the merchant as one notice a day.

A storage that is down for an hour would else be as many notices and lines of a mail as there were clicks.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.files import File
from portal.activity import By, entry
from portal.refusals import Refusal

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
KIND = "download_failed"
QUIET = timedelta(days=1)  # after a notice about the same file and the same cause


@dataclass(frozen=True, kw_only=True)
class Failure:
    """`file` is the row as it was when the storage was asked, `detail` what the storage or the stamp said."""

    order_id: int
    file: File
    refusal: Refusal
    detail: str = ""


def why(error: Exception) -> Refusal:
    """What trouble on the way to the bytes is called: our own disk is full, or else the storage is of no help."""
    is_full = isinstance(error, OSError) and error.errno in NO_ROOM
    return Refusal.DISK_FULL if is_full else Refusal.STORAGE_UNAVAILABLE


async def tell(failure: Failure, session: AsyncSession, by: By) -> None:
    """A row for every click; the first of a day is a notice, with how often it happened since the last one."""
    details: dict[str, object] = {
        "file": failure.file.name,
        "file_id": failure.file.id,
        "refusal": failure.refusal.value,
        "detail": failure.detail,
    }
    last: Activity | None = await session.scalar(
        select(Activity).where(Activity.notice, _alike(failure)).order_by(Activity.id.desc()).limit(1)
    )
    is_notice = last is None or by.at - last.at >= QUIET
    if is_notice and last is not None:
        before = select(func.count()).select_from(Activity).where(Activity.id > last.id, _alike(failure))
        details["times"] = 1 + (await session.scalar(before) or 0)
    session.add(entry(by, KIND, failure.order_id, details, notice=is_notice))
    if failure.refusal is Refusal.FILE_MISSING:
        await session.execute(
            update(File).where(at_its_place(failure.file), File.missing_since.is_(None)).values(missing_since=by.at)
        )


def at_its_place(file: File) -> ColumnElement[bool]:
    """That row, unless another file was put in its place meanwhile: what was seen then is not true of it."""
    return and_(File.id == file.id, File.storage_id == file.storage_id, File.path == file.path)


def _alike(failure: Failure) -> ColumnElement[bool]:
    return and_(
        Activity.kind == KIND,
        Activity.details["file_id"].as_integer() == failure.file.id,
        Activity.details["refusal"].as_string() == failure.refusal.value,
    )
