"""What happened to an order, and whether its link was opened: the merchant's look back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.downloads import LinkObservation
from db.files import File
from db.messages import Bounce, Message, MessageState
from portal import activity, download_log
from portal.activity import CUSTOMER

DOWNLOADED = "file_downloaded"
MOST = 500  # entries: more is for the API


@dataclass(frozen=True, kw_only=True)
class Happening:
    """One entry of the history. `details` are as they were noted, `file` in them resolved to `file_name`."""

    at: datetime
    actor: str
    kind: str
    details: Mapping[str, object] = field(default_factory=dict)
    is_notice: bool = False


async def of_order(order_id: int, session: AsyncSession) -> list[Happening]:
    """Newest first: what was noted, and every download."""
    happenings = await named((await activity.of_order(order_id, session))[:MOST], session)
    for download in (await download_log.of_order(order_id, session))[:MOST]:
        details = {"file_name": download.name, "finished": download.finished, "given_back": download.given_back}
        happenings.append(Happening(at=download.started_at, actor=CUSTOMER, kind=DOWNLOADED, details=details))
    return sorted(happenings, key=lambda each: each.at, reverse=True)


async def named(entries: Sequence[Activity], session: AsyncSession) -> list[Happening]:
    """The same entries in the same order, with the names of the files that they tell by id."""
    names = await _file_names([entry.details.get("file") for entry in entries], session)
    return [
        Happening(
            at=entry.at,
            actor=entry.actor,
            kind=entry.kind,
            details=_named(entry.details, names),
            is_notice=entry.notice,
        )
        for entry in entries
    ]


async def last_opened(order_id: int, session: AsyncSession) -> datetime | None:
    """When the portal link was last opened, perhaps by a mail scanner; None if never."""
    return await session.scalar(select(func.max(LinkObservation.at)).where(LinkObservation.order_id == order_id))


@dataclass(frozen=True, kw_only=True)
class WrittenMail:
    """A mail of the order as it stands in the outbox. `error` is what the server said last, `bounce` what came back.

    `kept_back`: why it did not leave, though nothing failed.
    """

    id: int
    kind: str
    to: str
    subject: str
    created_at: datetime
    sent_at: datetime | None
    state: MessageState
    error: str
    kept_back: str = ""
    bounce: str = ""


async def mails(order_id: int, session: AsyncSession) -> list[WrittenMail]:
    """Newest first."""
    written = select(Message, Bounce.reason).outerjoin(Bounce, Bounce.message_id == Message.id)
    rows = await session.execute(written.where(Message.order_id == order_id).order_by(Message.id.desc()))
    return [
        WrittenMail(
            id=row.id,
            kind=row.kind,
            to=row.to_address,
            subject=row.subject,
            created_at=row.created_at,
            sent_at=row.sent_at,
            state=row.state,
            error=row.error,
            kept_back=row.kept_back,
            bounce=bounce or "",
        )
        for row, bounce in rows
    ]


async def _file_names(ids: Iterable[object], session: AsyncSession) -> Mapping[int, str]:
    rows = await session.execute(select(File.id, File.name).where(File.id.in_({i for i in ids if isinstance(i, int)})))
    return {file_id: name for file_id, name in rows}


def _named(details: Mapping[str, object], names: Mapping[int, str]) -> Mapping[str, object]:
    file = details.get("file")
    if isinstance(file, int):
        return {**details, "file_name": names.get(file, "")}
    return {**details, "file_name": file} if isinstance(file, str) else details
