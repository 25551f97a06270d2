"""Einstellungen / Verkäufer: whom customers see, and what holds for the whole shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from views.admin.frame import OfficePage
from views.form import Form


@dataclass(frozen=True, kw_only=True)
class SellerPage(OfficePage):
    """`fixed_zone` is the time zone that the environment sets, empty where it can be set here."""

    template: ClassVar = "admin/settings_seller.html"

    form: Form
    fixed_zone: str
