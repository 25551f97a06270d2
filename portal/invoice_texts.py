"""Why a document shows no tax: the merchant's words for people, a code for programs."""

from __future__ import annotations

from typing import Literal, TypedDict

from db.orders import TaxCategory, VatMode
from db.settings import InvoiceTextSettings

Language = Literal["de", "en"]

# Codes of the list VATEX (CEF), where the list has one for the case.
OF_CATEGORY = {
    TaxCategory.EXEMPT: ("exempt", ""),
    TaxCategory.REVERSE_CHARGE: ("reverse_charge", "VATEX-EU-AE"),
    TaxCategory.INTRA_EU: ("intra_eu", "VATEX-EU-IC"),
    TaxCategory.EXPORT: ("export", "VATEX-EU-G"),
    TaxCategory.OUTSIDE_SCOPE: ("outside_scope", "VATEX-EU-O"),
}
OF_MODE = {VatMode.SMALL_BUSINESS: ("small_business", ""), VatMode.MARGIN: ("margin", "VATEX-EU-F")}


class Why(TypedDict):
    reason: str
    reason_code: str


def reason(category: TaxCategory, mode: VatMode, texts: InvoiceTextSettings, language: Language) -> Why:
    """Empty for taxed amounts and for the rate of zero, which must not give a reason (EN 16931, BR-S-10, BR-Z-10)."""
    if category in (TaxCategory.STANDARD, TaxCategory.ZERO):
        return Why(reason="", reason_code="")
    name, code = OF_CATEGORY[category]
    if category is TaxCategory.EXEMPT and mode in OF_MODE:
        name, code = OF_MODE[mode]
    return Why(reason=getattr(texts, f"{name}_{language}"), reason_code=code)
