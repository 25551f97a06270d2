"""What the portal page is compared with: a bare Litestar hello, and the same template rendered without a database.

python -m bench.peers DATA ORDER_ID PORT, served like the real application.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
import uvloop
from litestar import Litestar, MediaType, get
from litestar.types import Receive, Scope, Send

from db.engine import Database
from portal import dossiers
from portal.dossiers import Dossier
from views import Page
from views.customer.order import OrderPage


async def dossier_of(data: Path, order_id: int) -> Dossier:
    database = Database(data / "tresen.sqlite3")
    async with database.reading() as session:
        dossier = await dossiers.of(order_id, session)
    await database.close()
    return dossier


@get("/hello", media_type=MediaType.TEXT)
async def hello() -> str:
    return "Hello"


def template_of(dossier: Dossier) -> Litestar:
    @get("/template")
    async def template() -> Page:
        return Page(OrderPage.of(dossier, datetime.now(UTC), token="token"), locale="de-DE")

    return Litestar([template], openapi_config=None, logging_config=None)


async def serve(data: Path, order_id: int, port: int) -> None:
    template = template_of(await dossier_of(data, order_id))
    bare = Litestar([hello], openapi_config=None, logging_config=None)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await (template if scope["path"] == "/template" else bare)(scope, receive, send)

    config = uvicorn.Config(app, port=port, lifespan="off", access_log=False, server_header=False, log_config=None)
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
