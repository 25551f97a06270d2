"""What Tresen needs of whatever reads orders from CSV files; integrations/order_csv does it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol
from zoneinfo import ZoneInfo

from db.orders import State
from portal.csv_findings import Finding
from portal.csv_mappings import CsvMapping, Layout
from portal.imported import ImportedOrder


@dataclass(frozen=True)
class Sheet:
    """`header_line` is the number of the line that the header ends on."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int


@dataclass(frozen=True, kw_only=True)
class Shop:
    """What a file does not say of itself. `states` are the merchant's words for WooCommerce's statuses of plugins."""

    zone: ZoneInfo
    locale: str = "de-DE"
    name: str = ""
    states: Mapping[str, State] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Read:
    """What came of some rows. `order` is None where a finding keeps it out; `source` only where the file names one."""

    external_id: str
    source: str
    order: ImportedOrder | None
    first_line: int
    last_line: int
    findings: tuple[Finding, ...]


class CsvReader(Protocol):
    """Everything here reads a file from its beginning, blocks, and holds no more of it than the rows of one order."""

    def sniffed(self, file: BinaryIO) -> Sheet:
        """Raises portal.csv_findings.Unreadable."""
        ...

    def samples(self, file: BinaryIO, sheet: Sheet, count: int) -> list[tuple[str, ...]]:
        """The first rows behind the header, as far as they can be read."""
        ...

    def recognised(self, header: Sequence[str]) -> CsvMapping | None:
        """The mapping of the known format that this header is of."""
        ...

    def begun(self, layout: Layout, header: Sequence[str]) -> CsvMapping:
        """What of that format this header has: a start for a merchant to go on from."""
        ...

    def orders(self, file: BinaryIO, sheet: Sheet, mapping: CsvMapping, shop: Shop) -> Iterator[Read]:
        """In the order of the file. Raises Unreadable, also in the middle: what was read before stays read."""
        ...

    def fields(self) -> Sequence[str]:
        """What a column may mean, in the order of the own format."""
        ...

    def template(self, language: str) -> bytes:
        """A file of the own format to fill in, with one order as an example. `language` is `de` or `en`."""
        ...
