"""The handbook for merchants."""

from __future__ import annotations

from litestar import route
from litestar.params import FromPath

from portal.refusals import NotFound
from routes.given import AnyRequest, Merchant
from views import Page, spoken
from views.admin.frame import Frame
from views.admin.guide import PATH, TOPICS, GuidePage


@route(PATH + "/{topic:str}", http_method=["GET", "HEAD"])
async def show_guide(topic: FromPath[str], request: AnyRequest, merchant: Merchant) -> Page:
    if topic not in TOPICS:
        raise NotFound
    language = spoken(merchant.locale, request).language
    frame = Frame.of(merchant, f"{TOPICS[topic]}/handbook")
    return Page(GuidePage.of(frame, topic, language), locale=merchant.locale)
