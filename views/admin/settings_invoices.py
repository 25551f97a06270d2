"""Einstellungen / Kundenportal / Rechnungen: what customers may have, and what creating invoices still lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from db.settings import SellerSettings
from portal import settings
from portal.invoice_notices import REFUSED, ToDo
from views.admin import history_words
from views.admin.frame import OfficePage
from views.admin.labels import SELLER
from views.admin.order import ORDERS
from views.form import Form
from views.sentences import Sentence, said


@dataclass(frozen=True)
class Refused:
    """An order whose invoice could not be made."""

    number: str
    url: str
    why: Sentence

    @staticmethod
    def of(each: ToDo) -> Refused:
        url = f"{ORDERS}/{each.order_id}/numbers-layouts"
        return Refused(each.number, url, history_words.SENTENCES[REFUSED](each.details))


@dataclass(frozen=True, kw_only=True)
class InvoicesPage(OfficePage):
    """`lacks` is empty once invoices can be created; `next_number` and `next_credit_note` are what comes next."""

    template: ClassVar = "admin/settings_invoices.html"

    form: Form
    lacks: tuple[Sentence, ...]
    next_number: str
    next_credit_note: str
    to_do: tuple[Refused, ...]


def lacks(seller: SellerSettings) -> tuple[Sentence, ...]:
    """What is missing, by the names of the fields."""
    names = {"vat_id": said("VAT identification number or tax number")}
    return tuple(names.get(name, SELLER[name].text) for name in settings.missing_seller_fields(seller))
