"""What is still to be done, noted in the same transaction as the change that asks for it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Job(Base, kw_only=True):
    """One thing to do, once. `key` makes asking twice the same as asking once.

    `attempts` counts claims, so that a job which ends the process every time is given up too. Whoever
    claims it has it until `locked_until`. Jobs of one kind are done one after the other in each `lane`, such as that of
    one source; None is the lane of all others of the kind. Done and given up are moments; one given up stays for the
    merchant to see.
    """

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[dict[str, object]]
    created_at: Mapped[datetime]
    run_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None] = mapped_column(default=None)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    dead_at: Mapped[datetime | None] = mapped_column(default=None)
    error: Mapped[str] = mapped_column(default="")
    lane: Mapped[str | None] = mapped_column(default=None)


WAITING = Job.done_at.is_(None) & Job.dead_at.is_(None)
Index("ix_outbox_waiting", Job.kind, Job.run_at, sqlite_where=WAITING)
Index("ix_outbox_lanes", Job.kind, Job.lane, Job.run_at, Job.locked_until, sqlite_where=WAITING & Job.lane.is_not(None))
Index("ix_outbox_done_at", Job.done_at, sqlite_where=Job.done_at.is_not(None))


class DueTime(Base, kw_only=True):
    """When a job that comes again and again is next due: a restart neither repeats nor skips it."""

    __tablename__ = "due_time"
    kind: Mapped[str] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
