"""A running Tresen with a merchant at the door and one behind the counter."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from portal import merchants
from portal.activity import By
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


@pytest.fixture
async def stranger(tresen: Running) -> Browser:
    """Nobody is signed in; Jana could."""
    new = await merchants.newly(EMAIL, PASSWORD)
    async with tresen.house.database.writing() as session:
        await merchants.put(new, session, By("test", datetime.now(UTC)))
    return Browser(tresen)


@pytest.fixture
async def jana(stranger: Browser) -> Browser:
    browser = Browser(stranger.tresen)
    answer = await browser.sign_in()
    assert answer.status_code == 303, answer.text
    return browser
