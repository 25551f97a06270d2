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


@dataclass(frozen=True, kw_only=True)
class KeysPage(OfficePage):
    """`new_key` is the one that was just made, as long as it waits to be copied."""

    template: ClassVar = "admin/keys.html"

    rows: tuple[KeyRow, ...]
    new_key: str = ""
    error: Sentence | None = None
