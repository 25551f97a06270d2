"""Money that moved, as facts. Corrections are further rows or a newer status, never edited amounts."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class PaymentKind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"


class PaymentStatus(StrEnum):
    COMPLETED = "completed"
    PENDING = "pending"
    AUTHORIZED = "authorized"
    FAILED = "failed"
    REVERSED = "reversed"


class PaymentOrigin(StrEnum):
    """Who told us. An import may only take back what an import told."""

    IMPORT = "import"
    API = "api"
    PORTAL = "portal"
    MANUAL = "manual"


class Payment(Base, kw_only=True):
    """`amount` is positive for payments and refunds alike; `kind` gives the direction."""

    __tablename__ = "payment"
    __table_args__ = (UniqueConstraint("order_id", "provider", "transaction_id", "kind"),)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    provider: Mapped[str]
    transaction_id: Mapped[str]
    kind: Mapped[PaymentKind] = mapped_column(default=PaymentKind.PAYMENT)
    amount: Mapped[int]
    currency: Mapped[str]
    status: Mapped[PaymentStatus] = mapped_column(default=PaymentStatus.COMPLETED)
    at: Mapped[datetime]
    origin: Mapped[PaymentOrigin]
    recorded_at: Mapped[datetime]
