"""Who may come behind the counter: merchants, and the browsers they are signed in with."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Language(StrEnum):
    """`browser`: as the merchant's browser asks."""

    BROWSER = "browser"
    GERMAN = "de"
    ENGLISH = "en"


class Theme(StrEnum):
    """`system`: as the merchant's device shows other pages."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


class Merchant(Base, kw_only=True):
    """`email` is in small letters.

    `notices_seen` is the last activity whose notice this merchant has read, `notices_mailed` the last one told by mail.
    """

    __tablename__ = "merchant"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    created_at: Mapped[datetime]
    password_set_at: Mapped[datetime]
    language: Mapped[Language] = mapped_column(default=Language.BROWSER)
    theme: Mapped[Theme] = mapped_column(default=Theme.SYSTEM)
    notices_seen: Mapped[int] = mapped_column(default=0)
    notices_mailed: Mapped[int] = mapped_column(default=0)


class MerchantSession(Base, kw_only=True):
    """One signed-in browser. Only the hash of its token is stored."""

    __tablename__ = "merchant_session"
    __table_args__ = (Index("ix_merchant_session_merchant", "merchant_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchant.id"))
    token_sha256: Mapped[str] = mapped_column(unique=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class KeptInput(Base, kw_only=True):
    """What waits, sealed, to be shown by the form that posts to `action`; for that one browser."""

    __tablename__ = "kept_input"
    session_id: Mapped[int] = mapped_column(ForeignKey("merchant_session.id", ondelete="CASCADE"), primary_key=True)
    action: Mapped[str] = mapped_column(primary_key=True)
    sealed: Mapped[str]
    kept_at: Mapped[datetime]


def is_anybody_in(path: Path) -> bool:
    """Whether that migrated database knows a merchant; asked once, before it is served."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT 1 FROM merchant LIMIT 1").fetchone() is not None
