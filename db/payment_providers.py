"""Through whom customers may pay what is open: the merchant's accounts, and what came of trying their credentials."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base


class ProviderKind(StrEnum):
    PAYPAL = "paypal"
    PAYPAL_PLUS = "paypal_plus"
    BANK_TRANSFER = "bank_transfer"


class PayMethod(StrEnum):
    """What a customer chooses between under PayPal Plus."""

    PAYPAL = "paypal"
    PAYLATER = "paylater"
    SEPA = "sepa"
    CARD = "card"


class CheckOutcome(StrEnum):
    """What came of asking for a token. `unexpected`: somebody answered, but not as the service would."""

    OK = "ok"
    WRONG_CREDENTIALS = "wrong-credentials"
    WRONG_ENVIRONMENT = "wrong-environment"
    TIMED_OUT = "timed-out"
    UNREACHABLE = "unreachable"
    UNAVAILABLE = "unavailable"
    UNEXPECTED = "unexpected"
    INCOMPLETE = "incomplete"


class PaymentProvider(Base, kw_only=True):
    """`name` is internal. `client_secret` is sealed, empty where none was given; `methods` in the customer's order."""

    __tablename__ = "payment_provider"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str]
    kind: Mapped[ProviderKind]
    active: Mapped[bool] = mapped_column(default=False)
    client_id: Mapped[str] = mapped_column(default="")
    client_secret: Mapped[str] = mapped_column(default="", repr=False)
    client_secret_set_at: Mapped[datetime | None] = mapped_column(default=None)
    sandbox: Mapped[bool] = mapped_column(default=False)
    methods: Mapped[list[str]] = mapped_column(default_factory=list)
    created_at: Mapped[datetime]
    credentials_at: Mapped[datetime]  # when what a check depends on was changed last


class PaymentProviderCheck(Base, kw_only=True):
    """One try. `detail` is what the service said, in its own words; nothing secret."""

    __tablename__ = "payment_provider_check"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    provider_id: Mapped[int] = mapped_column(ForeignKey("payment_provider.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    outcome: Mapped[CheckOutcome]
    detail: Mapped[str]
    milliseconds: Mapped[int]
    sandbox: Mapped[bool]
