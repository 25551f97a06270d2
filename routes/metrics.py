"""/metrics: what a monitoring system collects, with a key of the API."""

from __future__ import annotations

from litestar import get
from litestar.datastructures import State
from litestar.response import Response

from portal import figures
from routes.api import keyed
from routes.given import House, Now


@get("/metrics", guards=[keyed.with_key])
async def show_metrics(house: House, state: State, now: Now) -> Response[bytes]:
    from routes import exposition  # with its library, which most shops never need

    async with house.database.reading() as session:
        found = await figures.figures(session, now)
    return Response(
        exposition.written(found, state.traffic, house.child, now),
        media_type=exposition.CONTENT_TYPE.partition("; charset")[0],  # which Litestar adds to every text
        headers={"Cache-Control": "no-store"},
    )
