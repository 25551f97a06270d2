"""Billbee: what its REST API says of an order."""

from __future__ import annotations

from integrations.billbee.answers import BillbeeRefused, Page, order, page, single
from integrations.billbee.orders import Account, external_id, to_order
from integrations.billbee.shapes import Order

__all__ = ["Account", "BillbeeRefused", "Order", "Page", "external_id", "order", "page", "single", "to_order"]
