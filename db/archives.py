"""Several files of an order, taken as one ZIP archive."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Archive(Base, kw_only=True):
    """One click on "all as ZIP". `left_out`: by the file's id, the refusal of what was not to be had then."""

    __tablename__ = "archive"
    __table_args__ = (Index("ix_archive_order", "order_id", "attempt"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    attempt: Mapped[str] = mapped_column(default="")
    left_out: Mapped[dict[str, str]]
    started_at: Mapped[datetime]


class ArchiveMember(Base, kw_only=True):
    """A spent download whose bytes lie in the archive."""

    __tablename__ = "archive_member"
    __table_args__ = (Index("ix_archive_member_download", "download_id"),)
    archive_id: Mapped[int] = mapped_column(ForeignKey("archive.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    download_id: Mapped[int] = mapped_column(ForeignKey("download.id"))
