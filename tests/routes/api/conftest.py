"""A whole running Tresen with an empty shop and one API key, asked like by anybody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from litestar import Litestar

from portal import keys
from portal.activity import By
from portal.house import House
from tests.routes.customer.conftest import running


@dataclass
class Shop:
    """`call` speaks to the API with the key, `stranger` without."""

    house: House
    call: httpx.AsyncClient
    stranger: httpx.AsyncClient
    files: Path
    app: Litestar

    def somebody(self, number: int) -> httpx.AsyncClient:
        """A stranger at an address of their own: wrong keys are counted by address."""
        here = self.stranger._transport
        assert isinstance(here, httpx.ASGITransport)
        there = httpx.ASGITransport(here.app, client=(f"192.0.2.{number}", 1))
        return httpx.AsyncClient(transport=there, base_url=self.stranger.base_url)

    async def put(self, order: Mapping[str, object], address: str = "etsy/1") -> httpx.Response:
        return await self.call.put(f"/api/v1/orders/{address}", json=order)

    async def send(self, body: bytes, address: str = "etsy/1") -> httpx.Response:
        return await self.call.put(f"/api/v1/orders/{address}", content=body)

    async def order(self, address: str = "etsy/1") -> dict[str, object]:
        answer = await self.call.get(f"/api/v1/orders/{address}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def storage(self) -> int:
        """The id of a local storage."""
        new = {"name": "Ordner", "kind": "local", "options": {"root": str(self.files)}}
        return int((await self.call.post("/api/v1/storages", json=new)).json()["id"])

    async def file(self, name: str = "bente.zip", content: bytes = b"PK") -> int:
        """The id of a file that everybody gets who bought the SKU `PDF-BENTE`."""
        (self.files / name).write_bytes(content)
        link = {"files": [{"storage": await self.storage(), "path": name}]}
        answer = await self.call.put("/api/v1/articles/PDF-BENTE", json=link)
        return int(answer.json()["files"][0]["id"])


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    async with running(tmp_path / "data") as tresen:
        async with tresen.house.database.writing() as session:
            key = await keys.add("test", session, By("test", datetime.now(UTC)))
        tresen.client.headers["Authorization"] = f"Bearer {key}"
        transport = tresen.client._transport
        async with httpx.AsyncClient(transport=transport, base_url=tresen.client.base_url) as stranger:
            yield Shop(tresen.house, tresen.client, stranger, tresen.files, tresen.app)
