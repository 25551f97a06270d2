"""What the shop has sold, and how it is asked for it."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from litestar import Request
from litestar.datastructures import State
from litestar.exceptions import HTTPException

Told: TypeAlias = dict[str, object]
AnyRequest: TypeAlias = Request[object, object, State]
LISTENERS = Callable[[str, Told], None]


@dataclass
class Till:
    """Orders, products and refunds as the API tells them. `troubles` are answered first, each once.

    A trouble is a status with its Retry-After, empty where it has none. `listeners` hear of every change.
    """

    key: str
    secret: str
    orders: dict[int, Told] = field(default_factory=dict)
    products: dict[int, Told] = field(default_factory=dict)
    refunds: dict[int, list[Told]] = field(default_factory=dict)
    troubles: list[tuple[int, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    listeners: list[LISTENERS] = field(default_factory=list)
    may_write: bool = True

    def put(self, order: Told, at: datetime | None = None) -> Told:
        """Stores the order as changed now, or then, and tells whoever listens."""
        number = int(str(order["id"]))
        topic = "order.updated" if number in self.orders else "order.created"
        changed = (at or datetime.now(UTC)).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
        self.orders[number] = order | {"date_modified_gmt": changed}
        self._tell(topic, self.orders[number])
        return self.orders[number]

    def delete(self, number: int) -> None:
        """For good: a webhook then names the id alone."""
        del self.orders[number]
        self._tell("order.deleted", {"id": number})

    def let_in(self, request: AnyRequest) -> None:
        """Raises what WooCommerce answers to a stranger, and whatever trouble was ordered."""
        self.asked.append(f"{request.method} {request.url.path}?{request.url.query}")
        if self.troubles:
            status, after = self.troubles.pop(0)
            raise HTTPException(status_code=status, headers={"Retry-After": after} if after else {})
        pair = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            raise HTTPException(
                status_code=401, detail="woocommerce_rest_cannot_view", extra={"code": "woocommerce_rest_cannot_view"}
            )

    def _tell(self, topic: str, told: Told) -> None:
        for listener in self.listeners:
            listener(topic, told)
