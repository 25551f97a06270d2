"""Consent that the right of withdrawal expires: what was read and agreed to, word for word. Triggers refuse changes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypedDict

from sqlalchemy import JSON, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class WaiverSource(StrEnum):
    """Where the box was ticked."""

    PORTAL = "portal"
    SHOP = "shop"


class ConfirmationWay(StrEnum):
    """On which durable medium the customer has the confirmation."""

    MAIL = "mail"
    PDF = "pdf"


class WaivedLine(TypedDict):
    """A line of the order as it was called then; `id` is the source's."""

    id: str
    title: str


class WaiverText(Base, kw_only=True):
    """Every wording that was ever shown; `id` is its version. `set_at` is None for the one that came with Tresen."""

    __tablename__ = "waiver_text"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    text: Mapped[str]
    sha256: Mapped[str] = mapped_column(unique=True)
    set_at: Mapped[datetime | None] = mapped_column(default=None)
    set_by: Mapped[str] = mapped_column(default="")


class Waiver(Base, kw_only=True):
    """One consent. What a shop did not tell (its text, the time) is None; `recorded_at` is always ours."""

    __tablename__ = "waiver"
    __table_args__ = (Index("ix_waiver_order", "order_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    source: Mapped[WaiverSource]
    text: Mapped[str | None] = mapped_column(default=None)
    text_sha256: Mapped[str | None] = mapped_column(default=None)
    locale: Mapped[str]
    lines: Mapped[list[WaivedLine]] = mapped_column(JSON)
    given_at: Mapped[datetime | None] = mapped_column(default=None)
    recorded_at: Mapped[datetime]


class WaiverConfirmation(Base, kw_only=True):
    """The customer's mail server took the confirmation, or the last byte of the PDF left: the first time counts."""

    __tablename__ = "waiver_confirmation"
    waiver_id: Mapped[int] = mapped_column(ForeignKey("waiver.id"), primary_key=True)
    confirmed_at: Mapped[datetime]
    way: Mapped[ConfirmationWay]
    recipient: Mapped[str] = mapped_column(default="")


class WaiverMessage(Base, kw_only=True):
    """The mail that bears the confirmation: a waiver has one at most, and it is confirmed when that mail is sent."""

    __tablename__ = "waiver_message"
    waiver_id: Mapped[int] = mapped_column(ForeignKey("waiver.id"), primary_key=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), unique=True)
