"""Einstellungen / Sicherung: when the shop is saved by itself, and every time that it was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from db.backups import BackupRun, BackupState
from views.admin.backup_words import STATES, cause
from views.admin.frame import OfficePage
from views.admin.labels import BACKUPS
from views.form import Label
from views.sentences import Sentence, said

KEPT_WRONG = said("Please enter a whole number from 1 to 365.")


@dataclass(frozen=True, kw_only=True)
class Place:
    value: str
    name: str


@dataclass(frozen=True, kw_only=True)
class BackupRow:
    """`at` is a time on the merchant's clock; `is_gone`: newer ones have taken its place."""

    at: datetime
    state: Sentence
    tone: str
    name: str
    size: int
    place: str
    is_gone: bool
    why: Sentence | None
    detail: str

    @staticmethod
    def of(run: BackupRun, zone: ZoneInfo) -> BackupRow:
        words, tone = STATES[run.state]
        return BackupRow(
            at=run.begun_at.astimezone(zone),
            state=words,
            tone=tone,
            name=run.name,
            size=run.size,
            place=run.place,
            is_gone=run.removed_at is not None,
            why=cause(run.error) if run.state is BackupState.FAILED else None,
            detail=run.detail,
        )


@dataclass(frozen=True, kw_only=True)
class BackupsPage(OfficePage):
    """`values` are texts by field, as stored or as typed; `wrong` names the fields that cannot be so."""

    template: ClassVar = "admin/backups.html"
    values: Mapping[str, str]
    wrong: tuple[str, ...]
    places: tuple[Place, ...]
    folder: str
    keys_inside: bool
    rows: tuple[BackupRow, ...]
    is_running: bool
    labels: Mapping[str, Label] = field(default_factory=lambda: BACKUPS)
    kept_error: Sentence = KEPT_WRONG
