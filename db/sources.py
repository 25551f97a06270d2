"""Where orders come from: one row a shop, marketplace or script, and what came of each time that it was asked."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class SourceKind(StrEnum):
    API = "api"
    BILLBEE = "billbee"
    WOOCOMMERCE = "woocommerce"
    CSV = "csv"


class RunCause(StrEnum):
    """Who wanted it: the clock, somebody, or the source itself, which was added or changed, or whose service called."""

    CLOCK = "clock"
    ASKED = "asked"
    CHANGED = "changed"
    CALLED = "called"


class RunOutcome(StrEnum):
    """`broken-off`: Tresen ended, or failed, while it ran. `incomplete`: nobody was asked, as something is missing."""

    OK = "ok"
    DENIED = "denied"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed-out"
    BUSY = "busy"
    MOVED = "moved"
    UNEXPECTED = "unexpected"
    INCOMPLETE = "incomplete"
    BROKEN_OFF = "broken-off"


class Source(Base, kw_only=True):
    """The name stands in addresses: lower-case letters, digits and hyphens.

    `connected_at`: since when it is asked for its orders without having been switched off. `options` holds secrets
    sealed (portal/source_options.py says which ones they are).
    """

    __tablename__ = "source"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[SourceKind] = mapped_column(default=SourceKind.API)
    options: Mapped[dict[str, str]] = mapped_column(default_factory=dict, repr=False)
    waiver_needs_text: Mapped[bool] = mapped_column(default=False)
    invoices_elsewhere: Mapped[bool] = mapped_column(default=False)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    connected_at: Mapped[datetime | None] = mapped_column(default=None)


class SourceRun(Base, kw_only=True):
    """One time that a source is asked for its orders: waiting, then running, then ended with an outcome.

    `cursor` is the source's own clock: what it had changed up to then has been seen. Only an ended run has one.
    `ignored` counts what nobody has ordered, such as drafts, and `failed` what nobody could understand.
    """

    __tablename__ = "source_run"
    __table_args__ = (Index("ix_source_run_source", "source_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"))
    cause: Mapped[RunCause]
    asked_at: Mapped[datetime]
    started_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    outcome: Mapped[RunOutcome | None] = mapped_column(default=None)
    detail: Mapped[str] = mapped_column(default="")
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    stale: Mapped[int] = mapped_column(default=0)
    ignored: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    cursor: Mapped[datetime | None] = mapped_column(default=None)


class SourceFault(Base, kw_only=True):
    """An order that a run met and could not take: which one, the place in what came, and why."""

    __tablename__ = "source_fault"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    run_id: Mapped[int] = mapped_column(ForeignKey("source_run.id", ondelete="CASCADE"), index=True)
    external_id: Mapped[str]
    place: Mapped[str]
    why: Mapped[str]
