"""Decimal amounts, quantities and rates of other systems, as the canonical order writes them."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import cache

from babel.numbers import get_currency_precision, list_currencies

from integrations.tolerant import NotUnderstood
from portal.imported import AMOUNT_LIMIT

HALF_A_CENT = Decimal("0.005")
NO_RATE = "0.00"


def currency_code(told: str, where: str) -> str:
    """Raises NotUnderstood for what is no ISO 4217 code: without it, nobody knows what an amount counts."""
    code = told.strip().upper()
    if not is_currency(code):
        raise NotUnderstood(where, f"{told[:20]!r} is no ISO 4217 currency.")
    return code


def is_currency(code: str) -> bool:
    return code in _currencies()


def minor_units(value: Decimal, currency: str) -> int:
    """`24.90` EUR → 2490, `500` JPY → 500, `1.234` KWD → 1234; half a unit is rounded away from zero."""
    return int(_rounded(value.scaleb(get_currency_precision(currency)), Decimal(1)))


def price_of_one(gross: int, quantity: Decimal) -> int | None:
    """None where it is no whole number of minor units."""
    if not quantity:
        return None
    price = Fraction(gross) / Fraction(quantity)
    return int(price) if price.denominator == 1 and abs(price) <= AMOUNT_LIMIT else None


def rate_text(percent: Decimal) -> str:
    """`Decimal("19")` → `"19.00"`; two decimals are what a rate has in the canonical order."""
    return f"{_rounded(percent, Decimal('0.01')):f}"


def quantity_text(value: Decimal) -> str:
    """`Decimal("1.50")` → `"1.5"`, with six decimals at most."""
    short = _rounded(value, Decimal("0.000001")).normalize()
    return f"{short if short else Decimal(0):f}"


def implied_rate(net: Decimal, tax: Decimal, unsure: Decimal = HALF_A_CENT) -> Decimal:
    """The percentage that a net amount and its tax speak of, where no rate is told.

    Both may be off by `unsure`, as they were rounded; of the rates that explain them it is the one with the fewest
    decimals, because rates are set by people. 0 where there is nothing to tell it from.
    """
    net, tax = abs(net), abs(tax)
    if not tax or net <= unsure:
        return Decimal(0)
    likely = tax / net * 100
    lowest, highest = (tax - unsure) / (net + unsure) * 100, (tax + unsure) / (net - unsure) * 100
    for step in (Decimal(1), Decimal("0.5"), Decimal("0.1")):
        rate = (likely / step).quantize(Decimal(1), ROUND_HALF_UP) * step
        if lowest <= rate <= highest:
            return rate
    return likely


@cache
def _currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def _rounded(value: Decimal, step: Decimal) -> Decimal:
    """Raises NotUnderstood for what has more digits than a Decimal calculates with: no order is worth that."""
    try:
        return value.quantize(step, ROUND_HALF_UP)
    except InvalidOperation as error:
        raise NotUnderstood("$", f"{value:.6e} is no number of an order's size.") from error
