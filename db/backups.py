"""When the shop is saved by itself and where to, and every time that it was."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.settings import Settings


class Rhythm(StrEnum):
    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"


class BackupState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class BackupSettings(Settings, kw_only=True):
    """`hour` is on the merchant's clock, `weekday` 0 is Monday; without a storage they go to the server's folder."""

    __tablename__ = "backup_settings"
    rhythm: Mapped[Rhythm] = mapped_column(default=Rhythm.OFF)
    hour: Mapped[int] = mapped_column(default=3)
    weekday: Mapped[int] = mapped_column(default=0)
    storage_id: Mapped[int | None] = mapped_column(ForeignKey("storage.id"), default=None)
    kept: Mapped[int] = mapped_column(default=7)


class BackupRun(Base, kw_only=True):
    """One backup: an archive called `name` at `place`, which is a folder, or what the storage was called.

    `error` is a portal.backup_rhythms.Cause, `detail` what was said of it in other's words. The archive is there
    no more since `removed_at`.
    """

    __tablename__ = "backup_run"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    removed_at: Mapped[datetime | None] = mapped_column(default=None)
    state: Mapped[BackupState] = mapped_column(default=BackupState.RUNNING)
    name: Mapped[str]
    place: Mapped[str]
    storage_id: Mapped[int | None] = mapped_column(ForeignKey("storage.id", ondelete="SET NULL"), default=None)
    size: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    detail: Mapped[str] = mapped_column(default="")
