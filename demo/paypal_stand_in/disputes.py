"""Money that whoever paid takes back, in whole or in part, and that the shop may win back."""

from __future__ import annotations

from decimal import Decimal

from demo.paypal_stand_in.hooks import Hooks
from demo.paypal_stand_in.ledger import Json, Ledger, ToldOrder, new_id, now


def take_back(order: ToldOrder, ledger: Ledger, hooks: Hooks, value: Decimal | None = None) -> Json:
    """All that is left, or only `value`; what PayPal would tell of it. No refund stands for it among the order's."""
    assert order.capture is not None  # noqa: S101 (asked by all callers)
    order.capture["status"] = "REFUNDED" if value is None else "PARTIALLY_REFUNDED"
    if value is None:
        hooks.about_capture(order)
        return order.capture
    currency = order.unit["amount"]["currency_code"]  # type: ignore[index]
    told: Json = {
        "id": new_id(),
        "status": "COMPLETED",
        "amount": {"currency_code": currency, "value": f"{value:.2f}"},
        "custom_id": order.unit["custom_id"],
        "create_time": now(),
        "links": [
            {"href": f"{ledger.origin}/v2/payments/captures/{order.capture['id']}", "rel": "up", "method": "GET"},
        ],
    }
    hooks.about_reversal(told)
    return told


def give_again(order: ToldOrder, hooks: Hooks) -> None:
    """The shop has won."""
    assert order.capture is not None  # noqa: S101 (asked by all callers)
    order.capture["status"] = "COMPLETED"
    hooks.about_capture(order)
