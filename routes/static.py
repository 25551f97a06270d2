"""Stylesheets, scripts, fonts: addresses that change with their content, kept by browsers for good."""

from __future__ import annotations

from pathlib import Path

from litestar import route
from litestar.params import FromPath
from litestar.response import Response

from db.settings import AppearanceSettings
from portal import settings
from portal.refusals import NotFound
from routes.given import AnyRequest, Reading
from views import theme
from views.assets import ASSETS

FOR_GOOD = "public, max-age=31536000, immutable"


@route("/static/{name:path}", http_method=["GET", "HEAD"])
async def show_static(name: FromPath[Path], request: AnyRequest) -> Response[bytes]:
    asset = ASSETS.find(f"/static/{str(name).lstrip('/')}")
    if asset is None:
        raise NotFound
    headers = {"Cache-Control": FOR_GOOD, "Vary": "Accept-Encoding"}
    content = asset.content
    if asset.gzip and "gzip" in request.headers.get("Accept-Encoding", ""):
        content, headers["Content-Encoding"] = asset.gzip, "gzip"
    return Response(content, media_type=asset.media_type, headers=headers)


@route("/theme/{name:str}", http_method=["GET", "HEAD"])
async def show_theme(name: FromPath[str], reading: Reading) -> Response[bytes]:
    """The merchant's colour. A page that was rendered before it changed gets the new one, and keeps it for no time."""
    colour = (await settings.of(AppearanceSettings, reading)).accent_colour
    known = f"/theme/{name}" == theme.address(colour)
    headers = {"Cache-Control": FOR_GOOD if known else "no-store"}
    return Response(theme.theme_css(colour).encode(), media_type="text/css", headers=headers)
