"""One file as it belongs to an article."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from views.admin.articles import LinkedRow
from views.admin.file_words import Condition
from views.admin.frame import OfficePage
from views.form import Form
from views.sentences import Sentence, said

DONE: Mapping[str, Condition] = {
    "released": Condition("ok", said("Released. Customers can get it.")),
    "changed": Condition("stop", said("The file has changed meanwhile. Look at it once more.")),
    "replaced": Condition("ok", said("The new version is in its place. Whoever bought the old one gets it.")),
}


@dataclass(frozen=True, kw_only=True)
class FilePage(OfficePage):
    """`checked_at` on the merchant's clock; `others`: further articles it belongs to, by SKU, and their addresses.

    `cautions` are what to know of it; `to_release` is the version that waits for a release, `picture` the address of
    its stamped first page, and `pages` how many it has; empty and 0 where there is none. `is_awaited`: the worker is
    about to look at it; `trouble` is why it could not when it tried.
    """

    template: ClassVar = "admin/article_file.html"

    sku: str
    article_path: str
    path: str
    form: Form
    row: LinkedRow
    checked_at: datetime | None
    others: tuple[tuple[str, str], ...]
    cautions: tuple[Sentence, ...]
    to_release: str
    picture: str
    pages: int
    is_awaited: bool
    trouble: Sentence | None
    done: Condition | None = None


def done_of(word: str) -> Condition | None:
    return DONE.get(word)
