"""The part of the history that speaks of articles, files and storages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from views.format import Reference
from views.sentences import Sentence, said

Told = Mapping[str, object]


def _text(told: Told, name: str) -> str:
    return str(told.get(name, ""))


SENTENCES: Mapping[str, Callable[[Told], Sentence]] = {
    "article_saved": lambda told: said("Article %(sku)s saved", sku=Reference(_text(told, "sku"))),
    "article_removed": lambda told: said("Article %(sku)s removed", sku=Reference(_text(told, "sku"))),
    "file_missing": lambda told: said("%(path)s is missing from its storage", path=_text(told, "path")),
    "file_unstampable": lambda told: said(
        "%(path)s has changed and cannot be stamped; with a watermark it is not handed out", path=_text(told, "path")
    ),
    "file_linked": lambda told: said(
        "%(path)s linked with %(sku)s", path=_text(told, "path"), sku=Reference(_text(told, "sku"))
    ),
    "file_unlinked": lambda told: said(
        "%(path)s unlinked from %(sku)s", path=_text(told, "path"), sku=Reference(_text(told, "sku"))
    ),
    "file_replaced": lambda told: said(
        "%(old)s replaced by %(path)s", old=_text(told, "old_path"), path=_text(told, "path")
    ),
    "storage_unavailable": lambda told: said(
        "The files in the storage %(name)s could not be looked at: %(detail)s",
        name=_text(told, "name"),
        detail=_text(told, "detail"),
    ),
    "storage_added": lambda told: said("Storage %(name)s added", name=_text(told, "name")),
    "storage_changed": lambda told: said("Storage %(name)s changed", name=_text(told, "name")),
    "storage_removed": lambda told: said("Storage %(name)s removed", name=_text(told, "name")),
    "storage_granted": lambda told: said("Storage %(name)s connected with its account", name=_text(told, "name")),
    "storage_grant_lost": lambda told: said(
        "The account behind the storage %(name)s lets Tresen in no more; connect it anew: %(detail)s",
        name=_text(told, "name"),
        detail=_text(told, "detail"),
    ),
}
