"""What the stand-in remembers: apps, tokens, orders, captures, refunds, webhooks, and every request with its answer."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

MOST_EXCHANGES = 1000
Json = dict[str, object]


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request and its answer as they went over the line; `operation` such as `capture`."""

    operation: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    answer: bytes


@dataclass(kw_only=True)
class ToldOrder:
    """`status` as PayPal says it; `capture` and `refunds` as they stand in answers."""

    id: str
    created_at: str
    wanted: Json
    status: str = "PAYER_ACTION_REQUIRED"
    capture: Json | None = None
    refunds: list[Json] = field(default_factory=list)

    @property
    def unit(self) -> Json:
        units = self.wanted["purchase_units"]
        assert isinstance(units, list)  # noqa: S101 (what was accepted has one)
        unit: Json = units[0]
        return unit

    @property
    def context(self) -> Json:
        source: Json = self.wanted["payment_source"]  # type: ignore[assignment]
        return source["paypal"]["experience_context"]  # type: ignore[index, no-any-return]


@dataclass(kw_only=True)
class Ledger:
    """`capture_as` is what the next captures come out as: COMPLETED, PENDING, DECLINED, or an issue such as
    INSTRUMENT_DECLINED that refuses them. `captured_value` replaces the amount, to see who compares. `refund_as` is
    what the next refunds come out as: COMPLETED, PENDING, FAILED or CANCELLED."""

    apps: Mapping[str, str]
    origin: str = ""
    tokens: set[str] = field(default_factory=set)
    orders: dict[str, ToldOrder] = field(default_factory=dict)
    answers: dict[tuple[str, str], tuple[int, Json]] = field(default_factory=dict)
    webhooks: dict[str, str] = field(default_factory=dict)
    events: dict[str, list[str]] = field(default_factory=dict)
    exchanges: deque[Exchange] = field(default_factory=lambda: deque(maxlen=MOST_EXCHANGES))
    capture_as: str = "COMPLETED"
    captured_value: str = ""
    refund_as: str = "COMPLETED"
    calls_webhooks: bool = True

    def by_capture(self, capture: str) -> ToldOrder | None:
        return next((each for each in self.orders.values() if each.capture and each.capture["id"] == capture), None)

    def asked(self, operation: str) -> list[Exchange]:
        return [each for each in self.exchanges if each.operation == operation]


def new_id() -> str:
    """Seventeen signs, as PayPal's ids have."""
    return "".join(secrets.choice("ABCDEFGHJKLMNPRSTUVWXY0123456789") for _ in range(17))


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
