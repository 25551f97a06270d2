"""Amounts as PayPal writes them: `"119.00"`, and without decimals in a few currencies."""

from __future__ import annotations

import re
from decimal import Decimal

from portal.payment_choices import WITHOUT_DECIMALS, minor_digits

VALUE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,3})?", re.ASCII)


def written(amount: int, currency: str) -> dict[str, object]:
    """Minor units → PayPal's money."""
    value = Decimal(amount).scaleb(-minor_digits(currency))
    text = f"{value:.0f}" if currency in WITHOUT_DECIMALS else f"{value:.2f}"
    return {"currency_code": currency, "value": text}


def minor_units(value: str, currency: str) -> int:
    """PayPal's value → minor units. Raises ValueError for what is no amount of that currency."""
    if not VALUE.fullmatch(value):
        raise ValueError(f"{value!r} is no amount")
    amount = Decimal(value).scaleb(minor_digits(currency))
    if amount != amount.to_integral_value():
        raise ValueError(f"{value} {currency} has a fraction of a minor unit")
    return int(amount)
