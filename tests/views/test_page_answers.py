"""What goes over the wire: language, blocks, headers, and the attempt that no two pages share."""

import re

import pytest
from litestar import Litestar, route
from litestar.background_tasks import BackgroundTask
from litestar.testing import TestClient

from tests.views.orders import NOW, SELLER, a_dossier, a_file
from views import Page, errors
from views.customer.order import OrderPage

opened: list[str] = []


def order_page(locale: str) -> Page:
    view = OrderPage.of(a_dossier(files=[a_file(), a_file(id=12)]), NOW, token="t")
    return Page(view, locale=locale, background=BackgroundTask(opened.append, "opened"))


@route("/german", http_method=["GET", "HEAD"])
async def german() -> Page:
    return order_page("de-AT")


@route("/english", http_method=["GET", "HEAD"])
async def english() -> Page:
    return order_page("en-GB")


@route("/broken", http_method=["GET", "HEAD"])
async def broken() -> Page:
    return Page(errors.Trouble.of(SELLER), locale="", status_code=500, headers={"Cache-Control": "no-store"})


@pytest.fixture
def browser():
    opened.clear()
    with TestClient(Litestar([german, english, broken])) as client:
        client.headers["Accept-Language"] = "de"
        yield client


def attempts(html: str) -> list[str]:
    return re.findall(r'name="attempt" value="([^"]+)"', html)


def test_a_page_comes_whole_with_its_language(browser):
    answer = browser.get("/german")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Language"] == "de"
    assert answer.headers["Vary"] == "Accept-Language, HX-Target"
    assert answer.text.startswith("<!doctype html>")
    assert opened == ["opened"]


def test_the_order_s_language_wins_over_the_browser_s(browser):
    assert '<html lang="en">' in browser.get("/english").text


def test_amounts_follow_the_country_of_the_order(browser):
    assert "€\u00a032,00" in browser.get("/german").text


def test_all_forms_of_a_page_share_one_attempt_that_no_other_page_has(browser):
    first, second = attempts(browser.get("/german").text), attempts(browser.get("/german").text)

    assert len(first) == len(second) == 3  # two files, and all of them
    assert len({*first}) == len({*second}) == 1
    assert first != second
    assert len(first[0]) >= 20


def test_head_has_the_headers_and_no_body(browser):
    answer = browser.head("/german")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Language"] == "de"


def test_htmx_gets_the_block_it_is_about_to_swap(browser):
    answer = browser.get("/german", headers={"HX-Target": "section#downloads"})

    assert answer.text.lstrip().startswith('<section class="slip" id="downloads"')
    assert len(attempts(answer.text)) == 3
    assert "HX-Retarget" not in answer.headers


def test_a_page_without_that_block_replaces_the_whole_one(browser):
    answer = browser.get("/broken", headers={"HX-Target": "section#downloads"})

    assert answer.status_code == 500
    assert answer.headers["HX-Retarget"] == "body"
    assert "<html" in answer.text


def test_an_error_page_speaks_the_browser_s_language_and_keeps_its_headers(browser):
    answer = browser.get("/broken", headers={"Accept-Language": "fr, en;q=0.8, de;q=0.5"})

    assert '<html lang="en">' in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
