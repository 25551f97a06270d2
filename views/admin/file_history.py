"""The part of the history that speaks of articles, files and storages."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from views.admin.told import Told, reason_of, text_of
from views.format import Reference
from views.sentences import Sentence, counted, said


def _unavailable(told: Told) -> Sentence:
    name, detail, files = text_of(told, "name"), text_of(told, "detail"), told.get("files")
    if isinstance(files, int):
        return counted(
            "One file in the storage %(name)s could not be looked at: %(detail)s",
            "%(count)s files in the storage %(name)s could not be looked at, the first of them: %(detail)s",
            files,
            name=name,
            detail=detail,
        )
    return said("The files in the storage %(name)s could not be looked at: %(detail)s", name=name, detail=detail)


def _failed(told: Told) -> Sentence:
    file, reason, times = text_of(told, "file_name"), reason_of(told), told.get("times")
    if isinstance(times, int):
        return said(
            "Customers could not get %(file)s; since the last notice it was tried %(times)s times: %(reason)s",
            file=file,
            times=str(times),
            reason=reason,
        )
    return said("A customer could not get %(file)s: %(reason)s", file=file, reason=reason)


SENTENCES: Mapping[str, Callable[[Told], Sentence]] = {
    "article_saved": lambda told: said("Article %(sku)s saved", sku=Reference(text_of(told, "sku"))),
    "article_removed": lambda told: said("Article %(sku)s removed", sku=Reference(text_of(told, "sku"))),
    "characters_replaced": lambda told: said(
        "On %(file)s a mark stands for characters that no font here can draw: “%(text)s”. A folder with further fonts"
        " helps, see TRESEN_FONTS.",
        file=text_of(told, "file_name"),
        text=text_of(told, "text"),
    ),
    "download_failed": _failed,
    "file_missing": lambda told: said("%(path)s is missing from its storage", path=text_of(told, "path")),
    "file_unstampable": lambda told: said(
        "%(path)s has changed and cannot be stamped; with a watermark it is not handed out", path=text_of(told, "path")
    ),
    "file_released": lambda told: said("%(path)s released for delivery", path=text_of(told, "path")),
    "file_linked": lambda told: said(
        "%(path)s linked with %(sku)s", path=text_of(told, "path"), sku=Reference(text_of(told, "sku"))
    ),
    "file_unlinked": lambda told: said(
        "%(path)s unlinked from %(sku)s", path=text_of(told, "path"), sku=Reference(text_of(told, "sku"))
    ),
    "file_replaced": lambda told: said(
        "%(old)s replaced by %(path)s", old=text_of(told, "old_path"), path=text_of(told, "path")
    ),
    "storage_unavailable": _unavailable,
    "storage_added": lambda told: said("Storage %(name)s added", name=text_of(told, "name")),
    "storage_changed": lambda told: said("Storage %(name)s changed", name=text_of(told, "name")),
    "storage_removed": lambda told: said("Storage %(name)s removed", name=text_of(told, "name")),
    "storage_granted": lambda told: said("Storage %(name)s connected with its account", name=text_of(told, "name")),
    "storage_grant_lost": lambda told: said(
        "The account behind the storage %(name)s lets Tresen in no more; connect it anew: %(detail)s",
        name=text_of(told, "name"),
        detail=text_of(told, "detail"),
    ),
}
