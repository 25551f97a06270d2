"""The customer's page as the merchant sees it: the very same, but no button does anything."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from views.customer.order import OrderPage


@dataclass(frozen=True, kw_only=True)
class SeenOrderPage(OrderPage):
    """`back` leads to the order behind the counter."""

    template: ClassVar = "admin/order_as_customer.html"

    back: str

    @staticmethod
    def seen(page: OrderPage, back: str) -> SeenOrderPage:
        return SeenOrderPage(**{field.name: getattr(page, field.name) for field in fields(page)}, back=back)
