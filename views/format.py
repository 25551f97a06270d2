"""Money, dates, sizes and numbers, as people of one locale write them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from babel import Locale
from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from pdfkit.codes import COUNTRIES

NO_BREAK = "\u00a0"
KINDS_OF_SPACE = str.maketrans({" ": NO_BREAK, "\u202f": NO_BREAK})
SIZES = (("GB", 10**9), ("MB", 10**6), ("KB", 10**3))


@dataclass(frozen=True)
class Money:
    """`amount` in minor units of the ISO 4217 `currency`."""

    amount: int
    currency: str


WHOLE = r"(?P<whole>[0-9]{{1,12}}|[0-9]{{1,3}}(?P<group>[{group} ])[0-9]{{3}}((?P=group)[0-9]{{3}})*)"
SIGNS = {"en": (",", ".")}  # what groups thousands, and what stands before the minor units
GERMAN = (".", ",")


def amount_typed(text: str, currency: str, language: str = "de") -> int | None:
    """`24,90` or `1.234,56` in German, `24.90` or `1,234.56` in English → minor units; None for what is no amount.

    The other language's sign before one or two digits can mean nothing else, and is read, too.
    """
    digits = get_currency_precision(currency)
    group, point = SIGNS.get(language, GERMAN)
    points = "[.,]" if digits <= 2 else f"[{point}]"
    rest = f"({points}(?P<rest>[0-9]{{1,{digits}}}))?" if digits else "(?P<rest>)"
    found = re.fullmatch(WHOLE.format(group=group) + rest, text.strip().replace(NO_BREAK, " "), re.ASCII)
    if not found:
        return None
    return int(re.sub("[., ]", "", found["whole"]) + (found["rest"] or "").ljust(digits, "0"))


def amount_to_type(amount: int, currency: str, language: str = "de") -> str:
    """How an amount stands in a field; empty for nothing."""
    digits = get_currency_precision(currency)
    if amount <= 0:
        return ""
    whole, rest = divmod(amount, 10**digits)
    return f"{whole}{SIGNS.get(language, GERMAN)[1]}{rest:0{digits}d}" if digits else str(whole)


@dataclass(frozen=True)
class Percent:
    """A rate in basis points: 1900 is 19 %."""

    basis_points: int


@dataclass(frozen=True)
class Reference:
    """A number that is no number: of an order, of an invoice. People read it out and type it, so it stays whole."""

    text: str

    @property
    def fits(self) -> bool:
        """Whether it can stay on one line of a small phone."""
        return len(self.text) <= 20


class Formats:
    """How one locale writes values. Nothing that belongs together breaks across lines."""

    def __init__(self, locale: Locale) -> None:
        self.locale = locale

    def money(self, money: Money) -> str:
        """`64,80 €`. The number of digits is the currency's own, whatever the locale is used to."""
        exponent = get_currency_precision(money.currency)
        amount = Decimal(money.amount).scaleb(-exponent)
        text = format_currency(amount, money.currency, locale=self.locale, currency_digits=True)
        return text.translate(KINDS_OF_SPACE)

    def plain_amount(self, money: Money) -> str:
        """`1234,56`: as a banking app takes it, without a currency and without anything that groups."""
        return amount_to_type(money.amount, money.currency, self.locale.language)

    def day(self, day: date) -> str:
        """`25.10.2026`."""
        return format_date(day, "medium", locale=self.locale).translate(KINDS_OF_SPACE)

    def long_day(self, day: date) -> str:
        """`25. Oktober 2026`."""
        return format_date(day, "long", locale=self.locale)

    def moment(self, at: datetime) -> str:
        """`26.10.2026, 08:52` of a time in the zone of whoever reads it."""
        return f"{self.day(at)}, {format_time(at, 'short', locale=self.locale)}".translate(KINDS_OF_SPACE)

    def size(self, size: int) -> str:
        """`8,4 MB` of a number of bytes; exact enough to know what one is in for."""
        for unit, factor in SIZES:
            if size >= factor:
                value = round(Decimal(size) / factor, 1 if size < 100 * factor and unit != "KB" else 0)
                return f"{format_decimal(value, locale=self.locale)}{NO_BREAK}{unit}"
        return f"{size}{NO_BREAK}B"

    def percent(self, rate: Percent) -> str:
        """`19 %`."""
        share = Decimal(rate.basis_points) / 10_000
        return format_percent(share, locale=self.locale, decimal_quantization=False).translate(KINDS_OF_SPACE)

    def number(self, number: Decimal | int) -> str:
        """`1,5` of a quantity; zeros that say nothing are left out."""
        return format_decimal(number, "#,##0.####", locale=self.locale).translate(KINDS_OF_SPACE)

    def countries(self) -> list[tuple[str, str]]:
        """Codes that an invoice may name, with their names, as one looks them up."""
        named = [(code, self.locale.territories[code]) for code in COUNTRIES if code in self.locale.territories]
        return sorted(named, key=lambda each: unicodedata.normalize("NFD", each[1]).casefold())

    def typed(self, value: object) -> str:
        """How a stored value stands in a field to be edited: nothing is grouped, and a German sees a comma."""
        match value:
            case None | bool():
                return ""
            case float():
                text = repr(value).removesuffix(".0")
                return text.replace(".", ",") if self.locale.language == "de" else text
            case _:
                return str(value)

    def value(self, value: object) -> str:
        """Whatever a sentence holds."""
        match value:
            case Money():
                return self.money(value)
            case Percent():
                return self.percent(value)
            case datetime():
                return self.moment(value)
            case date():
                return self.day(value)
            case int() | Decimal():
                return self.number(value)
            case _:
                return str(value)
