"""Einstellungen / Quellen: where orders come from, how each fares, and what could not be worked on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from db.sources import Source, SourceFault, SourceKind, SourceRun
from db.webhooks import SourceWebhook
from portal import source_options
from portal.sealed_options import Option
from portal.webhook_inbox import SetAside
from views.admin.csv_imports import FileRow
from views.admin.frame import OfficePage
from views.admin.labels import SOURCE
from views.admin.source_words import KINDS, RunRow, Told, title
from views.form import Form
from views.sentences import Sentence, said

MADE_BY_HAND = (SourceKind.BILLBEE, SourceKind.WOOCOMMERCE, SourceKind.CSV, SourceKind.API)


@dataclass(frozen=True, kw_only=True)
class SourceRow:
    """One line of the list; `last` is None where nobody has asked yet, or orders are brought."""

    id: int
    name: str
    kind: Sentence
    active: bool
    last: RunRow | None

    @staticmethod
    def of(row: Source, run: SourceRun | None, zone: ZoneInfo) -> SourceRow:
        last = RunRow.of(run, zone) if run else None
        return SourceRow(id=row.id, name=row.name, kind=title(row.kind), active=row.active, last=last)


@dataclass(frozen=True, kw_only=True)
class DeliveryRow:
    """What was set aside: who sent it when, and why it could not be worked on."""

    id: int
    sender: str
    at: datetime
    error: str

    @staticmethod
    def of(row: SetAside, zone: ZoneInfo) -> DeliveryRow:
        return DeliveryRow(id=row.id, sender=row.sender, at=row.received_at.astimezone(zone), error=row.error)


@dataclass(frozen=True, kw_only=True)
class SourcesPage(OfficePage):
    template: ClassVar = "admin/settings_sources.html"

    rows: tuple[SourceRow, ...]
    doubles: tuple[Sentence, ...]
    kinds: tuple[tuple[str, Sentence], ...]
    deliveries: tuple[DeliveryRow, ...]


@dataclass(frozen=True, kw_only=True)
class NewField:
    name: str
    label: Sentence
    hint: Sentence | None
    is_secret: bool
    is_needed: bool
    value: str
    error: Sentence | None


@dataclass(frozen=True, kw_only=True)
class NewSourcePage(OfficePage):
    template: ClassVar = "admin/settings_source_new.html"

    action: str
    kind: Sentence
    fields: tuple[NewField, ...]


@dataclass(frozen=True, kw_only=True)
class FaultRow:
    external_id: str
    place: str
    why: str

    @staticmethod
    def of(row: SourceFault) -> FaultRow:
        return FaultRow(external_id=row.external_id, place=row.place, why=row.why)


@dataclass(frozen=True, kw_only=True)
class WebhookLine:
    """`url` is where the shop calls, empty as long as it does not; `trouble` is what came of asking it to."""

    url: str
    registered_on: date | None
    can_register: bool
    trouble: str

    @staticmethod
    def of(row: SourceWebhook | None, zone: ZoneInfo, *, can_register: bool, trouble: str) -> WebhookLine:
        day = row.registered_at.astimezone(zone).date() if row else None
        return WebhookLine(url=row.url if row else "", registered_on=day, can_register=can_register, trouble=trouble)


@dataclass(frozen=True, kw_only=True)
class SourcePage(OfficePage):
    """`secrets` names those that are set; `webhook` is None where the source calls nobody."""

    template: ClassVar = "admin/settings_source.html"

    path: str
    name: str
    kind: str
    kind_words: Sentence
    form: Form
    secrets: tuple[str, ...]
    is_fetched: bool
    is_running: bool
    doubles: tuple[Sentence, ...]
    runs: tuple[RunRow, ...]
    faults: tuple[FaultRow, ...]
    imports: tuple[FileRow, ...]
    deliveries: tuple[DeliveryRow, ...]
    check: Told | None
    webhook: WebhookLine | None
    removal_error: Sentence | None


def double(name: str, other: str) -> Sentence:
    """Two sources that bring the same orders."""
    return said(
        "%(one)s and %(other)s bring the same orders. "
        "Buyers may get links and invoices twice: switch one of the two off.",
        one=name,
        other=other,
    )


def kinds() -> tuple[tuple[str, Sentence], ...]:
    return tuple((kind.value, KINDS[kind]) for kind in MADE_BY_HAND)


def new_fields(kind: SourceKind, typed: Mapping[str, str], errors: Mapping[str, Sentence]) -> tuple[NewField, ...]:
    """The name, and what the kind needs; of secrets nothing is kept on the page."""
    options = [
        (option.name, option.is_secret, option.is_needed)
        for option in source_options.OPTIONS[kind]
        if _is_typed(kind, option)
    ]
    return tuple(
        NewField(
            name=name,
            label=SOURCE[name].text,
            hint=SOURCE[name].hint,
            is_secret=is_secret,
            is_needed=is_needed,
            value="" if is_secret else typed.get(name, ""),
            error=errors.get(name),
        )
        for name, is_secret, is_needed in [("name", False, True), *options]
    )


def _is_typed(kind: SourceKind, option: Option) -> bool:
    """Billbee's secret is made up, as it is told to Billbee by us alone."""
    return not (kind is SourceKind.BILLBEE and option.name == source_options.WEBHOOK_SECRET)


def fault_rows(rows: Iterable[SourceFault]) -> tuple[FaultRow, ...]:
    return tuple(FaultRow.of(row) for row in rows)
