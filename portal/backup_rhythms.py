"""When a shop that is saved by itself is due, and why there may be no backup."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from db.backups import BackupRun, BackupSettings, BackupState, Rhythm

AGAIN = timedelta(hours=1)  # after a failure: a disk was cleared by then, or a network is back


class Cause(StrEnum):
    """Why there is no backup, besides the troubles of storages."""

    NO_ROOM = "no-room"
    UNWRITABLE = "unwritable"
    NOT_SAVED = "not-saved"
    DIFFERENT = "different"
    STORAGE_GONE = "storage-gone"
    BROKEN_OFF = "broken-off"
    RESTORED = "restored"


def due(wanted: BackupSettings, last: datetime | None, now: datetime, zone: ZoneInfo) -> bool:
    """Whether the newest moment of the rhythm lies behind the beginning of the last backup.

    A moment that the change to summer time skips comes an hour later; one that comes twice counts once.
    """
    if wanted.rhythm is Rhythm.OFF:
        return False
    newest = _newest_moment(wanted, now, zone)
    return last is None or last < newest


def tried_again(newest: BackupRun, now: datetime) -> bool:
    """Whether a failed one has rested long enough. A shop that was restored waits for its rhythm: it may be a copy."""
    if newest.state is not BackupState.FAILED or newest.error == Cause.RESTORED:
        return False
    return newest.ended_at is None or newest.ended_at + AGAIN <= now


def _newest_moment(wanted: BackupSettings, now: datetime, zone: ZoneInfo) -> datetime:
    today = now.astimezone(zone).date()
    back = (today.weekday() - wanted.weekday) % 7 if wanted.rhythm is Rhythm.WEEKLY else 0
    step = 7 if wanted.rhythm is Rhythm.WEEKLY else 1
    moment = _at(wanted.hour, today - timedelta(days=back), zone, now)
    return moment if moment <= now else _at(wanted.hour, today - timedelta(days=back + step), zone, now)


def _at(hour: int, day: date, zone: ZoneInfo, like: datetime) -> datetime:
    return datetime.combine(day, time(hour), zone).astimezone(like.tzinfo)
