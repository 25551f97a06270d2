"""The merchant's images, for everybody who has the address."""

from __future__ import annotations

from litestar import route
from litestar.params import FromPath
from litestar.response import Response

from portal import images
from routes.given import Reading
from routes.static import FOR_GOOD


@route("/images/{name:str}", http_method=["GET", "HEAD"])
async def show_image(name: FromPath[str], reading: Reading) -> Response[bytes]:
    """Kept by browsers for good: other bytes have another address."""
    image = await images.at(name, reading)
    return Response(image.content, media_type=image.media_type, headers={"Cache-Control": FOR_GOOD})
