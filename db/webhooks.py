"""What payment services call us with, as it came, and the address that we gave them for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class Verification(StrEnum):
    """Whether the service is asked if it sent a delivery, or its signature is checked here."""

    POSTBACK = "postback"
    OFFLINE = "offline"


class DeliveryOutcome(StrEnum):
    """`forged`: not what the service sent. `unknown`: genuine, but about no payment of ours.

    `given-up`: nobody could say whether it was genuine.
    """

    APPLIED = "applied"
    UNKNOWN = "unknown"
    FORGED = "forged"
    GIVEN_UP = "given-up"


class Webhook(Base, kw_only=True):
    """One address registered at a provider's service, which calls it `reference`.

    `client_id` and `sandbox` name the app it was registered for; empty where that was before they were noted.
    """

    __tablename__ = "webhook"
    provider_id: Mapped[int] = mapped_column(ForeignKey("payment_provider.id", ondelete="CASCADE"), primary_key=True)
    reference: Mapped[str]
    url: Mapped[str]
    verification: Mapped[Verification] = mapped_column(default=Verification.POSTBACK)
    registered_at: Mapped[datetime]
    client_id: Mapped[str] = mapped_column(default="")
    sandbox: Mapped[bool] = mapped_column(default=False)


class WebhookDelivery(Base, kw_only=True):
    """Stored before anybody believes it. `delivery` is the sender's own id: the same one again is no second row.

    `body` holds the very bytes, since signatures are about bytes. `outcome` is None until it was worked on; from then
    on headers and body are empty. `ip_prefix` is the shortened address of the network that it came from.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("provider_id", "delivery"),
        Index("ix_webhook_delivery_received_at", "received_at"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    provider_id: Mapped[int] = mapped_column(ForeignKey("payment_provider.id", ondelete="CASCADE"))
    delivery: Mapped[str]
    received_at: Mapped[datetime]
    headers: Mapped[dict[str, str]]
    body: Mapped[bytes]
    ip_prefix: Mapped[str]
    outcome: Mapped[DeliveryOutcome | None] = mapped_column(default=None)
    worked_on_at: Mapped[datetime | None] = mapped_column(default=None)
