"""Whose data were erased, as far as that may still be told: which orders, when, by whose hand."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Erasure(Base, kw_only=True):
    """The wish of one person. `words` is the mail address and then the names: known until it is fulfilled, and empty
    from then on.

    `removed` counts rows by the name of their table.
    """

    __tablename__ = "erasure"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    words: Mapped[list[str]]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    removed: Mapped[dict[str, object]] = mapped_column(default_factory=dict)


class ErasedOrder(Base, kw_only=True):
    """An order that tells nothing of its buyer any more, from `erased_at` on; without an erasure its time was over.

    The triggers that freeze an order's evidence let go of it for the orders in this table, and for no others.
    """

    __tablename__ = "erased_order"
    __table_args__ = (Index("ix_erased_order_erasure", "erasure_id"),)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), primary_key=True, autoincrement=False)
    erasure_id: Mapped[int | None] = mapped_column(ForeignKey("erasure.id"), default=None)
    erased_at: Mapped[datetime | None] = mapped_column(default=None)
