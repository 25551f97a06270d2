"""Whether the process lives and its database answers."""

from __future__ import annotations

from importlib.metadata import version

from litestar import route
from litestar.response import Response
from sqlalchemy import text

from routes.given import House


@route("/up", http_method=["GET", "HEAD"])
async def up(house: House) -> Response[dict[str, str]]:
    async with house.database.reading() as session:
        await session.execute(text("SELECT 1 FROM source LIMIT 1"))
    return Response({"status": "ok", "version": version("tresen")}, headers={"Cache-Control": "no-store"})
