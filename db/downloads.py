"""Spent downloads, what came of them, and what was given on top."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Download(Base, kw_only=True):
    """One spent download. `stamp` names the stamped bytes, empty where the file goes out as it is."""

    __tablename__ = "download"
    __table_args__ = (Index("ix_download_order_file", "order_id", "file_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"))
    attempt: Mapped[str] = mapped_column(default="")
    name: Mapped[str]
    file_version: Mapped[str]
    size: Mapped[int]
    stamp: Mapped[str] = mapped_column(default="")
    started_at: Mapped[datetime]
    ip_prefix: Mapped[str] = mapped_column(default="")


class DownloadObservation(Base, kw_only=True):
    """What has become of a download so far, in one row however many pieces were asked for. Sizes in bytes.

    `sent` sums up all transfers; what somebody else sent counts as asked for, and then `handed_off`. `pieces` are the
    bytes that have left, each as where it begins and where it has ended, in order; together they are `covered` bytes,
    and the download is `finished` once they are all of it. `failure` is our own, the last one; bytes that leave after
    it take it away again.

    Read by no rule but the byte cap and the give-back: a failed download that was never finished does not count as
    spent.
    """

    __tablename__ = "download_observation"
    __table_args__ = (Index("ix_download_observation_download", "download_id", unique=True),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    download_id: Mapped[int] = mapped_column(ForeignKey("download.id"))
    at: Mapped[datetime]
    sent: Mapped[int] = mapped_column(default=0)
    pieces: Mapped[list[list[int]]] = mapped_column(default_factory=list)
    covered: Mapped[int] = mapped_column(default=0)
    finished: Mapped[bool] = mapped_column(default=False)
    failure: Mapped[str] = mapped_column(default="")
    handed_off: Mapped[bool] = mapped_column(default=False)
    ip_prefix: Mapped[str] = mapped_column(default="")


class LinkObservation(Base, kw_only=True):
    """The portal link was opened, maybe by a mail scanner."""

    __tablename__ = "link_observation"
    __table_args__ = (Index("ix_link_observation_order", "order_id", "at"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    at: Mapped[datetime]
    ip_prefix: Mapped[str] = mapped_column(default="")


class Allowance(Base, kw_only=True):
    """More downloads for one file of one order. Support gives more by adding a row, never by changing one."""

    __tablename__ = "allowance"
    __table_args__ = (Index("ix_allowance_order_file", "order_id", "file_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    file_id: Mapped[int] = mapped_column(ForeignKey("file.id"))
    downloads: Mapped[int]
    reason: Mapped[str]
    given_by: Mapped[str]
    given_at: Mapped[datetime]
