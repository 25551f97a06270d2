"""Einstellungen / Kundenportal / Dateien: who may load what how often, the waiver, and the stamp with its preview."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from pdfkit.outcome import Caution
from portal.stamp_previews import PreviewFile
from views.admin.frame import OfficePage
from views.form import Form
from views.sentences import Sentence, said

STAMP = ("watermark_text", "watermark_font_size_pt", "watermark_x_mm", "watermark_y_mm")
PICTURE = "/admin/preview/stamp.png"
CAUTIONS = "Tresen-Cautions"  # header of the picture: what is to be said about the stamp on it

WORDS = {
    Caution.TEXT_MOVED: said(
        "It does not fit on this page there, so it stands as near to that place as all of it can be read."
    ),
    Caution.TEXT_SHRUNK: said("It is too long for this page, so it is set smaller."),
    Caution.CHARACTERS_REPLACED: said("Some of its characters cannot be drawn; others stand in their place."),
    Caution.HARD_TO_SEE: said("On this page it can hardly be seen: it lies on dark ground, or under a field."),
}


@dataclass(frozen=True, kw_only=True)
class FilesPage(OfficePage):
    """`picture` is the address of the preview of `chosen`; None is the empty sheet. `cautions` are
    all that may be said about the stamp, and whether it is true of what is stored; what is typed may change that."""

    template: ClassVar = "admin/settings_files.html"

    form: Form
    storages: tuple[str, ...]
    files: tuple[PreviewFile, ...]
    chosen: PreviewFile | None
    picture: str
    cautions: tuple[tuple[Caution, Sentence, bool], ...]


def picture_of(chosen: PreviewFile | None) -> str:
    """The preview as it is stored; while somebody types, the page asks with what is typed."""
    query: Mapping[str, object] = {"file": chosen.id} if chosen else {}
    return f"{PICTURE}?{urlencode(query)}"


def told_of(cautions: Collection[Caution]) -> tuple[tuple[Caution, Sentence, bool], ...]:
    return tuple((caution, words, caution in cautions) for caution, words in WORDS.items())
