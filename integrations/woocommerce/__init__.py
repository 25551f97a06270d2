"""WooCommerce: what its REST API and its webhooks say of an order."""

from __future__ import annotations

from integrations.tolerant import parsed, shaped
from integrations.woocommerce.orders import Details, Shop, external_id, to_order
from integrations.woocommerce.shapes import Order, Product, Refund

__all__ = ["Details", "Order", "Product", "Refund", "Shop", "external_id", "read", "to_order"]


def read(body: bytes) -> Order:
    """The order in the body of a webhook or of one answer. Raises NotUnderstood."""
    return shaped(parsed(body), Order)
