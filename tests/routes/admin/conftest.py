"""A running Tresen with a merchant at the door and one behind the counter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from portal import merchants, sessions
from portal.activity import By
from portal.merchants import NewMerchant
from routes.admin.known_browser import remembered
from routes.admin.signed_in import cookie
from tests.routes.customer.conftest import Running, running

EMAIL, PASSWORD = "jana@naehwerk.example", "Garn und Nadel 7"
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Browser:
    """Sends what a browser would send, its cookie too."""

    tresen: Running
    cookie: str = ""
    known: str = ""

    async def get(self, path: str, **headers: str) -> httpx.Response:
        return await self.tresen.client.get(path, headers=self._headers(headers))

    async def post(self, path: str, data: dict[str, str] | None = None, **headers: str) -> httpx.Response:
        answer = await self.tresen.client.post(path, data=data or {}, headers=self._headers(FROM_HERE | headers))
        self._note(answer)
        return answer

    async def sign_in(self, email: str = EMAIL, password: str = PASSWORD, **more: str) -> httpx.Response:
        return await self.post("/admin/sign-in", {"email": email, "password": password, **more})

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        cookies = "; ".join(filter(None, (self.cookie, self.known)))
        return ({"Cookie": cookies} if cookies else {}) | named

    def _note(self, answer: httpx.Response) -> None:
        self.tresen.client.cookies.clear()  # httpx takes no Secure cookie over plain http; it is kept here
        for given in answer.headers.get_list("set-cookie"):
            pair, _, rest = given.partition(";")
            if pair.split("=")[0].endswith("-known"):
                self.known = pair
            else:
                self.cookie = "" if "Max-Age=0" in rest else pair


@pytest.fixture
async def tresen(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path / "data") as found:
        yield found


@pytest.fixture(scope="session")
def new_jana() -> NewMerchant:
    """Once, as hashing a password is slow on purpose."""
    return asyncio.run(merchants.newly(EMAIL, PASSWORD))


@pytest.fixture
async def stranger(tresen: Running, new_jana: NewMerchant) -> Browser:
    """Nobody is signed in; Jana could."""
    async with tresen.house.database.writing() as session:
        await merchants.put(new_jana, session, By("test", datetime.now(UTC)))
    return Browser(tresen)


@pytest.fixture
async def jana(stranger: Browser) -> Browser:
    """Is in, as if she had come by the door: that is told by the tests of the door."""
    house, now = stranger.tresen.house, datetime.now(UTC)
    async with house.database.writing() as session:
        merchant = await merchants.named(EMAIL, session)
        assert merchant
        token = await sessions.start(merchant, session, now)
    given, known = cookie(token, house.base_url), remembered(house.door.mark(EMAIL, now), house.base_url)
    return Browser(stranger.tresen, *(f"{each.key}={each.value}" for each in (given, known)))
