"""Amounts, quantities, rates and days as a document writes them, in German and in English."""

from datetime import date
from decimal import Decimal
from typing import Literal

Language = Literal["de", "en"]

# ISO 4217: how many digits the minor unit of a currency has, where it is not two. EN 16931 knows two at most.
DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
    **dict.fromkeys("CLF UYW".split(), 4),
}
MINUS = "\N{MINUS SIGN}"
_SPACE = "\N{NO-BREAK SPACE}"
_MONTHS = "January February March April May June July August September October November December".split()


def amount_of(amount: int, currency: str) -> str:
    """An amount in minor units as XML writes it: 2490 of EUR is 24.90."""
    return f"{_major(amount, currency):f}"


def money(amount: int, currency: str, language: Language) -> str:
    """`1.284,50 €` or `€1,284.50`; currencies without a sign of their own by their code."""
    digits = _marked(f"{abs(_major(amount, currency)):,f}", language)
    minus = MINUS if amount < 0 else ""
    if currency != "EUR":
        return f"{minus}{digits}{_SPACE}{currency}"
    return f"{minus}{digits}{_SPACE}€" if language == "de" else f"{minus}€{digits}"


def price(amount: Decimal, currency: str, language: Language) -> str:
    """A price in major units with as many digits as it needs, at least those of the currency, at most four."""
    wanted = DIGITS.get(currency, 2)
    rounded = round(amount, 4)
    places = max(wanted, -int(rounded.normalize().as_tuple().exponent))
    return _marked(f"{rounded:,.{places}f}", language)


def quantity(number: Decimal, language: Language) -> str:
    """`1.000` or `2,5`, without zeros that say nothing."""
    whole = number.quantize(Decimal(1))
    plain = whole if whole == number else number.normalize()
    return _marked(f"{plain:,f}", language).replace("-", MINUS)


def rate(basis_points: int, language: Language) -> str:
    """`19 %` or `25,5 %`."""
    digits = quantity(Decimal(basis_points) / 100, language)
    return f"{digits}{_SPACE}%" if language == "de" else f"{digits}%"


def day(on: date, language: Language) -> str:
    """`25.10.2026` or `25 October 2026`."""
    return f"{on:%d.%m.%Y}" if language == "de" else f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


def _major(amount: int, currency: str) -> Decimal:
    return Decimal(amount).scaleb(-DIGITS.get(currency, 2))


def _marked(english: str, language: Language) -> str:
    return english if language == "en" else english.translate(str.maketrans(",.", ".,"))
