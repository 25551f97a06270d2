"""Einstellungen / API-Schlüssel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from db.keys import ApiKey
from portal.windows import local_day
from views.admin.frame import OfficePage
from views.sentences import Sentence, said

NAME_TAKEN = said("A key in force has this name already. Choose another one, or revoke that key first.")


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    id: int
    name: str
    since: date
    used_at: datetime | None

    @staticmethod
    def of(key: ApiKey, used_at: datetime | None, zone: ZoneInfo) -> KeyRow:
        """`used_at` as it was noted last, None if never."""
        return KeyRow(
            id=key.id,
            name=key.name,
            since=local_day(key.created_at, zone),
            used_at=used_at.astimezone(zone) if used_at else None,
        )


@dataclass(frozen=True)
class NewKey:
    """One that was just made, as long as it waits to be copied."""

    name: str
    key: str


@dataclass(frozen=True, kw_only=True)
class KeysPage(OfficePage):
    """`name` is what was typed for the next one."""

    template: ClassVar = "admin/keys.html"

    rows: tuple[KeyRow, ...]
    new_keys: tuple[NewKey, ...] = ()
    name: str = ""
    error: Sentence | None = None
