"""Billbee's envelope: what is in it, or why nothing is."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.billbee.shapes import Envelope, Order
from integrations.tolerant import NotUnderstood, parsed, shaped


class BillbeeRefused(Exception):
    """Billbee answered that it will not, which it may do with HTTP 200. `code` is one of its own numbers."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(f"Billbee answered with error {code}: {why}")
        self.code = code
        self.why = why


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page of a list. Each order is still as it came, so that one nobody understands does not hide the others."""

    orders: tuple[object, ...]
    number: int
    last: int
    rows: int


def page(body: bytes) -> Page:
    """Raises BillbeeRefused, NotUnderstood."""
    envelope = _opened(body)
    orders = envelope.data
    if not isinstance(orders, list):
        raise NotUnderstood("$.Data", "Expected a list of orders.")
    paging = envelope.paging
    return Page(orders=tuple(orders), number=paging.page, last=paging.total_pages, rows=paging.total_rows)


def single(body: bytes) -> Order:
    """The order of an answer about one. Raises BillbeeRefused, NotUnderstood."""
    return order(_opened(body).data)


def names(body: bytes) -> frozenset[str]:
    """A list of names. Raises BillbeeRefused, NotUnderstood."""
    told = _opened(body).data
    return frozenset(str(each) for each in told) if isinstance(told, list) else frozenset()


def taken(body: bytes) -> None:
    """That it was done. Raises BillbeeRefused, NotUnderstood."""
    _opened(body)


def refusal(body: bytes) -> BillbeeRefused | None:
    """Why Billbee itself refuses; None where that is not told, or by somebody else."""
    try:
        taken(body)
    except BillbeeRefused as error:
        return error
    except NotUnderstood:
        pass
    return None


def order(told: object) -> Order:
    """One order of a page. Raises NotUnderstood."""
    return shaped(told, Order)


def _opened(body: bytes) -> Envelope:
    envelope = shaped(parsed(body), Envelope)
    if envelope.error_code:
        raise BillbeeRefused(envelope.error_code, envelope.error_message or envelope.error_description)
    return envelope
