"""How the shop stood when it was last looked at."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Examination(Base, kw_only=True):
    """One look of the doctor from its beginning to its end, and all that was found; `findings` as portal/health.py
    writes them.
    """

    __tablename__ = "examination"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime]
    findings: Mapped[list[dict[str, object]]] = mapped_column(JSON)
