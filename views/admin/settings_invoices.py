"""Einstellungen / Kundenportal / Rechnungen: what customers may have, and what creating invoices still lacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from db.settings import SellerSettings
from portal import settings
from views.admin.frame import OfficePage
from views.admin.labels import SELLER
from views.form import Form
from views.sentences import Sentence, said


@dataclass(frozen=True, kw_only=True)
class InvoicesPage(OfficePage):
    """`lacks` is empty once invoices can be created."""

    template: ClassVar = "admin/settings_invoices.html"

    form: Form
    lacks: tuple[Sentence, ...]


def lacks(seller: SellerSettings) -> tuple[Sentence, ...]:
    """What is missing, by the names of the fields."""
    names = {"vat_id": said("VAT identification number or tax number")}
    return tuple(names.get(name, SELLER[name].text) for name in settings.missing_seller_fields(seller))
