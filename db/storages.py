"""Where the merchant keeps the files that are sold."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class StorageKind(StrEnum):
    LOCAL = "local"
    S3 = "s3"
    WEBDAV = "webdav"
    DROPBOX = "dropbox"
    GDRIVE = "gdrive"
    ONEDRIVE = "onedrive"


class Storage(Base, kw_only=True):
    """`options` holds secrets sealed (portal/storage_options.py says which ones they are)."""

    __tablename__ = "storage"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[StorageKind]
    options: Mapped[dict[str, str]]
    created_at: Mapped[datetime]
