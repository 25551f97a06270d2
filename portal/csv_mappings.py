"""Which column of a CSV file means what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import msgspec


class Layout(StrEnum):
    """How the rows of an order belong together, and what their amounts mean."""

    OWN = "own"
    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"


@dataclass(frozen=True, kw_only=True)
class CsvMapping:
    """Field → the header's name for it, and what the file leaves open. Plain values alone, so that it can be stored.

    `decimal_sign` is `,`, `.` or empty: then each number has to be clear by itself. `dates` is `dmy`, `mdy` or empty,
    likewise for dates with slashes. `constants` are values of fields that the file has no column for.
    """

    name: str
    layout: Layout = Layout.OWN
    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    decimal_sign: str = ""
    dates: str = ""


# What an order of the own layout cannot do without: one of each.
NEEDED = (("order_id",), ("order_date",), ("currency",), ("title", "sku"), ("line_gross", "unit_gross"), ("tax_rate",))
CONSTANTS = ("currency", "tax_rate", "platform", "shop", "language")
DECIMAL_SIGNS = ("", ",", ".")
DATES = ("", "dmy", "mdy")
LONGEST_CONSTANT = 100


def lacking(mapping: CsvMapping) -> Iterator[tuple[str, ...]]:
    """What a merchant still has to say before orders can be read; each may be met by any of its fields.

    The other layouts are known only by having what they need.
    """
    if mapping.layout is Layout.OWN:
        for names in NEEDED:
            if not any(name in mapping.columns or mapping.constants.get(name) for name in names):
                yield names


def settled(mapping: CsvMapping, decimal_sign: str, dates: str) -> CsvMapping:
    """With answers to what the file leaves open; an empty one changes nothing."""
    return replace(mapping, decimal_sign=decimal_sign or mapping.decimal_sign, dates=dates or mapping.dates)


def told(mapping: CsvMapping) -> dict[str, object]:
    """As it is stored."""
    found: dict[str, object] = msgspec.to_builtins(mapping)
    return found


def of(stored: Mapping[str, object]) -> CsvMapping:
    return msgspec.convert(stored, CsvMapping)


def fits(mapping: CsvMapping, header: list[str]) -> bool:
    """Whether a file with that header has every column that the mapping names."""
    return set(mapping.columns.values()) <= set(header)
