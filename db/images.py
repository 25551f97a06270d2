"""The merchant's images, as they were drawn anew from what was uploaded."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Image(Base, kw_only=True):
    """Sizes in pixels. `content` is read only where somebody asks for it, never along with the row."""

    __tablename__ = "image"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str]
    width: Mapped[int]
    height: Mapped[int]
    media_type: Mapped[str]
    sha256: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_raiseload=True)
    uploaded_at: Mapped[datetime]
    uploaded_by: Mapped[str]  # "merchant:3", "key:shop"
