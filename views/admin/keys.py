"""Einstellungen / API-Schlüssel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from views.admin.frame import OfficePage
from views.sentences import Sentence


@dataclass(frozen=True, kw_only=True)
class KeyRow:
    id: int
    name: str
    since: date


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
