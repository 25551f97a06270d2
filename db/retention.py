"""What the clocks of retention have removed, night by night."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class RetentionRun(Base, kw_only=True):
    """`removed` counts rows by the name of the clock; nothing in it tells of anybody."""

    __tablename__ = "retention_run"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    removed: Mapped[dict[str, object]] = mapped_column(default_factory=dict)
