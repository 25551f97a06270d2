"""API keys. Only the hash is stored; the key itself is shown once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class ApiKey(Base, kw_only=True):
    __tablename__ = "api_key"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str]
    key_sha256: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class ApiKeyObservation(Base, kw_only=True):
    """The key was used; noted at most once an hour, and no rule reads it."""

    __tablename__ = "api_key_observation"
    __table_args__ = (Index("ix_api_key_observation_key", "key_id", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key_id: Mapped[int] = mapped_column(ForeignKey("api_key.id"))
    at: Mapped[datetime]
