"""Whether a text can be a VAT identification number. Nobody is asked: whether it is in force, only VIES could tell.

The shapes are those of the European Commission's VIES, with Northern Ireland, and those
of Switzerland, Norway and Great Britain, whose shops sell here too.
"""

from __future__ import annotations

import re
from enum import StrEnum

BRITISH = "[0-9]{9}|[0-9]{12}|(GD|HA)[0-9]{3}"
SHAPES = {
    "AT": "U[0-9]{8}",
    "BE": "[01][0-9]{9}",
    "BG": "[0-9]{9,10}",
    "CH": "E[0-9]{9}(MWST|TVA|IVA)?",
    "CY": "[0-9]{8}[A-Z]",
    "CZ": "[0-9]{8,10}",
    "DE": "[0-9]{9}",
    "DK": "[0-9]{8}",
    "EE": "[0-9]{9}",
    "EL": "[0-9]{9}",
    "ES": "[A-Z0-9][0-9]{7}[A-Z0-9]",
    "FI": "[0-9]{8}",
    "FR": "[A-Z0-9]{2}[0-9]{9}",
    "GB": BRITISH,
    "HR": "[0-9]{11}",
    "HU": "[0-9]{8}",
    "IE": "[0-9][A-Z0-9+*][0-9]{5}[A-Z]{1,2}",
    "IT": "[0-9]{11}",
    "LT": "[0-9]{9}|[0-9]{12}",
    "LU": "[0-9]{8}",
    "LV": "[0-9]{11}",
    "MT": "[0-9]{8}",
    "NL": "[A-Z0-9+*]{12}",
    "NO": "[0-9]{9}(MVA)?",
    "PL": "[0-9]{10}",
    "PT": "[0-9]{9}",
    "RO": "[0-9]{2,10}",
    "SE": "[0-9]{12}",
    "SI": "[0-9]{8}",
    "SK": "[0-9]{10}",
    "XI": BRITISH,
}


class Wrong(StrEnum):
    """Code and cause: no country begins so, that country's look otherwise, a digit was mistyped."""

    COUNTRY = "vat-id-country"
    SHAPE = "vat-id-shape"
    CHECK_DIGIT = "vat-id-check-digit"


def compact(text: str) -> str:
    """As documents bear it: blanks, dots, hyphens and small letters are people's way to write it."""
    return re.sub(r"[\s.-]", "", text).upper()


def wrong(text: str) -> Wrong | None:
    number = compact(text)
    country, rest = number[:2], number[2:]
    if country not in SHAPES:
        return Wrong.COUNTRY
    if not re.fullmatch(SHAPES[country], rest, re.ASCII):
        return Wrong.SHAPE
    return Wrong.CHECK_DIGIT if country == "DE" and not _fits(rest) else None


def _fits(digits: str) -> bool:
    """Whether the last digit of a German one checks the others, by ISO/IEC 7064, MOD 11,10."""
    product = 10
    for digit in digits[:-1]:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[-1])
