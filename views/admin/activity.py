"""Notices, which the merchant must know, and the history of the whole shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from views.admin.frame import OfficePage
from views.admin.history_words import HistoryEntry


@dataclass(frozen=True, kw_only=True)
class ActivityRow:
    """`number` and `url` are those of the order it is about, empty where it is about none."""

    entry: HistoryEntry
    number: str
    url: str
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class ActivityPage(OfficePage):
    """`newest` is the last notice shown while there are unseen ones, else 0; `older` is an address or empty."""

    template: ClassVar = "admin/activity.html"

    only_notices: bool
    rows: tuple[ActivityRow, ...]
    newest: int
    older: str
