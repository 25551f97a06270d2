"""Where the merchant keeps the files that are sold."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class StorageKind(StrEnum):
    LOCAL = "local"


class Storage(Base, kw_only=True):
    """`options` holds nothing secret."""

    __tablename__ = "storage"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[StorageKind]
    options: Mapped[dict[str, str]]
    created_at: Mapped[datetime]
