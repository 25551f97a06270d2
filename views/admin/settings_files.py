"""Einstellungen / Kundenportal / Dateien: who may load what how often, the waiver, and the stamp with its preview."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

from portal.stamp_previews import PreviewFile
from views.admin.frame import OfficePage
from views.form import Form

STAMP = ("watermark_text", "watermark_font_size_pt", "watermark_x_mm", "watermark_y_mm")
PICTURE = "/admin/preview/stamp.png"


@dataclass(frozen=True, kw_only=True)
class FilesPage(OfficePage):
    """`picture` is the address of the preview of `chosen`; None is the empty sheet."""

    template: ClassVar = "admin/settings_files.html"

    form: Form
    storages: tuple[str, ...]
    files: tuple[PreviewFile, ...]
    chosen: PreviewFile | None
    picture: str


def picture_of(chosen: PreviewFile | None) -> str:
    """The preview as it is stored; while somebody types, the page asks with what is typed."""
    query: Mapping[str, object] = {"file": chosen.id} if chosen else {}
    return f"{PICTURE}?{urlencode(query)}"
