"""Whether a customer must give up the right of withdrawal before a digital line is delivered."""

from __future__ import annotations

from db.orders import BuyerKind
from portal.orders import OrderFacts


def is_asked_for(order: OrderFacts, *, required: bool) -> bool:
    """Businesses have no such right, and nobody is asked for what was free."""
    return required and order.buyer_kind is BuyerKind.CONSUMER and order.total > 0
