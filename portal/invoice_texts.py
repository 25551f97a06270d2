"""Why a document shows no tax: the merchant's words for people, a code for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import Literal, TypedDict

from db.orders import TaxCategory, VatMode
from db.settings import InvoiceTextSettings
from portal.refusals import Fault
from portal.texts import plain

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
NAMES = {f"{name}_{language}" for name, _ in (*OF_CATEGORY.values(), *OF_MODE.values()) for language in ("de", "en")}
UNSEEN = ("Cc", "Cs", "Zl", "Zp")  # the categories of Unicode that end a line or mean nothing on paper


class Why(TypedDict):
    reason: str
    reason_code: str


def reason(category: TaxCategory, mode: VatMode, texts: InvoiceTextSettings, language: Language) -> Why:
    """Empty for taxed amounts and for the rate of zero, which must not give a reason (EN 16931, BR-S-10, BR-Z-10).

    A blank from before blanks were refused is worded by the default: the law wants words beside the code.
    """
    if category in (TaxCategory.STANDARD, TaxCategory.ZERO):
        return Why(reason="", reason_code="")
    name, code = OF_CATEGORY[category]
    if category is TaxCategory.EXEMPT and mode in OF_MODE:
        name, code = OF_MODE[mode]
    field = f"{name}_{language}"
    return Why(reason=plain(getattr(texts, field)) or getattr(defaults(), field), reason_code=code)


def faults(news: Mapping[str, object]) -> list[Fault]:
    """Of settings by name, the texts among them that could not be read on paper (§ 14 (4) no. 8 UStG wants that)."""
    found = []
    for name in sorted(NAMES & news.keys()):
        text = news[name]
        if any(unicodedata.category(sign) in UNSEEN for sign in str(text)):
            found.append(Fault(f"#/{name}", "control-character", "A text is one line without control characters."))
        elif not plain(str(text)):
            found.append(Fault(f"#/{name}", "blank", "A document without tax has to say why."))
    return found


def open_amount(language: Language, *, is_collected: bool) -> str:
    """What is to be said where something is due and no day was told until when (EN 16931, BR-CO-25)."""
    if is_collected:
        return {"de": "Zahlbar bei der Zustellung.", "en": "Payable on delivery."}[language]
    return {"de": "Der offene Betrag ist noch zu zahlen.", "en": "The amount due is still to be paid."}[language]


def defaults() -> InvoiceTextSettings:
    """What the law wants to be read, in its own words where it gives some; whoever knows better writes better ones."""
    return InvoiceTextSettings(
        small_business_de="Für diese Leistung gilt die Steuerbefreiung für Kleinunternehmer.",
        small_business_en="The VAT exemption for small businesses applies to this supply.",
        exempt_de="Diese Leistung ist umsatzsteuerfrei.",
        exempt_en="This supply is exempt from VAT.",
        reverse_charge_de="Steuerschuldnerschaft des Leistungsempfängers",
        reverse_charge_en="Reverse charge",
        intra_eu_de="Steuerfreie innergemeinschaftliche Lieferung",
        intra_eu_en="VAT-exempt intra-Community supply",
        export_de="Steuerfreie Ausfuhrlieferung",
        export_en="VAT-exempt export supply",
        margin_de="Gebrauchtgegenstände/Sonderregelung",
        margin_en="Margin scheme – Second-hand goods",
        outside_scope_de="Diese Leistung ist nicht steuerbar.",
        outside_scope_en="This supply is outside the scope of VAT.",
    )
