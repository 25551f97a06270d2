"""All linked files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from db.articles import Article
from pdfkit.outcome import Caution
from portal.file_list import ListedFile
from portal.releases import awaits_release
from views.admin.articles import PATH as ARTICLES
from views.admin.file_words import Condition, condition, reach_of
from views.admin.frame import OfficePage
from views.sentences import Sentence

PATH = "/admin/files"


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """`articles`: SKU and the address of this file below it."""

    id: int
    name: str
    place: str
    size: int
    condition: Condition
    reach: Sentence
    articles: tuple[tuple[str, str], ...]

    @staticmethod
    def of(row: ListedFile, linked: Sequence[Article], orders: int, asked: frozenset[Caution]) -> FileRow:
        """`asked`: what files are held back for in this shop."""
        file = row.file
        return FileRow(
            id=file.id,
            name=file.name,
            place=f"{row.storage}: {file.path}",
            size=file.size,
            condition=condition(file, asked),
            reach=reach_of(orders, is_held_back=awaits_release(file, asked)),
            articles=tuple((each.sku, f"{ARTICLES}/{each.id}/files/{file.id}") for each in linked),
        )


@dataclass(frozen=True, kw_only=True)
class FilesPage(OfficePage):
    """`before` and `more` are the addresses of the neighbouring pages, empty at the ends."""

    template: ClassVar = "admin/files.html"

    rows: tuple[FileRow, ...]
    before: str
    more: str


def address(number: int) -> str:
    return f"{PATH}?page={number}" if number else PATH
