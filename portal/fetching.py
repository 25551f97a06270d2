"""What Tresen needs of a service that orders are fetched from; integrations/ has one package for each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeAlias
from zoneinfo import ZoneInfo

from db.sources import RunOutcome
from portal.imported import ImportedOrder

OVERLAP = timedelta(minutes=10)  # is asked for again each time: clocks differ, and transactions end late


class SourceUnavailable(Exception):
    """The service does not answer, or not in a way that helps. `outcome` says which way it was.

    `final`: it understood what was asked of it, and will never do it.
    """

    def __init__(self, detail: str, outcome: RunOutcome = RunOutcome.UNEXPECTED, *, final: bool = False) -> None:
        super().__init__(detail)
        self.outcome = outcome
        self.final = final


@dataclass(frozen=True, kw_only=True)
class Access:
    """How a source's service is reached: `options` with their secrets readable, `zone` that its merchant is in."""

    name: str
    options: Mapping[str, str] = field(repr=False)
    zone: ZoneInfo


@dataclass(frozen=True)
class Fetched:
    """One order as it was understood; `order` is None for what nobody has ordered, such as a draft.

    `asked_at`: it was true then, as its service was asked for it. None for what a delivery itself tells.
    """

    external_id: str
    order: ImportedOrder | None
    asked_at: datetime | None = None


@dataclass(frozen=True)
class Unreadable:
    """One order that nobody understands: `place` is a path in what came."""

    external_id: str
    place: str
    why: str


@dataclass(frozen=True)
class Batch:
    """Some orders; `changed_at` is the newest change among them by the service's own clock."""

    orders: Sequence[Fetched | Unreadable]
    changed_at: datetime | None


class Connector(Protocol):
    def refuse(self, options: Mapping[str, str]) -> None:
        """Raises portal.sealed_options.OptionsRefused for options that cannot work. Asks nobody."""
        ...

    async def count(self, access: Access) -> int:
        """Asks for real, and tells how many orders are there to be read. Raises SourceUnavailable."""
        ...

    def changed(self, access: Access, since: datetime | None) -> AsyncIterator[Batch]:
        """What has changed since then by the service's own clock, everything where that is None.

        Raises SourceUnavailable; what was yielded before is good.
        """
        ...


@dataclass(frozen=True)
class Hint:
    """Something has changed there; a run finds out what."""


@dataclass(frozen=True)
class Gone:
    """The service has no such order (any more)."""

    external_id: str


Spoken: TypeAlias = Fetched | Unreadable | Gone | Hint | None


class Caller(Protocol):
    """A service that calls us when something has changed."""

    def is_ping(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether it only tries if somebody is there; nothing of it is kept."""
        ...

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str) -> bool: ...

    def name_of(self, headers: Mapping[str, str], body: bytes) -> str:
        """The delivery's own id."""
        ...

    def kept(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers that are needed later on."""
        ...

    def asks(self, access: Access) -> bool:
        """Whether `spoken_of` asks for the order; otherwise it is told as the delivery has it, however old that is."""
        ...

    async def spoken_of(self, access: Access, headers: Mapping[str, str], body: bytes) -> Spoken:
        """The order that a delivery is about, as it is now where it can be asked for, else as the delivery tells it.

        None where it is about something else. Raises SourceUnavailable.
        """
        ...

    def is_here(self, options: Mapping[str, str]) -> bool:
        """Whether the service listens on this very machine, and so can call it at any address."""
        ...

    async def register(self, access: Access, url: str, secret: str) -> None:
        """Asks to be called at that address from now on. Asking twice is asking once. Raises SourceUnavailable."""
        ...


@dataclass(frozen=True, kw_only=True)
class PaymentReport:
    """Money came in here. `provider` is how, such as `paypal`; `is_whole`: with it nothing is open any more."""

    provider: str
    at: datetime
    is_whole: bool


@dataclass(frozen=True, kw_only=True)
class InvoiceReport:
    """An invoice of that number was issued here."""

    number: str


class Reporter(Protocol):
    """A service that is told what happened here with an order of its own."""

    async def report(self, access: Access, external_id: str, report: PaymentReport | InvoiceReport) -> None:
        """Reporting twice is reporting once. Raises SourceUnavailable."""
        ...
