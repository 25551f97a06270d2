"""What an order entitles to: computed at request time from lines, links, settings and downloads, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_DOWN, Decimal
from zoneinfo import ZoneInfo

from portal.orders import OrderFacts
from portal.windows import last_day, local_day


@dataclass(frozen=True, kw_only=True)
class FileRules:
    """What the merchant allows. None means without limit."""

    enabled: bool
    limit_per_file: int | None
    limit_times_quantity: bool
    window_days: int | None
    zone: ZoneInfo


@dataclass(frozen=True, kw_only=True)
class FileFacts:
    """A linked file as last seen. `size` in bytes; `linked_at` is the first time it was linked with a bought article."""

    id: int
    name: str
    title: str
    size: int
    linked_at: datetime
    missing: bool = False
    unstampable: bool = False


@dataclass(frozen=True, kw_only=True)
class BoughtLine:
    """A line that brings the file: quantities are decimal numbers."""

    quantity: Decimal
    refunded_quantity: Decimal = Decimal(0)

    @property
    def is_refunded(self) -> bool:
        return 0 < self.quantity <= self.refunded_quantity


@dataclass(frozen=True, kw_only=True)
class Entitlement:
    """One file that an order entitles to, with everything that decides about its next download."""

    order: OrderFacts
    file: FileFacts
    rules: FileRules
    lines: tuple[BoughtLine, ...]
    skus: frozenset[str] = frozenset()
    allowance: int = 0
    spent: int = 0
    last_spent_at: datetime | None = None
    waiver_missing: bool = False

    @property
    def is_refunded(self) -> bool:
        return all(line.is_refunded for line in self.lines)

    @property
    def limit(self) -> int | None:
        """How many downloads there are in all; None without limit."""
        if self.rules.limit_per_file is None:
            return None
        return self.rules.limit_per_file * self._times + self.allowance

    @property
    def downloads_left(self) -> int | None:
        return None if self.limit is None else max(0, self.limit - self.spent)

    @property
    def until(self) -> date | None:
        """The last day; None without limit, and while the window has not begun."""
        paid = self.order.became_paid_at
        if paid is None:
            return None
        start = max(local_day(paid, self.rules.zone), local_day(self.file.linked_at, self.rules.zone))
        return last_day(start, self.rules.window_days)

    @property
    def _times(self) -> int:
        if not self.rules.limit_times_quantity:
            return 1
        bought = sum((line.quantity for line in self.lines if not line.is_refunded), Decimal(0))
        return max(1, int(bought.to_integral_value(ROUND_DOWN)))
