"""The rows of one order, with everything that was found wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision

from integrations.amounts import minor_units
from integrations.order_csv import cells
from integrations.order_csv.cells import Misread
from portal.csv_findings import LONGEST_VALUE, Code, Finding
from portal.csv_mappings import CsvMapping

Value = TypeVar("Value")


@dataclass
class Group:
    """`rows` is never empty once the group is read. Reading a cell notes what is wrong with it and gives None."""

    key: str
    mapping: CsvMapping
    zone: ZoneInfo
    rows: list[Record] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def first(self) -> Record:
        return self.rows[0]

    @property
    def is_kept_out(self) -> bool:
        return any(finding.keeps_out for finding in self.findings)

    def note(self, line: int, name: str, code: Code, value: str = "") -> None:
        found = Finding(line, self.mapping.columns.get(name, name), code, value[:LONGEST_VALUE])
        if found not in self.findings and not (code is Code.MISSING and self._has_told_of(found)):
            self.findings.append(found)


    def _has_told_of(self, found: Finding) -> bool:
        """What could not be read is not empty, too."""
        return any((each.line, each.column) == (found.line, found.column) for each in self.findings)


@dataclass(frozen=True)
class Record:
    """One row; `cells` by the names of fields. A cell that is empty is read as None or an empty text."""

    line: int
    cells: Mapping[str, str]
    group: Group

    def text(self, name: str) -> str:
        return self._read(name, self._cell(name), lambda cell: cell) or ""

    def amount(self, name: str) -> Decimal | None:
        return self._read(name, self._cell(name), partial(cells.number, decimal_sign=self.group.mapping.decimal_sign))

    def money(self, name: str, currency: str) -> int | None:
        """In minor units. What has a fraction of one was meant otherwise, and is noted."""
        amount = self.amount(name)
        if amount is None:
            return None
        if amount % Decimal(1).scaleb(-get_currency_precision(currency)):
            self.note(name, Code.TOO_MANY_DECIMALS)
        return minor_units(amount, currency)

    def moment(self, name: str) -> datetime | None:
        reading = partial(cells.moment, zone=self.group.zone, order=self.group.mapping.dates)
        return self._read(name, self._cell(name), reading)

    def truth(self, name: str) -> bool | None:
        return self._read(name, self._cell(name), cells.truth)

    def country(self, name: str) -> str:
        return self._read(name, self._cell(name), cells.country) or ""

    def word(self, name: str, known: Mapping[str, Value]) -> Value | None:
        """One of these words, whatever its capitals; `known` has them small."""
        cell = self.text(name).casefold()
        if cell and cell not in known:
            self.note(name, Code.UNKNOWN_WORD)
        return known.get(cell)

    def note(self, name: str, code: Code) -> None:
        self.group.note(self.line, name, code, self._cell(name))

    def _cell(self, name: str) -> str:
        return self.cells.get(name, "").strip() or self.group.mapping.constants.get(name, "")

    def _read(self, name: str, cell: str, reading: Callable[[str], Value]) -> Value | None:
        if not cell:
            return None
        try:
            return reading(cells.text(cell))
        except Misread as misread:
            self.note(name, misread.code)
            return None
