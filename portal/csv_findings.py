"""What is wrong with a CSV file, line by line. The codes are worded where they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LONGEST_VALUE = 80


class Code(StrEnum):
    # of a whole file
    EMPTY = "empty"
    SPREADSHEET = "spreadsheet"
    NOT_TEXT = "not-text"
    NO_HEADER = "no-header"
    COLUMN_MISSING = "column-missing"
    TOO_MANY_COLUMNS = "too-many-columns"
    LINE_TOO_LONG = "line-too-long"
    QUOTE_NOT_CLOSED = "quote-not-closed"
    QUOTE_IN_CELL = "quote-in-cell"
    # of a row
    MISSING = "missing"
    TOO_MANY_CELLS = "too-many-cells"
    TOO_MANY_LINES = "too-many-lines"
    ORDER_SCATTERED = "order-scattered"
    DIFFERS_FROM_FIRST_ROW = "differs-from-first-row"
    NO_LINE = "no-line"
    DRAFT = "draft"
    # of a cell
    UNDECODABLE = "undecodable"
    AMBIGUOUS_NUMBER = "ambiguous-number"
    NOT_A_NUMBER = "not-a-number"
    TOO_MANY_DECIMALS = "too-many-decimals"
    AMBIGUOUS_DATE = "ambiguous-date"
    NOT_A_DATE = "not-a-date"
    RATE_IS_A_FRACTION = "rate-is-a-fraction"
    UNKNOWN_WORD = "unknown-word"
    UNKNOWN_CURRENCY = "unknown-currency"
    NOT_UNDERSTOOD = "not-understood"
    # of an order that was understood, and is not taken
    NOT_TAKEN = "not-taken"
    # of an order that is taken all the same
    SUM_MISMATCH = "sum-mismatch"
    UNKNOWN_COUNTRY = "unknown-country"
    ROW_REPEATED = "row-repeated"


TAKEN_ALL_THE_SAME = frozenset({Code.SUM_MISMATCH, Code.UNKNOWN_COUNTRY, Code.ROW_REPEATED})


@dataclass(frozen=True)
class Finding:
    """`line` counts those of the file from 1, the header's too. `column` is the header's own name for it, or empty."""

    line: int
    column: str
    code: Code
    value: str = ""

    @property
    def keeps_out(self) -> bool:
        """Whether the order is not taken because of it."""
        return self.code not in TAKEN_ALL_THE_SAME


class Unreadable(Exception):
    """The file as a whole, or from this line on, is none that orders can be read from."""

    def __init__(self, code: Code, line: int = 1, detail: str = "") -> None:
        super().__init__(f"line {line}: {code.value} {detail}".strip())
        self.finding = Finding(line, "", code, detail[:LONGEST_VALUE])
