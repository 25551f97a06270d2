"""Einstellungen / Kundenportal / Rechnungen: what customers may have, and what creating invoices still lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from db.settings import SellerSettings
from portal import settings
from portal.invoice_to_do import ToDo
from portal.number_series import Outlooks
from views.admin.frame import OfficePage
from views.admin.invoice_words import Obstacle
from views.admin.labels import SELLER
from views.admin.order import ORDERS
from views.form import Form
from views.format import Reference
from views.sentences import Sentence, said


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An order whose invoice could not be made, with where it stands and what to do."""

    order: Reference
    url: str
    obstacle: Obstacle

    @staticmethod
    def of(to_do: ToDo) -> Refusal:
        return Refusal(
            order=Reference(to_do.order_number),
            url=f"{ORDERS}/{to_do.order_id}/numbers-layouts",
            obstacle=Obstacle.of(to_do.refusal, to_do.detail),
        )


@dataclass(frozen=True, kw_only=True)
class InvoicesPage(OfficePage):
    """`lacks` is empty once invoices can be created; `refusals` are those that wait for the merchant."""

    template: ClassVar = "admin/settings_invoices.html"

    form: Form
    lacks: tuple[Sentence, ...]
    numbers: Outlooks
    refusals: tuple[Refusal, ...]


def lacks(seller: SellerSettings) -> tuple[Sentence, ...]:
    """What is missing, by the names of the fields."""
    names = {"vat_id": said("VAT identification number or tax number")}
    return tuple(names.get(name, SELLER[name].text) for name in settings.missing_seller_fields(seller))
