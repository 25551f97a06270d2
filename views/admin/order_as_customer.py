"""The customer's page as the merchant sees it: the very same, but no button does anything."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import ClassVar

from portal.dossiers import Dossier
from views.admin.order import ORDERS
from views.customer.invoices import InvoiceSection
from views.customer.order import OrderPage


@dataclass(frozen=True, kw_only=True)
class SeenOrderPage(OrderPage):
    """`back` leads to the order behind the counter."""

    template: ClassVar = "admin/order_as_customer.html"

    back: str

    @staticmethod
    def seen(page: OrderPage, dossier: Dossier, now: datetime) -> SeenOrderPage:
        """Documents open behind the counter: opened by the link, they would count as the customer's."""
        place = f"{ORDERS}/{dossier.order.id}"
        shown = {field.name: getattr(page, field.name) for field in fields(page)}
        documents = {"invoice": InvoiceSection.of(dossier, now, place)}
        return SeenOrderPage(**(shown | documents), back=f"{place}/overview")
