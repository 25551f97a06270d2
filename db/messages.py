"""Mails, word for word as they were or will be sent."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class MessageState(StrEnum):
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class Message(Base, kw_only=True):
    """One mail to one person. `kind` names its template; `message_id`, in its brackets, stays through all attempts.

    `kept_back`: why an automatic one did not leave, though nothing failed (portal/kept_back.py).
    """

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_order", "order_id", "id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id"), default=None)
    kind: Mapped[str]
    locale: Mapped[str]
    to_address: Mapped[str]
    to_name: Mapped[str] = mapped_column(default="")
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str] = mapped_column(default="")
    message_id: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    state: Mapped[MessageState] = mapped_column(default=MessageState.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    error: Mapped[str] = mapped_column(default="")
    kept_back: Mapped[str] = mapped_column(default="")


class MailProof(Base, kw_only=True):
    """A mail server has taken a mail: a mark of all that decides whether mail leaves, and when that was first seen."""

    __tablename__ = "mail_proof"
    server: Mapped[str] = mapped_column(primary_key=True)
    proved_at: Mapped[datetime]


class Attachment(Base, kw_only=True):
    """A document that goes with a mail; `media_type` such as `application/pdf`."""

    __tablename__ = "attachment"
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    media_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Bounce(Base, kw_only=True):
    """A mail that a server had taken, and that came back: who noted it, and what the returning mail said."""

    __tablename__ = "message_bounce"
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), primary_key=True)
    reason: Mapped[str]
    noted_by: Mapped[str]
    noted_at: Mapped[datetime]
