"""What stands in the way of a download, and what helps: limit, window, missing file, storage down; and all as ZIP."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Shop
from e2e.papers import a_pattern, texts
from e2e.test_main_job import ORDER, STAMP, WATERMARK

# Browsers call an honest 503 a failure in their console, so these journeys have a page that nobody listens to.
WITH_AND_WITHOUT = pytest.mark.parametrize("scripted", [True, False], ids=["with JavaScript", "without JavaScript"])
EXTRAS = b"PK" + bytes(50_000)


def sell(shop: Shop, **rules: object) -> str:
    """A paid order with a PDF and a file that is none; its portal link."""
    a_pattern(shop.data / "files" / "bente.pdf")
    (shop.data / "files" / "extras.zip").write_bytes(EXTRAS)
    root = str(shop.data / "files")
    storage = shop.api("POST", "/storages", json={"name": "Muster", "kind": "local", "options": {"root": root}}).json()
    files = [{"storage": storage["id"], "path": path} for path in ("bente.pdf", "extras.zip")]
    assert shop.api("PUT", "/articles/PDF-BENTE", json={"title": "Bente", "files": files}).status_code == 201
    settings = {"watermark_text": WATERMARK, "limit_per_file": 2, "window_days": 3650} | rules
    assert shop.api("PATCH", "/settings/files", json=settings).status_code == 200
    return shop.put_order("1", **ORDER)


def row(page: Page, name: str):
    return page.locator(f"[data-file][data-name='{name}']")


def take(page: Page, name: str) -> Path:
    with page.expect_download() as begun:
        row(page, name).locator("form[data-deed=start-download] button").click()
    return Path(begun.value.path())


def file_id(page: Page, name: str) -> int:
    return int(row(page, name).get_attribute("data-file") or 0)


def test_a_limit_is_reached_and_the_merchant_gives_more(shop: Shop, page: Page) -> None:
    page.goto(sell(shop))
    for left in ("1", "0"):
        take(page, "extras.zip")
        page.reload()
        expect(row(page, "extras.zip")).to_have_attribute("data-downloads-left", left)
    expect(row(page, "extras.zip")).to_have_attribute("data-refusal", "limit-reached")
    expect(row(page, "extras.zip").locator("button")).to_have_count(0)

    more = {"file": file_id(page, "extras.zip"), "downloads": 1, "reason": "Festplatte defekt"}
    assert shop.api("POST", "/orders/shop/1/allowances", json=more).status_code == 201
    page.reload()

    assert take(page, "extras.zip").read_bytes() == EXTRAS


def test_after_the_window_the_page_says_until_when_it_was(shop: Shop, page: Page) -> None:
    link = sell(shop, window_days=3)
    with closing(sqlite3.connect(shop.data / "tresen.sqlite3", timeout=10)) as database, database:
        database.execute("UPDATE article_file SET linked_at = '2026-01-01 10:00:00.000000'")

    page.goto(link)

    expect(row(page, "extras.zip")).to_have_attribute("data-refusal", "expired")
    expect(row(page, "extras.zip")).to_contain_text("Der Download war bis 23.11.2026 möglich.")
    expect(page.locator("form[data-deed=start-download], form[data-deed=start-archive]")).to_have_count(0)


@WITH_AND_WITHOUT
def test_a_missing_file_is_told_and_counts_nothing_until_it_is_back(shop: Shop, open_page, scripted: bool) -> None:
    page = open_page(java_script_enabled=scripted)
    page.goto(sell(shop))
    place = shop.data / "files" / "extras.zip"
    place.rename(shop.data / "elsewhere.zip")

    row(page, "extras.zip").locator("button").click()

    expect(row(page, "extras.zip")).to_have_attribute("data-refusal", "file-missing")
    expect(page.get_by_text("Es wurde kein Download verbraucht.")).to_be_visible()
    (shop.data / "elsewhere.zip").rename(place)
    assert take(page, "extras.zip").read_bytes() == EXTRAS


@WITH_AND_WITHOUT
def test_a_storage_that_is_down_is_told_and_counts_nothing(shop: Shop, open_page, scripted: bool) -> None:
    page = open_page(java_script_enabled=scripted)
    link = sell(shop)
    page.goto(link)
    (shop.data / "files").rename(shop.data / "unplugged")

    row(page, "extras.zip").locator("button").click()

    expect(page.get_by_text("Das Lager des Shops ist gerade nicht erreichbar.").first).to_be_visible()
    (shop.data / "unplugged").rename(shop.data / "files")
    page.goto(link)
    expect(row(page, "extras.zip")).to_have_attribute("data-downloads-left", "2")


def test_all_files_come_as_one_zip_stamped_and_each_counts_once(shop: Shop, page: Page) -> None:
    page.goto(sell(shop))

    with page.expect_download() as begun:
        page.get_by_role("button", name="Alle als ZIP").click()
    content = Path(begun.value.path()).read_bytes()
    page.reload()

    assert begun.value.suggested_filename == "Bestellung 12345678.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["bente.pdf", "extras.zip"]
        assert all(STAMP in text for text in texts(archive.read("bente.pdf")))
        assert archive.read("extras.zip") == EXTRAS
    for name in ("bente.pdf", "extras.zip"):
        expect(row(page, name)).to_have_attribute("data-downloads-left", "1")


def test_a_zip_lacks_what_is_missing_and_says_so(shop: Shop, page: Page) -> None:
    page.goto(sell(shop))
    (shop.data / "files" / "extras.zip").unlink()

    with page.expect_download() as begun:
        page.get_by_role("button", name="Alle als ZIP").click()

    with zipfile.ZipFile(begun.value.path()) as archive:
        assert archive.namelist() == ["bente.pdf", "Nicht enthalten.txt"]
        assert "extras.zip" in archive.read("Nicht enthalten.txt").decode("utf-8-sig")
    page.reload()
    expect(row(page, "extras.zip")).to_have_attribute("data-downloads-left", "2")
