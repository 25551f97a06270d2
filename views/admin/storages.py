"""Einstellungen / Speicher: where the files lie that are sold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from db.storages import Storage, StorageKind
from views.admin.frame import OfficePage
from views.admin.storage_words import KINDS, Checked
from views.sentences import Sentence, said

NAME_TAKEN = said("Another storage has this name already.")
STILL_NEEDED = said("This storage holds files that are linked with articles, so it stays. Unlink them first.")

TAKES_BACKUPS = said("Backups go to this storage. Choose another place for them first, under Backup.")


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
    kind: Sentence
    place: str
    checked: Checked | None = None

    @staticmethod
    def of(row: Storage, checked: Checked | None = None) -> StorageRow:
        return StorageRow(id=row.id, name=row.name, kind=KINDS[row.kind], place=_place(row), checked=checked)


@dataclass(frozen=True, kw_only=True)
class StoragesPage(OfficePage):
    """`name` and `root` are what was typed; `wrong` names the field that `error` belongs to."""

    template: ClassVar = "admin/storages.html"

    rows: tuple[StorageRow, ...]
    kinds: tuple[tuple[str, Sentence], ...]
    name: str
    root: str
    error: Sentence | None = None
    wrong: str = ""


def elsewhere() -> tuple[tuple[str, Sentence], ...]:
    """The kinds that have a page of their own to be connected."""
    return tuple((kind.value, words) for kind, words in KINDS.items() if kind is not StorageKind.LOCAL)


def _place(row: Storage) -> str:
    """Where it is, as far as that is no secret."""
    names = ("endpoint", "bucket", "prefix", "root")
    return " / ".join(row.options[name] for name in names if row.options.get(name))
