"""What another site can do with a customer's browser: nothing. And what a keyboard can do alone: everything."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from e2e.conftest import Shop
from e2e.test_main_job import sell

Attack = Callable[[str], str]


@pytest.fixture
def elsewhere() -> Iterator[Callable[[str], str]]:
    """A second origin that serves the page it is given; its address."""
    pages: dict[str, str] = {}

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = pages["/"].encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()

        def serve(page: str) -> str:
            pages["/"] = page
            return f"http://localhost:{server.server_port}/"  # another site than 127.0.0.1

        yield serve
        server.shutdown()
        thread.join()


def spent(shop: Shop) -> int:
    return len(shop.api("GET", "/orders/shop/1/downloads").json()["items"])


def form_at(link: str) -> str:
    return (
        f"<form id=f method=post action='{link}/files/1/downloads'><button>win</button></form>"
        "<script>document.getElementById('f').submit()</script>"
    )


def fetch_at(link: str) -> str:
    return f"<script>fetch('{link}/files/1/downloads', {{method: 'POST', mode: 'no-cors'}})</script><p id=done>"


def frame_at(link: str) -> str:
    return f"<iframe src='{link}'></iframe>"


@pytest.mark.parametrize("attack", [form_at, fetch_at])
def test_another_site_spends_no_download_of_a_known_link(
    shop: Shop, open_page: Callable[..., Page], elsewhere: Callable[[str], str], attack: Attack
) -> None:
    link = sell(shop)
    page = open_page()
    tried: list[str] = []
    page.on("request", lambda request: tried.append(request.method) if "/downloads" in request.url else None)

    page.goto(elsewhere(attack(link)))
    page.wait_for_timeout(1000)

    assert tried == ["POST"]
    assert spent(shop) == 0


def test_another_site_cannot_show_the_portal_in_a_frame(
    shop: Shop, open_page: Callable[..., Page], elsewhere: Callable[[str], str]
) -> None:
    page = open_page()

    page.goto(elsewhere(frame_at(sell(shop))))

    assert page.frames[1].locator("main[data-order-state]").count() == 0


def test_the_portal_tells_no_other_site_where_it_was(shop: Shop, open_page: Callable[..., Page]) -> None:
    link = sell(shop)
    page = open_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(link)
    page.wait_for_load_state("networkidle")

    assert [url for url in asked if not url.startswith(shop.url)] == []


def test_a_keyboard_alone_gets_the_file(shop: Shop, page: Page) -> None:
    page.goto(sell(shop))

    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_class("skip-link")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.locator("form[data-deed=start-download] button:focus").count():
            break
    with page.expect_download() as begun:
        page.keyboard.press("Enter")

    assert begun.value.suggested_filename == "bente.pdf"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_small_pages_hinder_nobody(shop: Shop, open_page: Callable[..., Page], scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    for path in ("/o/none", "/link", "/nowhere", "/api/docs"):
        page.goto(f"{shop.url}{path}")
        found = Axe().run(page)
        assert found.violations_count == 0, (path, found.generate_report())
