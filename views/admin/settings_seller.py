"""Einstellungen / Verkäufer: whom customers see, and what holds for the whole shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from portal.number_series import Outlooks
from views.admin.frame import OfficePage
from views.form import Form


@dataclass(frozen=True, kw_only=True)
class SellerPage(OfficePage):
    """`fixed_zone` is the time zone that the environment sets, empty where it can be set here."""

    template: ClassVar = "admin/settings_seller.html"

    form: Form
    numbers: Outlooks
    fixed_zone: str
