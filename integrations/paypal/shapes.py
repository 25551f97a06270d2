"""As much of PayPal's answers as is read here; whatever else they hold is left alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from msgspec import Struct

from db.payments import PaymentStatus
from integrations.paypal import money
from portal.paying import Capture, ProviderTrouble, Refund

Shape = TypeVar("Shape", bound=Struct)


class Money(Struct, frozen=True):
    currency_code: str
    value: str


class Link(Struct, frozen=True):
    href: str
    rel: str = ""


class StatusDetails(Struct, frozen=True):
    reason: str = ""


class ToldCapture(Struct, frozen=True):
    id: str
    status: str
    amount: Money
    create_time: datetime | None = None
    update_time: datetime | None = None
    status_details: StatusDetails = StatusDetails()


class ToldRefund(Struct, frozen=True):
    id: str
    status: str
    amount: Money | None = None
    create_time: datetime | None = None
    custom_id: str = ""


class Payments(Struct, frozen=True):
    captures: tuple[ToldCapture, ...] = ()
    refunds: tuple[ToldRefund, ...] = ()


class Unit(Struct, frozen=True):
    payments: Payments = Payments()


class Order(Struct, frozen=True):
    id: str
    status: str = ""
    links: tuple[Link, ...] = ()
    purchase_units: tuple[Unit, ...] = ()
    payment_source: dict[str, object] = {}

    def link(self, *rels: str) -> str:
        """The first address of the first of these relations that there is; else empty."""
        return next((link.href for rel in rels for link in self.links if link.rel == rel), "")


class Detail(Struct, frozen=True):
    issue: str = ""
    description: str = ""
    field: str = ""


class Problem(Struct, frozen=True):
    """How PayPal says no."""

    name: str = ""
    message: str = ""
    debug_id: str = ""
    details: tuple[Detail, ...] = ()

    @property
    def issue(self) -> str:
        return next((detail.issue for detail in self.details if detail.issue), self.name)


CAPTURE_STATUSES = {
    "COMPLETED": PaymentStatus.COMPLETED,
    "PARTIALLY_REFUNDED": PaymentStatus.COMPLETED,
    "REFUNDED": PaymentStatus.COMPLETED,
    "PENDING": PaymentStatus.PENDING,
    "DECLINED": PaymentStatus.FAILED,
    "FAILED": PaymentStatus.FAILED,
}
REFUND_STATUSES = {
    "COMPLETED": PaymentStatus.COMPLETED,
    "PENDING": PaymentStatus.PENDING,
    "FAILED": PaymentStatus.FAILED,
    "CANCELLED": PaymentStatus.FAILED,
}


def shaped(told: Mapping[str, object], shape: type[Shape]) -> Shape:
    """Raises ProviderTrouble: an answer that PayPal would not give says nothing about what happened."""
    try:
        return msgspec.convert(told, shape)
    except msgspec.ValidationError as error:
        raise ProviderTrouble(f"PayPal answered in an unknown shape: {error}.") from error


def capture_of(order: Order) -> Capture | None:
    """The one capture of an order; None while there is none. The newest one, should there ever be more."""
    payments = [unit.payments for unit in order.purchase_units]
    captures = [capture for each in payments for capture in each.captures]
    if not captures:
        return None
    told = captures[-1]
    refunds = tuple(refund_of(refund) for each in payments for refund in each.refunds)
    return Capture(
        id=told.id,
        status=_status(told, refunds),
        amount=_amount(told.amount),
        currency=told.amount.currency_code,
        at=told.create_time or told.update_time or datetime.now(UTC),
        reason=told.status_details.reason,
        funding=next(iter(order.payment_source), ""),
        refunds=refunds,
        taken_back=_taken_back(told, refunds),
    )


def _status(told: ToldCapture, refunds: tuple[Refund, ...]) -> PaymentStatus:
    if _taken_back(told, refunds):
        return PaymentStatus.REVERSED
    try:
        return CAPTURE_STATUSES[told.status]
    except KeyError as error:
        raise ProviderTrouble(f"PayPal tells of a capture with the unknown status {told.status[:40]}.") from error


def _taken_back(told: ToldCapture, refunds: tuple[Refund, ...]) -> int:
    """What of a capture that went back no refund accounts for: PayPal has no word of its own for a reversal here."""
    if told.status != "REFUNDED":
        return 0
    back = sum(refund.amount for refund in refunds if refund.status is not PaymentStatus.FAILED)
    return max(0, _amount(told.amount) - back)


def refund_of(told: ToldRefund) -> Refund:
    if told.amount is None or told.status not in REFUND_STATUSES:
        raise ProviderTrouble("PayPal tells of a refund without an amount or with an unknown status.")
    return Refund(
        id=told.id,
        status=REFUND_STATUSES[told.status],
        amount=_amount(told.amount),
        currency=told.amount.currency_code,
        at=told.create_time or datetime.now(UTC),
        mark=told.custom_id,
    )


def _amount(told: Money) -> int:
    try:
        return money.minor_units(told.value, told.currency_code)
    except ValueError as error:
        raise ProviderTrouble(f"PayPal tells of an amount that is none: {error}.") from error
