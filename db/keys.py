"""API keys. Only the hash is stored; the key itself is shown once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class ApiKey(Base, kw_only=True):
    __tablename__ = "api_key"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str]
    key_sha256: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
