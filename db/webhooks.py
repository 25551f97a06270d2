"""What payment services and sources call us with, as it came, and the address that we gave them for it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.dml import ReturningInsert

from db.base import Base


class Verification(StrEnum):
    """Whether the service is asked if it sent a delivery, or its signature is checked here."""

    POSTBACK = "postback"
    OFFLINE = "offline"


class DeliveryOutcome(StrEnum):
    """`forged`: not what the service sent. `unknown`: genuine, but about no payment or order of ours.

    `stale`: about an order of which newer is known, so that nothing was changed.
    `given-up`: it could not be worked on, again and again; the merchant may have it tried once more.
    """

    APPLIED = "applied"
    UNKNOWN = "unknown"
    STALE = "stale"
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


class SourceWebhook(Base, kw_only=True):
    """The address that a source's service was asked to call, for all of its events."""

    __tablename__ = "source_webhook"
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"), primary_key=True)
    url: Mapped[str]
    registered_at: Mapped[datetime]


class WebhookDelivery(Base, kw_only=True):
    """Of a provider or of a source. `delivery` is the sender's own id: the same one again is no second row.

    `body` holds the very bytes, since signatures are about bytes. `outcome` is None until it was worked on; from then
    on headers and body are empty, but for what was given up, with its `error`. `ip_prefix` is the shortened address of
    the network that it came from.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        UniqueConstraint("provider_id", "delivery"),
        UniqueConstraint("source_id", "delivery"),
        CheckConstraint("(provider_id IS NULL) != (source_id IS NULL)", name="one_sender"),
        Index("ix_webhook_delivery_received_at", "received_at"),
        Index("ix_webhook_delivery_given_up", "id", sqlite_where=text("outcome = 'given-up'")),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    provider_id: Mapped[int | None] = mapped_column(ForeignKey("payment_provider.id", ondelete="CASCADE"), default=None)
    source_id: Mapped[int | None] = mapped_column(ForeignKey("source.id", ondelete="CASCADE"), default=None)
    delivery: Mapped[str]
    received_at: Mapped[datetime]
    headers: Mapped[dict[str, str]]
    body: Mapped[bytes]
    ip_prefix: Mapped[str]
    outcome: Mapped[DeliveryOutcome | None] = mapped_column(default=None)
    worked_on_at: Mapped[datetime | None] = mapped_column(default=None)
    error: Mapped[str] = mapped_column(default="")


# Inserts a row and tells its id; nothing where the sender's id is stored already. Laid out once: the sender waits.
UNLESS_KNOWN: ReturningInsert[int] = insert(WebhookDelivery).on_conflict_do_nothing().returning(WebhookDelivery.id)
