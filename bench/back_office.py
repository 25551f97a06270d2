"""`python -m bench.back_office`: how long a field takes to be saved, and what a page of settings weighs."""

from __future__ import annotations

import asyncio
import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from bench import shop as shops
from bench.processes import ROOT, SERVE, Server, free_port, tresen
from bench.results import Goal
from bench.shop import Shop

EMAIL, PASSWORD = "bench@example.org", "bench bench bench"
SAVES = 500
FORM = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
FILES_TAB = "/admin/settings/portal/files"
EDITORS_TAB = "/admin/settings/portal/appearance"
TABS = (FILES_TAB, "/admin/settings/portal/invoices", "/admin/settings/portal/payments", EDITORS_TAB)
DRAWN = "/admin/preview/"
KB = 1000


def main() -> None:
    missing: list[str] = []
    with TemporaryDirectory(prefix="tresen-bench-") as scratch:
        shop = asyncio.run(shops.made(Path(scratch) / "data"))
        with tresen(shop.config.data, free_port()) as server:
            for goal in measured(shop, server, missing):
                print(f"{goal.name}: {goal.value:.3g} {goal.unit} {goal.wanted} {goal.verdict}", flush=True)
    print("\n".join(missing), flush=True)


def measured(shop: Shop, server: Server, missing: list[str]) -> list[Goal]:
    let_in(shop)
    cookie = signed_in(server)
    times = saves(server, cookie)
    goals = [
        Goal("a field is saved, p50", 1000 * times[len(times) // 2], "ms"),
        Goal("a field is saved, p99", 1000 * times[len(times) * 99 // 100], "ms", 50, at_least=False),
    ]
    with browser() as chromium:
        if chromium is None:
            missing.append("no browser is installed: what a page of settings loads was not measured")
            return goals
        for tab in TABS:
            size = loaded(chromium, server, tab) / KB
            target = None if tab == EDITORS_TAB else 60
            goals.append(Goal(f"first visit of {tab}", size, "KB", target, at_least=False))
    return goals


def let_in(shop: Shop) -> None:
    environment = {"TRESEN_DATA": str(shop.config.data)}
    words = [sys.executable, "-c", SERVE, "merchant", "add", EMAIL]
    subprocess.run(
        words, cwd=ROOT, env=environment, input=PASSWORD + "\n", text=True, check=True, timeout=60, capture_output=True
    )


def signed_in(server: Server) -> str:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        connection.request("POST", "/admin/sign-in", urlencode({"email": EMAIL, "password": PASSWORD}), FORM)
        answer = connection.getresponse()
        answer.read()
        return str(answer.headers["Set-Cookie"]).partition(";")[0]


def saves(server: Server, cookie: str) -> list[float]:
    """Seconds that each save took, sorted: the POST alone, over one connection, as htmx sends one field."""
    times = []
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        for number in range(SAVES):
            before = str(3 - number % 2) if number else ""  # the shop begins without a limit
            body = urlencode({"limit_per_file": str(2 + number % 2), "was.limit_per_file": before})
            began = time.perf_counter()
            connection.request("POST", FILES_TAB, body, FORM | {"Cookie": cookie, "HX-Request": "true"})
            answer = connection.getresponse()
            answer.read()
            times.append(time.perf_counter() - began)
            if answer.status != 303:
                raise RuntimeError(f"A field was not saved: HTTP {answer.status}")
    return sorted(times)


@contextmanager
def browser() -> Iterator[object]:
    """The browser of the tests, or None where there is none."""
    found = ROOT / ".venv" / ".browser"
    if not found.exists():
        yield None
        return
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=found.read_text().strip(), args=["--no-sandbox", "--disable-quic"]
        )
        try:
            yield chromium
        finally:
            chromium.close()


def loaded(chromium, server: Server, path: str) -> int:
    """Bytes over the wire, headers included, of a visit with nothing kept.

    Without the pictures that are drawn of the merchant's own files: those are as large as what they show.
    """
    origin = f"http://localhost:{server.port}"
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(f"{origin}/admin/sign-in")
        page.locator("[name=email]").fill(EMAIL)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[name=password]").press("Enter")
        page.wait_for_url(lambda url: not url.endswith("/sign-in"))
        asked: dict[str, str] = {}
        sizes: dict[str, int] = {}
        wire = context.new_cdp_session(page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        wire.on("Network.requestWillBeSent", lambda event: asked.update({event["requestId"]: event["request"]["url"]}))
        wire.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
        page.goto(origin + path, wait_until="networkidle")
        if page.url != origin + path:
            raise RuntimeError(f"The browser was sent to {page.url}.")
        return int(sum(size for which, size in sizes.items() if DRAWN not in asked.get(which, "")))
    finally:
        context.close()


if __name__ == "__main__":
    main()
