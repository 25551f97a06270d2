"""Einstellungen / Datenschutz: how long things are kept, and whom one may be asked to forget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from db.erasures import Erasure
from portal.retention import Night
from portal.retention_clocks import Clock
from views.admin.frame import OfficePage
from views.admin.privacy_words import CLOCKS, counted
from views.form import Form
from views.sentences import Sentence

PATH = "/admin/settings/privacy"
Counts = tuple[tuple[Sentence, int], ...]


@dataclass(frozen=True, kw_only=True)
class NightRow:
    on: date
    removed: Counts
    is_over: bool


@dataclass(frozen=True, kw_only=True)
class ErasureRow:
    url: str
    number: int
    asked_at: datetime
    is_over: bool


@dataclass(frozen=True, kw_only=True)
class RetentionPage(OfficePage):
    """`foretold` is what tonight would remove, None where nobody asked for it."""

    template: ClassVar = "admin/retention.html"

    form: Form
    foretold: Counts | None
    nights: tuple[NightRow, ...]
    erasures: tuple[ErasureRow, ...]


def foretold_of(counts: Mapping[Clock, int]) -> Counts:
    return counted({clock.value: count for clock, count in counts.items()}, CLOCKS)


def nights_of(nights: Sequence[Night]) -> tuple[NightRow, ...]:
    return tuple(
        NightRow(on=night.on, removed=counted(night.removed, CLOCKS), is_over=night.is_over) for night in nights
    )


def erasures_of(rows: Sequence[Erasure], zone: ZoneInfo) -> tuple[ErasureRow, ...]:
    return tuple(
        ErasureRow(
            url=f"{PATH}/erasures/{row.id}",
            number=row.id,
            asked_at=row.asked_at.astimezone(zone),
            is_over=row.ended_at is not None,
        )
        for row in rows
    )
