"""What happened, to whom, by whose hand. Rows are only ever added."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Activity(Base, kw_only=True):
    """`actor` is `key:<name>`, `merchant:<id>`, `source:<name>`, `customer` or `tresen`.

    `notice` marks what the merchant must know.
    """

    __tablename__ = "activity"
    __table_args__ = (
        Index("ix_activity_order", "order_id", "id"),
        Index("ix_activity_notice", "id", sqlite_where=text("notice")),  # the back office counts them on every page
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    at: Mapped[datetime]
    actor: Mapped[str]
    kind: Mapped[str]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id"), default=None)
    details: Mapped[dict[str, object]] = mapped_column(default_factory=dict)
    notice: Mapped[bool] = mapped_column(default=False)
