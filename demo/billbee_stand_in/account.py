"""A merchant's account: its orders, and who may ask for them how often."""

from __future__ import annotations

import base64
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo

from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import HTTPException

Told: TypeAlias = dict[str, object]
AnyRequest: TypeAlias = Request[object, object, State]
USERNAME, PASSWORD = "jana@naehwerk.example", "demo-Garn-und-Nadel"
API_KEY = "DEMO0123-4567-89AB-CDEF-0123456789AB"
A_PAGE = "page"
A_SECOND = 2  # calls of one endpoint
ZONE = ZoneInfo("Europe/Berlin")


@dataclass
class Account:
    """`troubles` are answered first, each once: a status with its Retry-After, or 200 with an error code.

    The code `page` stands for an answer that is no envelope.
    """

    orders: dict[int, Told] = field(default_factory=dict)
    patchable: list[str] = field(default_factory=lambda: ["PayedAt", "PaymentMethod", "SellerComment"])
    troubles: list[tuple[int, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    events: list[tuple[int, str]] = field(default_factory=list)
    hooks: dict[str, Told] = field(default_factory=dict)
    is_limited: bool = True
    calls: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def put(self, order: Told, at: datetime | None = None) -> Told:
        """Stores the order as changed now, or then, on the merchant's clock."""
        changed = (at or datetime.now(ZONE)).astimezone(ZONE).replace(tzinfo=None).isoformat(timespec="milliseconds")
        self.orders[int(str(order["BillBeeOrderId"]))] = order | {"LastModifiedAt": changed}
        return self.orders[int(str(order["BillBeeOrderId"]))]

    def let_in(self, request: AnyRequest, endpoint: str) -> None:
        """Raises what Billbee answers to strangers and to the impatient, and whatever trouble was ordered."""
        self.asked.append(f"{request.method} {request.url.path}?{request.url.query}")
        pair = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
        is_known = request.headers.get("authorization") == f"Basic {pair}"
        if not is_known or request.headers.get("x-billbee-api-key") != API_KEY:
            raise HTTPException(status_code=401)
        if self.troubles and self.troubles[0][0] != 200:
            status, after = self.troubles.pop(0)
            raise HTTPException(status_code=status, headers={"Retry-After": after} if after else {})
        if self.troubles and self.troubles[0][1] == A_PAGE:
            self.troubles.pop(0)
            raise HTTPException(status_code=200, detail="We are back in a few minutes.")
        lately, now = self.calls[endpoint], time.monotonic()
        while lately and lately[0] <= now - 1:
            lately.popleft()
        if self.is_limited and len(lately) >= A_SECOND:
            raise HTTPException(status_code=429, headers={"Retry-After": "1"})
        lately.append(now)

    def error(self) -> tuple[int, str] | None:
        """An error code that is to be told with HTTP 200."""
        if not self.troubles:
            return None
        _, code = self.troubles.pop(0)
        return int(code), "Told to fail."
