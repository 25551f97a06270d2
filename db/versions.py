"""Counts changes, so that a page knows when it is stale. Triggers do the counting: no write can forget it."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class ShopVersion(Base, kw_only=True):
    """The one row counts every change of settings, sources, articles, links, files and storages.

    `order.version` counts likewise every change of one order and of what hangs on it.
    """

    __tablename__ = "shop_version"
    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    version: Mapped[int] = mapped_column(default=1)
