"""How the shop stands, for whoever runs it: what the doctor found last, what waits, what was saved, what room is left.

The doctor asks storages, payment services and the mail server, and reads every document: that is a job. The rest is
looked at when somebody asks.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import case, delete, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.health import Examination
from db.messages import Message, MessageState
from db.outbox import WAITING, Job
from db.sources import Source, SourceRun
from portal import doctor, mail_servers, messages, outbox, source_runs
from portal.activity import By
from portal.doctor import Finding, Level, Patient, Phrase
from portal.jobs import Clock, Record, utc_now
from portal.mail_servers import MailServer
from portal.outbox import Claimed, NewJob, NotDone
from portal.vault import Unreadable, Vault

KIND = "examination"
LIMIT = timedelta(hours=1)
KEPT = 30  # examinations
OVERDUE = timedelta(minutes=10)
BACKUPS = "backups"  # the folder of the data directory
MAILS = (messages.KIND, messages.AUTOMATIC)
log = logging.getLogger("tresen.health")


@dataclass(frozen=True, kw_only=True)
class Lane:
    """What waits in the outbox of one kind, since when, and what nobody tries again.

    `due_at` is when the first of it was or will be due; `error` is what the last one that failed has told.
    """

    kind: str
    waiting: int
    oldest_at: datetime | None
    due_at: datetime | None
    given_up: int
    error: str

    def is_overdue(self, now: datetime) -> bool:
        return self.due_at is not None and now - self.due_at > OVERDUE


@dataclass(frozen=True, kw_only=True)
class SavedCopy:
    """A file that lies among the backups; `size` in bytes."""

    name: str
    at: float  # seconds since 1970, as the disk tells it
    size: int


@dataclass(frozen=True, kw_only=True)
class Disk:
    """In bytes."""

    free: int
    total: int


@dataclass(frozen=True, kw_only=True)
class Mailing:
    """`server` is None where none is set up, or `unreadable`: its password opens with none of the keys.

    `error` is what kept the newest mail that waits from leaving.
    """

    server: MailServer | None
    unreadable: bool
    sent_at: datetime | None
    error: str


class Examinations:
    """How the job is done: the doctor looks, and what was found is kept."""

    limit = LIMIT

    def __init__(self, patient: Patient, clock: Clock = utc_now) -> None:
        self.patient = patient
        self._clock = clock

    async def do(self, job: Claimed) -> Record:
        """Nothing is tried again: the next examination comes tomorrow, or when somebody asks. Raises NotDone."""
        begun = self._clock()
        try:
            found = [finding async for finding in doctor.examined(self.patient, begun)]
        except Exception as error:
            log.exception("The examination was broken off.")
            raise NotDone(f"Tresen itself failed: {type(error).__name__}.", permanent=True) from error
        return partial(_keep, begun, found)

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """There is nothing to add."""


async def ask(session: AsyncSession, at: datetime) -> None:
    """The doctor comes as soon as the worker has time; whoever asks while he is awaited changes nothing."""
    if not await is_awaited(session):
        await outbox.enqueue(NewJob(kind=KIND, key=f"{KIND}:{at.isoformat()}"), session, at)


async def is_awaited(session: AsyncSession) -> bool:
    return bool(await session.scalar(select(exists().where(WAITING, Job.kind == KIND))))


async def last_examination(session: AsyncSession) -> Examination | None:
    return await session.scalar(select(Examination).order_by(Examination.id.desc()).limit(1))


def findings(row: Examination) -> list[Finding]:
    return [_read(each) for each in row.findings]


async def lanes(session: AsyncSession) -> list[Lane]:
    """All kinds in which something waits or was given up. Two statements, over what is not done."""
    waits, dead = case((WAITING, 1)), Job.dead_at.is_not(None)
    found = await session.execute(
        select(
            Job.kind,
            func.count(waits),
            func.min(case((WAITING, Job.created_at)), type_=Job.created_at.type),
            func.min(case((WAITING, Job.run_at)), type_=Job.run_at.type),
            func.count(case((dead, 1))),
        )
        .where(Job.done_at.is_(None))
        .group_by(Job.kind)
        .order_by(Job.kind)
    )
    newest = select(func.max(Job.id)).where(Job.done_at.is_(None), Job.error != "").group_by(Job.kind)
    told = await session.execute(select(Job.kind, Job.error).where(Job.id.in_(newest)))
    errors: dict[str, str] = {kind: error for kind, error in told}
    return [
        Lane(kind=kind, waiting=waiting, oldest_at=oldest, due_at=due, given_up=given_up, error=errors.get(kind, ""))
        for kind, waiting, oldest, due, given_up in found
    ]


async def source_standings(session: AsyncSession) -> list[tuple[Source, SourceRun | None]]:
    """Every source that is on, with its last run."""
    last = await source_runs.last_of_each(session)
    rows = await session.scalars(select(Source).where(Source.active).order_by(Source.name))
    return [(row, last.get(row.id)) for row in rows]


async def mailing(fixed: MailServer | None, vault: Vault, session: AsyncSession) -> Mailing:
    """Nobody is asked: what is set up, and how the last mails fared."""
    sent = select(Message.sent_at).where(Message.state == MessageState.SENT).order_by(Message.id.desc()).limit(1)
    late = select(Job.error).where(WAITING, Job.kind.in_(MAILS), Job.error != "").order_by(Job.id.desc()).limit(1)
    server, unreadable = None, False
    try:
        server = await mail_servers.in_use(fixed, vault, session)
    except Unreadable:
        unreadable = True
    return Mailing(
        server=server,
        unreadable=unreadable,
        sent_at=await session.scalar(sent),
        error=await session.scalar(late) or "",
    )


async def backups(data: Path) -> list[SavedCopy]:
    """What lies in the folder of backups, newest first; what is still being written bears a dot before its name."""
    return await asyncio.to_thread(_backups, data / BACKUPS)


async def disk(data: Path) -> Disk:
    usage = await asyncio.to_thread(shutil.disk_usage, data)
    return Disk(free=usage.free, total=usage.total)


def _backups(folder: Path) -> list[SavedCopy]:
    found = []
    for place in folder.iterdir() if folder.is_dir() else ():
        if place.is_file() and not place.name.startswith("."):
            told = place.stat()
            found.append(SavedCopy(name=place.name, at=told.st_mtime, size=told.st_size))
    return sorted(found, key=lambda copy: copy.at, reverse=True)


async def _keep(begun: datetime, found: Sequence[Finding], session: AsyncSession, now: datetime) -> None:
    session.add(Examination(begun_at=begun, ended_at=now, findings=[_written(finding) for finding in found]))
    await session.flush()
    kept = select(Examination.id).order_by(Examination.id.desc()).limit(KEPT)
    await session.execute(delete(Examination).where(Examination.id.not_in(kept)))


def _written(finding: Finding) -> dict[str, object]:
    parts = {"subject": finding.subject, "what": finding.what, "advice": finding.advice}
    told = {name: {"text": part.text, "values": dict(part.values)} for name, part in parts.items()}
    return {"level": finding.level.value, **told}


def _read(stored: dict[str, object]) -> Finding:
    parts = {name: _phrase(stored[name]) for name in ("subject", "what", "advice")}
    return Finding(level=Level(str(stored["level"])), **parts)


def _phrase(stored: object) -> Phrase:
    assert isinstance(stored, dict)  # noqa: S101 (we have written it ourselves)
    return Phrase(str(stored["text"]), stored["values"])
