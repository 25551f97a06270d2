"""The numbers by which banks and tax offices know the seller: a mistyped one is refused before an invoice bears it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from portal import ibans, vat_ids
from portal.refusals import Fault

BIC = re.compile("[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?", re.ASCII)  # as ISO 9362 writes it
VAT_ID = {
    vat_ids.Wrong.COUNTRY: "It begins with the two letters of a country, such as DE.",
    vat_ids.Wrong.SHAPE: "Numbers of that country look otherwise; a German one is DE and nine digits.",
    vat_ids.Wrong.CHECK_DIGIT: "The check digit does not fit: one of the digits is mistyped.",
}


def faults(values: Mapping[str, object]) -> list[Fault]:
    """Of the seller's fields given by name: what no IBAN, BIC or VAT id can be. Empty ones are none, and allowed."""
    found = (check(text) for name, check in CHECKS.items() if isinstance(text := values.get(name), str) and text)
    return [fault for fault in found if fault]


def _iban(text: str) -> Fault | None:
    if ibans.is_one(text):
        return None
    if ibans.has_shape(text):
        return Fault("#/iban", "iban-check-digits", "The check digits do not fit: part of it is mistyped.")
    return Fault("#/iban", "iban-shape", "It is two letters, two digits, and 11 to 30 more; a German one has 22.")


def _bic(text: str) -> Fault | None:
    if BIC.fullmatch("".join(text.split()).upper()):
        return None
    return Fault("#/bic", "bic-shape", "It has 8 or 11 letters and digits, such as BYLADEM1001.")


def _vat_id(text: str) -> Fault | None:
    why = vat_ids.wrong(text)
    return Fault("#/vat_id", why.value, VAT_ID[why]) if why else None


CHECKS: Mapping[str, Callable[[str], Fault | None]] = {"iban": _iban, "bic": _bic, "vat_id": _vat_id}
