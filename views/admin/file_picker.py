"""Walking through the storages to pick a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from db.storages import Storage
from portal.storages import Entry
from views.admin.frame import NavLink, OfficePage
from views.sentences import Sentence, plain, said

NOT_TO_BE_HAD = said("The storage holds no such file any more. Nothing was changed.")
NO_FOLDER = said("There is no such folder any more; here is the topmost one.")
KNOWN_ALREADY = said(
    "This file is linked as one of its own already, so it cannot take the place of another. Nothing was changed."
)


def unreachable(detail: str) -> Sentence:
    return said("The storage does not answer: %(detail)s", detail=detail)


@dataclass(frozen=True)
class Place:
    """A folder of a storage; `instead_of` is the file to be replaced, 0 where one is added."""

    storage: int
    path: str = ""
    instead_of: int = 0

    def address(self, article_path: str, path: str, storage: int = 0) -> str:
        asked = {"storage": storage or self.storage, "path": path, "file": self.instead_of}
        return f"{article_path}/picker?{urlencode({name: value for name, value in asked.items() if value})}"


@dataclass(frozen=True, kw_only=True)
class PickerPage(OfficePage):
    """`replaced` is the name of the file whose place is taken, empty where one is added.

    `linked` are the paths in this storage that the article has already.
    """

    template: ClassVar = "admin/file_picker.html"

    sku: str
    article_path: str
    replaced: str
    storages: tuple[NavLink, ...]
    crumbs: tuple[tuple[str, str], ...]
    folders: tuple[tuple[str, str], ...]
    files: tuple[Entry, ...]
    linked: frozenset[str]
    storage: int
    action: str
    error: Sentence | None

    @staticmethod
    def choices(rows: Sequence[Storage], place: Place, article_path: str) -> tuple[NavLink, ...]:
        return tuple(
            NavLink(
                label=plain(row.name),
                url=place.address(article_path, "", row.id),
                current="true" if row.id == place.storage else "",
            )
            for row in rows
        )

    @staticmethod
    def way(place: Place, article_path: str) -> tuple[tuple[str, str], ...]:
        """The folders above and this one, each with its address; the topmost has no name of its own."""
        parts = [part for part in place.path.split("/") if part]
        paths = ["/".join(parts[:depth]) for depth in range(len(parts) + 1)]
        return tuple((path.rpartition("/")[2], place.address(article_path, path)) for path in paths)

    @staticmethod
    def below(entries: Sequence[Entry], place: Place, article_path: str) -> tuple[tuple[str, str], ...]:
        return tuple((each.name, place.address(article_path, each.path)) for each in entries if each.is_folder)
