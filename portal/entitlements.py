"""What an order entitles to: computed at request time from lines, links, settings and downloads, never stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
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
    """A linked file as last seen. `size` in bytes; `linked_at`: the first time it was linked with a bought article."""

    id: int
    name: str
    title: str
    size: int
    linked_at: datetime
    missing: bool = False
    unstampable: bool = False


@dataclass(frozen=True, kw_only=True)
class FileWaiver:
    """A file that waits for consent, for its confirmation, or for the end of the time to withdraw.

    `confirmed_on` is the day from which the file was to be had by consent; on `unlocks_on` it is without.
    """

    unlocks_on: date
    is_given: bool = False
    confirmed_on: date | None = None


@dataclass(frozen=True, kw_only=True)
class BoughtLine:
    """A line that brings the file: quantities are decimal numbers, `quantity` is more than nothing."""

    quantity: Decimal
    refunded_quantity: Decimal = Decimal(0)

    @property
    def is_refunded(self) -> bool:
        return self.quantity <= self.refunded_quantity

    @property
    def kept(self) -> Decimal:
        """What is left of it after refunds."""
        return max(Decimal(0), self.quantity - self.refunded_quantity)


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
    waiver: FileWaiver | None = None

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

    def until(self, now: datetime) -> date | None:
        """The last day; None without limit, and while the window has not begun.

        Who does not consent has the whole window from the day the file unlocks, and so has who consents too late for
        the first one: nobody gives up a right for a file that is not to be had.
        """
        paid = self.order.became_paid_at
        if paid is None:
            return None
        start = max(local_day(paid, self.rules.zone), local_day(self.file.linked_at, self.rules.zone))
        first = last_day(start, self.rules.window_days)
        if first is None or self.waiver is None or self._in_first_window(first, self.waiver, now):
            return first
        return last_day(max(start, self.waiver.unlocks_on), self.rules.window_days)

    def _in_first_window(self, first: date, waiver: FileWaiver, now: datetime) -> bool:
        if waiver.confirmed_on is not None:
            return waiver.confirmed_on <= first
        return local_day(now, self.rules.zone) <= min(first, waiver.unlocks_on - timedelta(days=1))

    def waits_for_consent(self, now: datetime) -> bool:
        return self._is_locked(now) and self.waiver is not None and not self.waiver.is_given

    def waits_for_confirmation(self, now: datetime) -> bool:
        return self._is_locked(now) and self.waiver is not None and self.waiver.is_given

    def _is_locked(self, now: datetime) -> bool:
        if self.waiver is None or self.waiver.confirmed_on is not None:
            return False
        return local_day(now, self.rules.zone) < self.waiver.unlocks_on

    @property
    def _times(self) -> int:
        if not self.rules.limit_times_quantity:
            return 1
        kept = sum((line.kept for line in self.lines), Decimal(0))
        return max(1, int(kept.to_integral_value(ROUND_DOWN)))
