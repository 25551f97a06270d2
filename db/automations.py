"""What happens by itself: automations, and each time that one of them was asked."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.settings import Settings


class Trigger(StrEnum):
    ORDER_IMPORTED = "order_imported"
    ORDER_PAID = "order_paid"
    STATE_CHANGED = "state_changed"
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_REVERSED = "payment_reversed"
    INVOICE_CREATED = "invoice_created"
    ORDER_CANCELLED = "order_cancelled"
    FILE_DOWNLOADED = "file_downloaded"
    INVOICE_DOWNLOADED = "invoice_downloaded"
    MANUAL = "manual"


class Match(StrEnum):
    ALL = "all"
    ANY = "any"


class RunState(StrEnum):
    """`held`: it comes again when the automations are no longer paused; `waiting`: its delay is not over."""

    NEW = "new"
    WAITING = "waiting"
    HELD = "held"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


class Automation(Base, kw_only=True):
    """One trigger, conditions, actions. They run by `position`; a removed one stays for the sake of its runs.

    `ready_made` names what Tresen brought along; `active_since` is the moment it was switched on last.
    """

    __tablename__ = "automation"
    __table_args__ = (Index("ix_automation_listening", "trigger", sqlite_where=text("active")),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int]
    trigger: Mapped[Trigger]
    delay_minutes: Mapped[int] = mapped_column(default=0)
    match: Mapped[Match] = mapped_column(default=Match.ALL)
    conditions: Mapped[list[dict[str, object]]] = mapped_column(JSON, default_factory=list)
    actions: Mapped[list[dict[str, object]]] = mapped_column(JSON, default_factory=list)
    ready_made: Mapped[str | None] = mapped_column(default=None)
    created_at: Mapped[datetime]
    active_since: Mapped[datetime | None] = mapped_column(default=None)
    removed_at: Mapped[datetime | None] = mapped_column(default=None)


class AutomationRun(Base, kw_only=True):
    """An automation asked for one order because of one event, at most once.

    `depth` counts the automations that led to it; `reason` says why it did nothing, or what went wrong.
    """

    __tablename__ = "automation_run"
    __table_args__ = (
        UniqueConstraint("automation_id", "order_id", "event"),
        Index("ix_automation_run_order", "order_id"),
        Index("ix_automation_run_held", "id", sqlite_where=text("state = 'held'")),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    automation_id: Mapped[int] = mapped_column(ForeignKey("automation.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    event: Mapped[str]
    state: Mapped[RunState] = mapped_column(default=RunState.NEW)
    reason: Mapped[str] = mapped_column(default="")
    depth: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None] = mapped_column(default=None)
    finished_at: Mapped[datetime | None] = mapped_column(default=None)


class AutomationSettings(Settings, kw_only=True):
    """`mails_per_minute` caps what automations send; `relay_addresses`: also to those that marketplaces lend."""

    __tablename__ = "automation_settings"
    paused: Mapped[bool] = mapped_column(default=False)
    mails_per_minute: Mapped[int] = mapped_column(default=30)
    relay_addresses: Mapped[bool] = mapped_column(default=False)
