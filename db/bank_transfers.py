"""What customers say of their bank transfers. Money it is only when the merchant has seen it arrive."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class TransferAnnouncement(Base, kw_only=True):
    """The customer says to have transferred it: no fact about the money. `amount` in minor units."""

    __tablename__ = "transfer_announcement"
    __table_args__ = (Index("ix_transfer_announcement_order", "order_id"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("payment_provider.id"), index=True)
    amount: Mapped[int]
    currency: Mapped[str]
    at: Mapped[datetime]
