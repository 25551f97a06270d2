"""Einstellungen / Zustand: what the doctor found, what waits, how sources fare, what was saved, what room is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from db.health import Examination as ExaminationRow
from db.sources import Source, SourceRun
from portal import health
from portal.doctor import Finding, Level, Phrase
from portal.health import Disk, Lane, Mailing, SavedCopy
from views.admin.backups import BackupRow
from views.admin.frame import OfficePage
from views.admin.source_words import RunRow, title
from views.sentences import Sentence, counted, plain, said

COPY_BEFORE_UPGRADE = ".sqlite3"
MOST_COPIES = 5
FETCH = said("Fetching orders")
CLEARING = said("Clearing up")
SAVING = said("Saving the shop")
TASKS: Mapping[str, Sentence] = {
    "message": said("Mail"),
    "automatic_message": said("Mail by automations"),
    "automation_run": said("Runs of automations"),
    "lost_link": said("Lost links"),
    "notice_mails": said("Mail about notices"),
    "storage_grants": said("Renewing permissions of storages"),
    "file_checks": said("Looking at files"),
    "file_inspection": said("Looking at linked files"),
    "payment_look": said("Asking about payments"),
    "payment_refund": said("Refunds"),
    "webhook_registration": said("Registering webhooks of payment services"),
    "webhook_withdrawal": said("Withdrawing webhooks of payment services"),
    "webhook_delivery": said("Reports of payment services"),
    "source_delivery": said("Reports of shops"),
    "source_report": said("Reporting to shops"),
    "source_webhook_registration": said("Registering webhooks of shops"),
    "ask_sources": FETCH,
    "billbee_run": FETCH,
    "woocommerce_run": FETCH,
    "csv_dry_run": said("Trying a file of orders"),
    "csv_import": said("Importing a file of orders"),
    "retention": said("Shortening what is kept too long"),
    "erasure": said("Forgetting a person"),
    "orders_left_alone": said("Telling which orders were not written to"),
    "clear_csv_files": CLEARING,
    "examination": said("Examination"),
    "ask_for_backups": SAVING,
    "scheduled_backup": SAVING,
}
TONES = {Level.OK: "ok", Level.NOTE: "wait", Level.WRONG: "stop"}
LEVELS = {Level.OK: said("Well"), Level.NOTE: said("Note"), Level.WRONG: said("Wrong")}


@dataclass(frozen=True, kw_only=True)
class FindingRow:
    """`advice` says what to do, None where nothing needs it."""

    tone: str
    level: Sentence
    subject: Sentence
    what: Sentence
    advice: Sentence | None

    @staticmethod
    def of(finding: Finding) -> FindingRow:
        return FindingRow(
            tone=TONES[finding.level],
            level=LEVELS[finding.level],
            subject=sentence(finding.subject),
            what=sentence(finding.what),
            advice=sentence(finding.advice) if finding.advice.text else None,
        )


@dataclass(frozen=True, kw_only=True)
class ExaminationPart:
    """The last one, what is to be mended first; `at` is when it ended on the merchant's clock."""

    at: datetime
    tone: str
    verdict: Sentence
    findings: tuple[FindingRow, ...]

    @staticmethod
    def of(row: ExaminationRow, zone: ZoneInfo) -> ExaminationPart:
        found = health.findings(row)
        wrong = sum(finding.level is Level.WRONG for finding in found)
        notes = sum(finding.level is Level.NOTE for finding in found)
        worst_first = sorted(found, key=lambda finding: list(TONES).index(finding.level), reverse=True)
        return ExaminationPart(
            at=row.ended_at.astimezone(zone),
            tone="stop" if wrong else "wait" if notes else "ok",
            verdict=_verdict(wrong, notes),
            findings=tuple(FindingRow.of(finding) for finding in worst_first),
        )


@dataclass(frozen=True, kw_only=True)
class LaneRow:
    """`since` is when the oldest that waits was asked for."""

    task: Sentence
    waiting: int
    since: datetime | None
    is_overdue: bool
    given_up: int
    error: str

    @staticmethod
    def of(lane: Lane, zone: ZoneInfo, now: datetime) -> LaneRow:
        return LaneRow(
            task=TASKS.get(lane.kind) or plain(lane.kind.replace("_", " ")),
            waiting=lane.waiting,
            since=lane.oldest_at.astimezone(zone) if lane.oldest_at else None,
            is_overdue=lane.is_overdue(now),
            given_up=lane.given_up,
            error=lane.error,
        )


@dataclass(frozen=True, kw_only=True)
class SourceLine:
    """`last` is None where nobody has asked yet, or orders are brought."""

    id: int
    name: str
    kind: Sentence
    last: RunRow | None

    @staticmethod
    def of(row: Source, run: SourceRun | None, zone: ZoneInfo) -> SourceLine:
        return SourceLine(id=row.id, name=row.name, kind=title(row.kind), last=RunRow.of(run, zone) if run else None)


@dataclass(frozen=True, kw_only=True)
class CopyRow:
    name: str
    at: datetime
    size: int
    is_database_alone: bool

    @staticmethod
    def of(copy: SavedCopy, zone: ZoneInfo) -> CopyRow:
        return CopyRow(
            name=copy.name,
            at=datetime.fromtimestamp(copy.at, UTC).astimezone(zone),
            size=copy.size,
            is_database_alone=copy.name.endswith(COPY_BEFORE_UPGRADE),
        )


@dataclass(frozen=True, kw_only=True)
class MailPart:
    """`host` is empty where there is no server."""

    host: str
    unreadable: bool
    sent_at: datetime | None
    error: str

    @staticmethod
    def of(mailing: Mailing, zone: ZoneInfo) -> MailPart:
        return MailPart(
            host=mailing.server.host if mailing.server else "",
            unreadable=mailing.unreadable,
            sent_at=mailing.sent_at.astimezone(zone) if mailing.sent_at else None,
            error=mailing.error,
        )


@dataclass(frozen=True, kw_only=True)
class HealthPage(OfficePage):
    """`examination` is None before the first one; `is_awaited`: one is asked for, or goes on.

    `saved` is what became of the last backup that Tresen made by itself or was asked for.
    """

    template: ClassVar = "admin/health.html"

    path: str
    examination: ExaminationPart | None
    is_awaited: bool
    lanes: tuple[LaneRow, ...]
    sources: tuple[SourceLine, ...]
    mail: MailPart
    saved: BackupRow | None
    backups: tuple[CopyRow, ...]
    folder: Path
    disk: Disk
    version: str
    schema: str


def sentence(phrase: Phrase) -> Sentence:
    return Sentence(phrase.text, phrase.values)


def copies(found: Sequence[SavedCopy], zone: ZoneInfo) -> tuple[CopyRow, ...]:
    return tuple(CopyRow.of(copy, zone) for copy in found[:MOST_COPIES])


def _verdict(wrong: int, notes: int) -> Sentence:
    if wrong:
        return counted("One thing is wrong.", "%(count)s things are wrong.", wrong)
    if notes:
        return counted(
            "Nothing is wrong; one thing could be better.", "Nothing is wrong; %(count)s things could be better.", notes
        )
    return said("Everything is well.")
