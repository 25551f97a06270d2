"""What Tresen needs of a payment service, and what such a service may answer. integrations/ has one module for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from db.payment_providers import PayMethod
from db.payments import PaymentStatus
from db.webhooks import Verification
from portal.payment_providers import Credentials

STILL_AT_IT = timedelta(minutes=10)  # longer than a service works on a question that it was asked


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """One payment to be begun. `mark` makes asking twice the same as asking once; `amount` in minor units.

    `label` is what customer and merchant read at the service, `brand` the shop's name, `locale` such as `de-DE`.
    """

    mark: str
    label: str
    amount: int
    currency: str
    method: PayMethod | None
    locale: str
    brand: str
    return_url: str
    cancel_url: str


@dataclass(frozen=True, kw_only=True)
class Approval:
    """Where the customer says yes. `reference` is the service's own id; `url` leads to the service and nowhere else."""

    reference: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Refund:
    """Money that goes back; `status` is completed, pending or failed.

    `mark` is what it was marked with: the key of our question, if it was ours. `is_reversal`: nobody gave it back, it
    was taken.
    """

    id: str
    status: PaymentStatus
    amount: int
    currency: str
    at: datetime
    mark: str = ""
    is_reversal: bool = False


@dataclass(frozen=True, kw_only=True)
class Capture:
    """Money as the service tells it, never as we asked for it. `reason` says why it is pending or declined.

    `funding` is what was really paid with. Status `reversed`: what was left beside the refunds, `taken_back`, was taken
    back by whoever paid or by the service. `is_seen`: the service shows it so; else a delivery alone says it.
    """

    id: str
    status: PaymentStatus
    amount: int
    currency: str
    at: datetime
    reason: str = ""
    funding: str = ""
    refunds: tuple[Refund, ...] = ()
    taken_back: int = 0
    is_seen: bool = True


class Missing(StrEnum):
    """Why there is no capture. `waiting`: for the customer. `gone`: the service does not know it any more. `voided`: it
    knows it, and has let it go.

    `outdated` is our own: the order has changed, so that nothing was asked for.
    """

    WAITING = "waiting"
    APPROVED = "approved"
    DECLINED = "declined"
    DUPLICATE = "duplicate"
    MERCHANT = "merchant"
    GONE = "gone"
    VOIDED = "voided"
    OUTDATED = "outdated"


@dataclass(frozen=True)
class NoCapture:
    """Nothing was taken. `detail` is the service's own word for it."""

    why: Missing
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class RefundWanted:
    """`key` makes asking twice the same as asking once; `note` is for the customer."""

    capture: str
    key: str
    amount: int
    currency: str
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What came in at our address: header names in small letters, and the very bytes."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a delivery speaks of, as far as it says.

    `is_reversal`: of the money of a capture, `amount` was taken back, or all of it where that is None; `id` is the
    service's name for that. `is_completion`: the capture is complete. `at` is when that was said.
    """

    mark: str = ""
    reference: str = ""
    capture: str = ""
    is_reversal: bool = False
    is_completion: bool = False
    id: str = ""
    amount: int | None = None
    currency: str = ""
    at: datetime | None = None


class ProviderTrouble(Exception):
    """No answer that says anything: it may or may not have happened. Asking again with the same mark is safe."""


class ProviderRefused(Exception):
    """The service says no, and nothing happened. With `credentials`, it is the merchant's to mend."""

    def __init__(self, detail: str, *, credentials: bool = False) -> None:
        super().__init__(detail)
        self.credentials = credentials


class PaymentProvider(Protocol):
    """Every call is bounded in time. All of them raise ProviderTrouble and ProviderRefused."""

    async def begin(self, wanted: Wanted, credentials: Credentials) -> Approval: ...

    async def capture(self, reference: str, mark: str, credentials: Credentials) -> Capture | NoCapture: ...

    async def look(self, reference: str, credentials: Credentials) -> Capture | NoCapture:
        """How it stands, without changing anything."""
        ...

    async def refund(self, wanted: RefundWanted, credentials: Credentials) -> Refund: ...

    async def register(self, url: str, known: str, credentials: Credentials) -> str:
        """Lets the service call that address from now on, about all that we listen to; its own id for it.

        `known` is the id of an earlier address of the same app, which moves; empty where there is none. Twice is the
        same as once.
        """
        ...

    async def withdraw(self, reference: str, credentials: Credentials) -> None:
        """The service calls that address no more, if it ever did."""
        ...

    async def is_genuine(
        self, delivery: Delivery, webhook: str, verification: Verification, credentials: Credentials
    ) -> bool: ...

    def understood(self, body: bytes) -> Told | None:
        """What a genuine delivery speaks of; None where that is nothing we know. Raises nothing."""
        ...

    def name_of(self, headers: Mapping[str, str]) -> str:
        """The sender's id of a delivery, the same when it is sent again; empty where it lacks what each one bears."""
        ...
