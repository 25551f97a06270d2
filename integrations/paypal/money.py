"""Amounts as PayPal writes them: `"119.00"`, and without decimals in a few currencies."""

from __future__ import annotations

import re
from decimal import Decimal

# https://developer.paypal.com/api/rest/reference/currency-codes/
WITHOUT_DECIMALS = frozenset({"HUF", "JPY", "TWD"})
CURRENCIES = WITHOUT_DECIMALS | frozenset(
    "AUD BRL CAD CNY CZK DKK EUR HKD ILS MYR MXN NZD NOK PHP PLN GBP SGD SEK CHF THB USD".split()
)
MINOR_DIGITS = {"JPY": 0}  # ISO 4217; 2 for all the others
VALUE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,3})?", re.ASCII)


def takes(amount: int, currency: str) -> bool:
    """Whether PayPal can be asked for that amount of minor units."""
    if currency not in CURRENCIES or amount <= 0:
        return False
    value = Decimal(amount).scaleb(-_digits(currency))
    return currency not in WITHOUT_DECIMALS or value == value.to_integral_value()


def written(amount: int, currency: str) -> dict[str, object]:
    """Minor units → PayPal's money."""
    value = Decimal(amount).scaleb(-_digits(currency))
    text = f"{value:.0f}" if currency in WITHOUT_DECIMALS else f"{value:.2f}"
    return {"currency_code": currency, "value": text}


def minor_units(value: str, currency: str) -> int:
    """PayPal's value → minor units. Raises ValueError for what is no amount of that currency."""
    if not VALUE.fullmatch(value):
        raise ValueError(f"{value!r} is no amount")
    amount = Decimal(value).scaleb(_digits(currency))
    if amount != amount.to_integral_value():
        raise ValueError(f"{value} {currency} has a fraction of a minor unit")
    return int(amount)


def _digits(currency: str) -> int:
    return MINOR_DIGITS.get(currency, 2)
