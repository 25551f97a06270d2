"""The list of articles, and one of them with its files in the order in which customers see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from pdfkit.outcome import Caution
from portal.article_list import ListedArticle, Wanted
from portal.articles import LinkedFile
from portal.releases import awaits_release
from views.admin.file_words import Condition, condition, reach_of
from views.admin.frame import OfficePage
from views.form import Form
from views.sentences import Sentence, counted, said

PATH = "/admin/articles"
DONE: Mapping[str, Sentence] = {"linked": said("The file is linked. Buyers find it on their page at once.")}


@dataclass(frozen=True, kw_only=True)
class ArticleRow:
    """`url` is empty where the article is still to be made."""

    sku: str
    title: str
    url: str
    holds: Sentence
    trouble: tuple[Sentence, ...]

    @staticmethod
    def of(row: ListedArticle) -> ArticleRow:
        missing = counted("%(count)s is missing", "%(count)s are missing", row.missing)
        unstampable = counted("%(count)s cannot be stamped", "%(count)s cannot be stamped", row.unstampable)
        return ArticleRow(
            sku=row.sku,
            title=row.title,
            url=f"{PATH}/{row.id}" if row.id else "",
            holds=counted("%(count)s file", "%(count)s files", row.files) if row.files else said("no file"),
            trouble=(*((missing,) if row.missing else ()), *((unstampable,) if row.unstampable else ())),
        )


@dataclass(frozen=True, kw_only=True)
class ArticlesPage(OfficePage):
    """`more` is the address of the next page, empty at the end; `error` is wrong with the `sku` that was typed."""

    template: ClassVar = "admin/articles.html"

    query: str
    only_without: bool
    rows: tuple[ArticleRow, ...]
    more: str
    is_first: bool
    sku: str
    error: Sentence | None = None
    path: str = PATH


@dataclass(frozen=True, kw_only=True)
class LinkedRow:
    """One file of an article. `place` is where it lies: the storage and the path in it."""

    id: int
    url: str
    name: str
    title: str
    place: str
    size: int
    condition: Condition
    reach: Sentence
    is_first: bool = False
    is_last: bool = False

    @staticmethod
    def of(linked: LinkedFile, orders: int, article_path: str, asked: frozenset[Caution]) -> LinkedRow:
        """`asked`: what files are held back for in this shop."""
        file = linked.file
        return LinkedRow(
            id=file.id,
            url=f"{article_path}/files/{file.id}",
            name=file.name,
            title=linked.link.title or file.name,
            place=f"{linked.storage}: {file.path}",
            size=file.size,
            condition=condition(file, asked),
            reach=reach_of(orders, is_held_back=awaits_release(file, asked)),
        )


@dataclass(frozen=True, kw_only=True)
class ArticlePage(OfficePage):
    """`prefix` is what SKUs begin with that are meant; None for a single one. `is_awaited`: the worker is about to look
    at one of the files."""

    template: ClassVar = "admin/article.html"

    path: str
    sku: str
    prefix: str | None
    form: Form
    files: tuple[LinkedRow, ...]
    is_awaited: bool = False
    done: Sentence | None = None


def address(wanted: Wanted) -> str:
    asked = {"q": wanted.query, "files": "none" if wanted.only_without else "", "after": wanted.after}
    query = urlencode({name: text for name, text in asked.items() if text})
    return f"{PATH}?{query}" if query else PATH


def done_of(word: str) -> Sentence | None:
    return DONE.get(word)
