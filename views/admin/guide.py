"""A page of the handbook for merchants: one for each tab of the customer portal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from views import guide
from views.admin.frame import PORTAL, Frame, OfficePage

PATH = "/admin/handbook"
TOPICS = {url.rpartition("/")[2]: url for _, _, url in PORTAL}


@dataclass(frozen=True, kw_only=True)
class GuidePage(OfficePage):
    """`tab` is the address of what it explains."""

    template: ClassVar = "admin/guide.html"

    title: str
    body: Markup
    tab: str

    @staticmethod
    def of(frame: Frame, topic: str, language: str) -> GuidePage:
        title, body = guide.read(topic, language)
        return GuidePage(frame=frame, title=title, body=body, tab=TOPICS[topic])
