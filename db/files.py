"""A file in a storage: what is known of it since somebody last looked."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class File(Base, kw_only=True):
    """`version` is the storage's word for "these very bytes"; `size` is in bytes.

    `storage_id` is None once the storage was removed: nobody can have the file any more, but its downloads are told.
    `released_version` is the last one that the merchant let out although it had to be asked for.
    """

    __tablename__ = "file"
    __table_args__ = (UniqueConstraint("storage_id", "path"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    storage_id: Mapped[int | None] = mapped_column(ForeignKey("storage.id"))
    path: Mapped[str]
    name: Mapped[str]
    size: Mapped[int] = mapped_column(default=0)
    version: Mapped[str] = mapped_column(default="")
    released_version: Mapped[str] = mapped_column(default="")
    inspection: Mapped[dict[str, object] | None] = mapped_column(default=None)
    checked_at: Mapped[datetime | None] = mapped_column(default=None)
    missing_since: Mapped[datetime | None] = mapped_column(default=None)
