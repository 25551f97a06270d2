"""The services that orders come from, as far as this shop can reach them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from db.sources import RunOutcome, Source, SourceKind
from portal import source_options
from portal.fetching import Access, Caller, Connector, Reporter, SourceUnavailable
from portal.refusals import Fault, Invalid
from portal.sealed_options import OptionsRefused
from portal.vault import Unreadable, Vault
from portal.webhook_registrations import is_reachable

SECRETS_LOST = "The stored secrets cannot be read with this shop's keys; enter them anew."


@dataclass(frozen=True)
class Connectors:
    """Who can be asked, who calls and who is told, by kind, and what opens the secrets. app.py hands in those kinds.

    `base_url` is where they call us.
    """

    by_kind: Mapping[SourceKind, Connector]
    vault: Vault
    callers: Mapping[SourceKind, Caller] = field(default_factory=dict)
    reporters: Mapping[SourceKind, Reporter] = field(default_factory=dict)
    base_url: str = ""

    def check(self, kind: SourceKind, options: Mapping[str, str]) -> None:
        """Raises Invalid with a pointer to every faulty option; secrets are readable here."""
        if faults := tuple(source_options.of(kind).faults(options)):
            raise Invalid(*faults)
        try:
            if connector := self.by_kind.get(kind):
                connector.refuse(options)
        except OptionsRefused as error:
            raise Invalid(Fault(f"#/options/{error.option}", "unusable", str(error))) from error

    def opened(self, row: Source, zone: ZoneInfo) -> tuple[Connector, Access]:
        """Raises SourceUnavailable where nobody can be asked."""
        connector = self.by_kind.get(row.kind)
        if connector is None or not source_options.is_fetched(row):
            raise SourceUnavailable("There is nobody to ask, or no key to ask with.", RunOutcome.INCOMPLETE)
        return connector, self.access(row, zone)

    def access(self, row: Source, zone: ZoneInfo) -> Access:
        """Raises SourceUnavailable."""
        try:
            options = source_options.of(row.kind).opened(row.options, self.vault)
        except Unreadable as error:
            raise SourceUnavailable(SECRETS_LOST, RunOutcome.INCOMPLETE) from error
        return Access(name=row.name, options=options, zone=zone)

    def calls(self, row: Source) -> bool:
        """Whether that kind of service calls, and can be asked to."""
        return row.kind in self.callers and source_options.is_fetched(row)

    def can_be_called_by(self, row: Source) -> bool:
        """Whether that service reaches us, too: from outside, or from this very machine."""
        if not row.active or not self.calls(row):
            return False
        return is_reachable(self.base_url, from_here=self.callers[row.kind].is_here(source_options.shown(row)))

    def hook(self, row: Source) -> str:
        """The address that it is asked to call."""
        return f"{self.base_url}/hooks/{row.kind.value}/{row.name}"
