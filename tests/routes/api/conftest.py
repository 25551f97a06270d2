"""A shop with an empty database and one API key, asked over HTTP like by anybody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
from litestar import Litestar
from litestar.datastructures import State

from db.engine import Database
from db.migrate import migrate
from db.storages import StorageKind
from integrations.local_folder import Grounds, LocalFolder
from pdfkit.child import Child
from portal import keys, settings
from portal.activity import By
from portal.house import Ground, House, built
from portal.storages import Storages
from routes import api
from routes.api.problems import as_problem
from routes.api.slashes import SlashesKept
from routes.given import EVERYWHERE

BASE = "http://shop.example"


@dataclass
class Shop:
    """`call` speaks to the API with the key, `stranger` without."""

    house: House
    call: httpx.AsyncClient
    stranger: httpx.AsyncClient
    files: Path
    app: Litestar

    async def put(self, order: Mapping[str, object], address: str = "etsy/1") -> httpx.Response:
        return await self.call.put(f"/api/v1/orders/{address}", json=order)

    async def send(self, body: bytes, address: str = "etsy/1") -> httpx.Response:
        return await self.call.put(f"/api/v1/orders/{address}", content=body)

    async def order(self, address: str = "etsy/1") -> dict[str, object]:
        answer = await self.call.get(f"/api/v1/orders/{address}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def file(self, name: str, content: bytes) -> int:
        """The id of a file that everybody gets who bought the SKU `PDF-BENTE`."""
        (self.files / name).write_bytes(content)
        storages = (await self.call.get("/api/v1/storages")).json()["items"]
        if not storages:
            new = {"name": "Ordner", "kind": "local", "options": {"root": str(self.files)}}
            storages = [(await self.call.post("/api/v1/storages", json=new)).json()]
        link = {"files": [{"storage": storages[0]["id"], "path": name}]}
        answer = await self.call.put("/api/v1/articles/PDF-BENTE", json=link)
        return int(answer.json()["files"][0]["id"])


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with AsyncExitStack() as closing:
        house = await _house(tmp_path, closing)
        async with house.database.writing() as session:
            key = await keys.add("test", session, By("test", datetime.now(UTC)))
        app = Litestar(
            route_handlers=api.ROUTES,
            dependencies=EVERYWHERE,
            exception_handlers={Exception: as_problem},
            openapi_config=None,
            state=State({"house": house}),
        )
        transport = httpx.ASGITransport(SlashesKept(app), raise_app_exceptions=False)
        ours = httpx.AsyncClient(transport=transport, base_url=BASE, headers={"Authorization": f"Bearer {key}"})
        stranger = httpx.AsyncClient(transport=transport, base_url=BASE)
        await closing.enter_async_context(ours)
        await closing.enter_async_context(stranger)
        yield Shop(house, ours, stranger, tmp_path / "files", app)


async def _house(place: Path, closing: AsyncExitStack) -> House:
    (place / "files").mkdir()
    migrate(place / "tresen.sqlite3", place / "backups")
    database, child = Database(place / "tresen.sqlite3"), Child()
    closing.push_async_callback(database.close)
    closing.push_async_callback(child.close)
    async with database.writing() as session:
        await settings.lay_out(session)
    grounds = Grounds(roots=[place / "files"], data=place, files=place / "files")
    storages = Storages({StorageKind.LOCAL: partial(LocalFolder, grounds=grounds)})
    ground = Ground(
        base_url=BASE,
        keys=("a key of sixteen characters",),
        zone=None,
        cache=place / "cache",
        database=database,
        storages=storages,
        child=child,
    )
    return built(ground)
