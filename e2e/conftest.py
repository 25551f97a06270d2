"""A real `tresen serve` on a free port, its API, and a browser that reports every CSP violation."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from e2e.terminal import Command

ROOT = Path(__file__).parent.parent
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 15
expect.set_options(timeout=PATIENCE * 1000)
EMAIL, PASSWORD = "jana@naehwerk.example", "drei Ellen Leinen"


@dataclass
class Shop:
    """One running Tresen and a key to its API."""

    url: str
    key: str
    data: Path
    process: Command

    def api(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}"} | options.pop("headers", {})
        return httpx.request(method, f"{self.url}/api/v1{path}", headers=headers, timeout=PATIENCE, **options)

    def put_order(self, external_id: str, **order: Any) -> str:
        """Brings an order in; its portal link."""
        answer = self.api("PUT", f"/orders/shop/{external_id}", json=order)
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["portal_url"])


def environment(data: Path, **more: str) -> dict[str, str]:
    """The caller's environment without what belongs to another Tresen."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRESEN_")}
    return kept | {"TRESEN_DATA": str(data)} | more


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Jana's shop, in which nothing has happened yet."""
    with running(tmp_path) as shop:
        yield shop


@pytest.fixture
def unmanned_shop(tmp_path: Path) -> Iterator[Shop]:
    """Started for the first time; it has a key, but no merchant."""
    with _served(tmp_path, founded(), {}) as shop:
        yield shop


@contextmanager
def running(place: Path, **more: str) -> Iterator[Shop]:
    """A Tresen with its data below `place`, Jana's if nothing is there yet; `more` goes into its environment."""
    with _served(place, manned(), more) as shop:
        yield shop


@contextmanager
def _served(place: Path, begun: Beginning, more: dict[str, str]) -> Iterator[Shop]:
    data = place / "data"
    if not data.exists():
        shutil.copytree(begun.data, data)
    known = environment(data, **more)
    process = Command(("serve", "--port", more.get("TRESEN_PORT", "0")), known, place)
    try:
        yield Shop(_announced(process), begun.key, data, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


@dataclass(frozen=True)
class Beginning:
    """A data directory as the commands of the terminal leave it, only to be copied, and the key they gave."""

    data: Path
    key: str


@cache
def founded() -> Beginning:
    data = _somewhere()
    return Beginning(data, types(data, "key", "add", "e2e").splitlines()[-1])


@cache
def manned() -> Beginning:
    """With Jana's account as well."""
    data = _somewhere()
    shutil.copytree(founded().data, data, dirs_exist_ok=True)
    add_merchant(data, EMAIL)
    return Beginning(data, founded().key)


def add_merchant(data: Path, email: str) -> None:
    types(data, "merchant", "add", email, told=PASSWORD + "\n")


def types(data: Path, *words: str, told: str = "") -> str:
    """What a command answers in the terminal of whoever runs that Tresen."""
    command = Command(words, environment(data), ROOT, told)
    answer = command.stdout.read()
    assert command.wait(PATIENCE) == 0, answer
    return answer


def _somewhere() -> Path:
    place = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, place)
    return place / "data"


def _announced(process: Command) -> str:
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found, line
    return found[0]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        path = os.environ.get("E2E_BROWSER") or None
        browser = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        yield browser
        browser.close()


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A phone's page in German; the test fails on any message about the Content Security Policy."""
    yield from _page(browser, java_script_enabled=request.param)


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Pages with settings of their own, such as `color_scheme="dark"`."""
    contexts: list[BrowserContext] = []

    def make(**options: Any) -> Page:
        contexts.append(browser.new_context(**{"locale": "de-DE"} | options))
        return contexts[-1].new_page()

    yield make
    for context in contexts:
        context.close()


def _page(browser: Browser, **options: Any) -> Iterator[Page]:
    context = browser.new_context(locale="de-DE", viewport={"width": 390, "height": 844}, **options)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []
