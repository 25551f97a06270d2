"""A customer's way through a payment service: what was asked of it, and everything that came of it. Triggers refuse
changes; how an attempt stands is read from its events."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.payment_providers import PayMethod


class AttemptEvent(StrEnum):
    """`starting`: a click asks the service for an order of its own; `start-failed`: it did not get one, while another
    click went on asking. `created`: the service has that order. `capturing`: the money is being asked for, each time
    anew. `unclear-told`: the merchant knows that nobody knows whether it was taken.

    `released`: nothing was taken, and it may be tried again. `replaced`: another attempt, or a changed order, took its
    place before any money moved. A refund is `refund-asked` before anybody is asked for it, and `refund-given-up` when
    nobody asks any more: whether it went through, a look has to tell. `reversed`: whoever paid took it back;
    `restored`: the merchant has won it back.
    """

    STARTING = "starting"
    START_FAILED = "start-failed"
    CREATED = "created"
    CAPTURING = "capturing"
    UNCLEAR_TOLD = "unclear-told"
    RELEASED = "released"
    COMPLETED = "completed"
    PENDING = "pending"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REPLACED = "replaced"
    FAILED = "failed"
    REFUND_ASKED = "refund-asked"
    REFUND_FAILED = "refund-failed"
    REFUND_GIVEN_UP = "refund-given-up"
    REFUNDED = "refunded"
    REVERSED = "reversed"
    RESTORED = "restored"


class PaymentAttempt(Base, kw_only=True):
    """`mark` is random, and all that the service is told of it; `label` is what the customer reads there.

    `amount` in minor units of `currency`: never captured if the order says another one by then. `client_id` and
    `sandbox` say which account it was begun with: no other one knows it.
    """

    __tablename__ = "payment_attempt"
    __table_args__ = (
        Index("ix_payment_attempt_order", "order_id", "id"),
        Index("ix_payment_attempt_label", "label"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    mark: Mapped[str] = mapped_column(unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"))
    provider_id: Mapped[int] = mapped_column(ForeignKey("payment_provider.id"), index=True)
    method: Mapped[PayMethod | None] = mapped_column(default=None)
    amount: Mapped[int]
    currency: Mapped[str]
    label: Mapped[str]
    client_id: Mapped[str]
    sandbox: Mapped[bool]
    started_at: Mapped[datetime]


class PaymentEvent(Base, kw_only=True):
    """`reference` is the service's id of what the event speaks of: its order, a capture, a refund; else empty."""

    __tablename__ = "payment_event"
    __table_args__ = (
        Index("ix_payment_event_attempt", "attempt_id", "id"),
        Index("ix_payment_event_reference", "reference"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("payment_attempt.id"))
    at: Mapped[datetime]
    kind: Mapped[AttemptEvent]
    reference: Mapped[str] = mapped_column(default="")
    details: Mapped[dict[str, object]] = mapped_column(default_factory=dict)


class OpenPayment(Base, kw_only=True):
    """The one attempt of an order that may still take money: the keys of this table allow no second one.

    Whoever captures has it until `busy_until`. No fact, but the lock on one: it goes when the attempt is over.
    """

    __tablename__ = "open_payment"
    __table_args__ = (UniqueConstraint("attempt_id"),)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), primary_key=True)
    attempt_id: Mapped[int] = mapped_column(ForeignKey("payment_attempt.id"))
    busy_until: Mapped[datetime | None] = mapped_column(default=None)
