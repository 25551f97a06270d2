"""Einstellungen / Speicher: where the files lie that are sold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from views.admin.frame import OfficePage
from views.sentences import Sentence, counted, said

NAME_TAKEN = said("Another storage has this name already.")
STILL_NEEDED = said("This storage holds files of articles or orders, so it stays.")


def unusable(default: str) -> Sentence:
    return said(
        "This folder cannot be used. It has to be there and to lie within what TRESEN_LOCAL_ROOTS allows;"
        " without that setting, within %(default)s.",
        default=default,
    )


@dataclass(frozen=True, kw_only=True)
class StorageRow:
    id: int
    name: str
    place: str
    checked: Sentence | None = None
    works: bool = True


@dataclass(frozen=True, kw_only=True)
class StoragesPage(OfficePage):
    """`name` and `root` are what was typed; `wrong` names the field that `error` belongs to."""

    template: ClassVar = "admin/storages.html"

    rows: tuple[StorageRow, ...]
    name: str
    root: str
    error: Sentence | None = None
    wrong: str = ""


def works(entries: int) -> Sentence:
    return counted("It answers: one entry lies there.", "It answers: %(count)s entries lie there.", entries)


def fails(detail: str) -> Sentence:
    return said("It does not answer: %(detail)s", detail=detail)
