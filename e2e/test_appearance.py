"""The tab Erscheinungsbild in a real browser: what is set there is what customers see."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, Route, expect

from e2e.conftest import Shop, running
from e2e.merchant import complaints, open_office
from e2e.screens import on_screens
from portal.greetings import DEFAULT_GREETING

TAB = "/admin/settings/portal/appearance"
FIRST_DAY = {"image": None, "accent_colour": "#0b5e6e", "greeting_html": DEFAULT_GREETING}
ORDER = {
    "number": "3123456789",
    "platform": "Etsy",
    "state": "paid",
    "ordered_at": "2026-10-25T01:30:11Z",
    "currency": "EUR",
    "buyer": {"name": "Erika Mustermann"},
    "lines": [{"id": "1", "title": "Schnittmuster", "line_gross": 2490, "tax_rate": "19.00"}],
    "total_gross": 2490,
}


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture
def jana(opened: Shop) -> Shop:
    """Her shop, looking as on its first day."""
    opened.api("PATCH", "/settings/appearance", json=FIRST_DAY)
    for image in opened.api("GET", "/images").json()["items"]:
        opened.api("DELETE", f"/images/{image['id']}")
    return opened


def a_picture(size=(800, 200), colour="#0d4a5b") -> dict:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return {"name": "banner.png", "mimeType": "image/png", "buffer": file.getvalue()}


def save(page: Page) -> None:
    """With a script nothing has to be pressed."""
    button = page.get_by_role("button", name="Speichern", exact=True)
    if button.count():
        button.click()


def stored(shop: Shop) -> dict:
    return dict(shop.api("GET", "/settings/appearance").json())


def editor(page: Page):
    return page.get_by_role("textbox", name="Begrüßung")


def tool(page: Page, name: str):
    return page.get_by_role("toolbar").get_by_role("button", name=name)


def state(page: Page, field: str):
    return page.locator(f"#{field} .field-state")


# --- With and without scripts


def test_an_uploaded_image_is_chosen_and_stands_above_the_portal_page(page, jana):
    open_office(page, jana, TAB)
    page.locator("#file").set_input_files([a_picture()])
    upload = page.get_by_role("button", name="Hochladen", exact=True)
    if upload.count():
        upload.click()

    expect(page.locator(".image-choice img")).to_be_visible()
    expect(page.get_by_label("Logo oder Banner")).to_have_value(str(stored(jana)["image"]))
    expect(state(page, "image")).to_contain_text("Gespeichert")
    page.goto(jana.put_order("1", **ORDER))
    expect(page.locator(".shop-sign img")).to_be_visible()


def test_what_is_no_image_is_told_beside_the_field(page, jana):
    open_office(page, jana, TAB)
    page.locator("#file").set_input_files([{"name": "x.png", "mimeType": "image/png", "buffer": b"no picture"}])
    upload = page.get_by_role("button", name="Hochladen", exact=True)
    if upload.count():
        upload.click()

    expect(page.locator("#file-error")).to_contain_text("Diese Datei ist kein Bild")
    assert stored(jana)["image"] is None


def test_an_image_goes_unless_it_is_in_use(page, jana):
    for picture in (a_picture(), a_picture(colour="#ffffff")):
        file = {"file": (picture["name"], picture["buffer"], "image/png")}
        last = jana.api("POST", "/images", files=file).json()["id"]
    jana.api("PATCH", "/settings/appearance", json={"image": last})
    open_office(page, jana, TAB)
    page.get_by_text("Alle Bilder").click()

    expect(page.locator(".image-shelf li")).to_have_count(2)
    page.get_by_role("button", name="banner.png löschen").click()
    expect(page.get_by_role("button", name="Bild behalten")).to_be_focused()
    page.get_by_role("button", name="Bild löschen").click()
    page.get_by_text("Alle Bilder").click()
    expect(page.locator(".image-shelf li")).to_have_count(1)
    expect(page.locator(".image-shelf")).to_contain_text("In Verwendung")


def test_a_colour_that_is_none_keeps_what_was_typed_and_what_was_stored(page, jana):
    open_office(page, jana, TAB)
    colour = page.get_by_label("Akzentfarbe", exact=True)
    colour.fill("#0d596")
    colour.press("Tab")
    save(page)

    expect(page.locator("#accent_colour .field-error")).to_contain_text("#0d596d")
    expect(page.locator("#accent_colour .accent-proof")).to_contain_text("Zuletzt gespeichert: #0b5e6e.")
    expect(page.get_by_label("Akzentfarbe", exact=True)).to_have_value("#0d596")
    assert stored(jana)["accent_colour"] == "#0b5e6e"


def test_a_colour_that_cannot_be_read_is_taken_and_moved(page, jana):
    open_office(page, jana, TAB)
    colour = page.get_by_label("Akzentfarbe", exact=True)
    colour.fill("#ffe600")
    colour.press("Tab")
    save(page)

    expect(page.locator("#accent_colour .accent-proof")).to_contain_text("Für Verweise nehmen wir ein dunkleres Gelb.")
    expect(page.locator("#accent_colour .accent-proof")).to_contain_text("Dunkle Schrift darauf erreicht")
    assert stored(jana)["accent_colour"] == "#ffe600"


def test_a_chosen_order_is_shown_as_its_customer_sees_it(page, jana):
    jana.put_order("1", **ORDER)
    open_office(page, jana, TAB)
    page.get_by_label("Gezeigte Bestellung").select_option("3123456789, Erika Mustermann")
    show = page.locator("form:has(#preview-order) button")
    if show.count():
        show.click()

    expect(page.locator("#preview")).to_contain_text("So sieht Erika Mustermann die Bestellung 3123456789.")
    expect(page.frame_locator("#preview-frame").locator("h1")).to_contain_text("3123456789")


def test_without_scripts_the_source_is_the_field(open_page, jana):
    page = open_page(java_script_enabled=False)
    open_office(page, jana, TAB)

    expect(page.get_by_role("toolbar")).to_be_hidden()
    source = editor(page)
    source.fill("<p onclick=evil()>Hallo <b>{UserName}</b> {Nix}</p><script>evil()</script>")
    save(page)

    expect(state(page, "greeting_html")).to_contain_text("Gespeichert")
    expect(source).to_have_value("<p>Hallo <b>{UserName}</b> {Nix}</p>")
    expect(page.locator(".field-note")).to_contain_text("{Nix} ist kein bekannter Platzhalter")


# --- The editor


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def page(open_page, request):
    """Jana's phone; the test fails on any message but that something was refused."""
    page = open_page(viewport={"width": 390, "height": 844}, java_script_enabled=request.param)
    said = complaints(page)
    yield page
    assert said == []


@pytest.fixture
def office(open_page, jana):
    """The tab in a browser with scripts; the test fails on any message in its console."""
    page = open_page(viewport={"width": 1280, "height": 1000})
    said = complaints(page)
    open_office(page, jana, TAB)
    yield page
    assert said == []


def test_what_is_typed_and_formatted_is_saved_and_previewed(office, jana):
    editor(office).click()
    office.keyboard.press("Control+A")
    office.keyboard.type("Moin ")
    tool(office, "Fett").click()
    expect(tool(office, "Fett")).to_have_attribute("aria-pressed", "true")
    office.keyboard.type("lieb")
    tool(office, "Fett").click()
    tool(office, "{UserName} einfügen").click()

    expect(state(office, "greeting_html")).to_contain_text("Gespeichert")
    greeting = office.frame_locator("#preview-frame").locator(".greeting")
    expect(greeting).to_contain_text("Moin liebErika Mustermann")
    assert "<b>lieb</b>" in stored(jana)["greeting_html"]
    assert "{UserName}" in stored(jana)["greeting_html"]


def test_every_tool_does_what_it_says(office, jana):
    editor(office).click()
    office.keyboard.press("Control+A")
    office.keyboard.type("Wort")
    for name, tag in (("Kursiv", "i"), ("Unterstrichen", "u"), ("Aufzählung", "ul"), ("Nummerierte Liste", "ol")):
        office.keyboard.press("Control+A")
        tool(office, name).click()
        expect(editor(office).locator(tag)).to_contain_text("Wort")
        expect(tool(office, name)).to_have_attribute("aria-pressed", "true")
    office.keyboard.press("Control+A")
    tool(office, "Verweis").click()
    office.get_by_label("Adresse des Verweises").fill("naehwerk.example/hilfe")
    office.get_by_role("button", name="Verweis setzen").click()
    link = editor(office).locator("a").filter(has_text="Wort")
    expect(link).to_have_attribute("href", "https://naehwerk.example/hilfe")
    office.keyboard.press("Control+A")
    tool(office, "Verweis").click()
    expect(office.get_by_label("Adresse des Verweises")).to_have_value("https://naehwerk.example/hilfe")
    office.get_by_role("button", name="Verweis entfernen").click()
    expect(editor(office).locator("a")).to_have_count(0)
    office.keyboard.press("Control+A")
    tool(office, "Formatierung entfernen").click()
    expect(editor(office).locator("i, u")).to_have_count(0)


def test_the_source_is_the_same_text_there_and_back(office, jana):
    tool(office, "HTML-Quelltext").click()
    source = office.locator("#greeting_html textarea")
    expect(source).to_be_visible()
    expect(editor(office).and_(office.locator("[contenteditable]"))).to_be_hidden()
    expect(tool(office, "Fett")).to_be_disabled()
    expect(office.get_by_text("Im Quelltext ruhen diese Werkzeuge")).to_be_visible()
    source.fill('<p>Hallo <strong>du</strong></p><ul><li>eins</li></ul><img src=x onerror="alert(1)">')
    tool(office, "HTML-Quelltext").click()

    expect(office.locator(".editor-text b, .editor-text strong")).to_have_text("du")
    expect(office.locator(".editor-text img")).to_have_count(0)
    expect(state(office, "greeting_html")).to_contain_text("Gespeichert")
    assert stored(jana)["greeting_html"] == "<p>Hallo <strong>du</strong></p><ul><li>eins</li></ul>"


def test_the_source_is_kept_whatever_happens_to_the_hidden_text(office, jana):
    editor(office).click()
    office.keyboard.press("Control+A")
    office.keyboard.type("alt")
    expect(state(office, "greeting_html")).to_contain_text("Gespeichert")
    sent: list[str] = []
    office.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    tool(office, "HTML-Quelltext").click()
    office.wait_for_timeout(1200)
    assert sent == []

    source = office.locator("#greeting_html textarea")
    source.fill("<p>neu</p>")
    office.evaluate("document.querySelector('.editor-text').firstElementChild.setAttribute('data-gramm', 'true')")
    office.wait_for_timeout(1000)
    expect(source).to_have_value("<p>neu</p>")
    office.locator("h1").click()

    expect(state(office, "greeting_html")).to_contain_text("Gespeichert")
    office.wait_for_timeout(1000)
    assert stored(jana)["greeting_html"] == "<p>neu</p>"


def test_what_is_typed_is_sent_once_when_the_source_is_opened(office):
    sent: list[str] = []
    office.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    editor(office).click()
    office.keyboard.press("Control+End")
    office.keyboard.type("!")
    tool(office, "HTML-Quelltext").click()
    office.wait_for_timeout(1500)

    assert len(sent) == 1


def test_an_unknown_placeholder_is_named_while_one_types(office):
    editor(office).click()
    office.keyboard.press("Control+End")
    office.keyboard.type(" {Lieferdatum}")

    expect(office.locator(".field-note")).to_contain_text("{Lieferdatum} ist kein bekannter Platzhalter")


def test_nothing_typed_while_a_save_is_under_way_is_lost(office, jana):
    def slowly(route: Route) -> None:
        sleep(0.4)
        route.continue_()

    office.route(f"**{TAB}", slowly)
    editor(office).click()
    office.keyboard.press("Control+A")
    office.keyboard.type("eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf", delay=60)
    office.locator("h1").click()

    expect(state(office, "greeting_html")).to_contain_text("Gespeichert")
    office.wait_for_timeout(1200)
    assert stored(jana)["greeting_html"] == "<p>eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf</p>"
    expect(editor(office)).to_have_text("eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf")


def test_the_toolbar_is_one_stop_and_arrows_move_in_it(office):
    office.locator("#file").focus()
    office.keyboard.press("Tab")  # summary
    while office.evaluate("document.activeElement.closest('tool-bar') === null"):
        office.keyboard.press("Tab")
    expect(tool(office, "Fett")).to_be_focused()
    office.keyboard.press("ArrowRight")
    expect(tool(office, "Kursiv")).to_be_focused()
    office.keyboard.press("End")
    expect(tool(office, "HTML-Quelltext")).to_be_focused()
    office.keyboard.press("ArrowRight")
    expect(tool(office, "Fett")).to_be_focused()
    office.keyboard.press("Tab")
    expect(editor(office)).to_be_focused()


def test_the_browsers_own_choice_of_colours_saves_the_field(office, jana):
    office.get_by_label("Akzentfarbe wählen").fill("#8a1c4a")

    expect(state(office, "accent_colour")).to_contain_text("Gespeichert")
    expect(office.get_by_label("Akzentfarbe", exact=True)).to_have_value("#8a1c4a")
    assert stored(jana)["accent_colour"] == "#8a1c4a"


def test_the_preview_looks_again_once_a_change_and_no_more(office):
    asked: list[str] = []
    office.on("request", lambda request: asked.append(request.url))
    colour = office.get_by_label("Akzentfarbe", exact=True)
    colour.fill("#8a1c4a")
    colour.press("Tab")
    expect(state(office, "accent_colour")).to_contain_text("Gespeichert")
    office.wait_for_timeout(1500)

    assert len([url for url in asked if "/preview?" in url]) == 1
    assert len([url for url in asked if url.endswith(TAB)]) <= 3


def test_an_image_that_is_too_large_is_told_before_it_is_sent(office, tmp_path: Path):
    large = tmp_path / "gross.png"
    large.write_bytes(bytes(5 * 1024 * 1024 + 1))
    asked: list[str] = []
    office.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    office.locator("#file").set_input_files(large)

    expect(office.locator("#file-error")).to_contain_text("mehr als 5 MB")
    assert asked == []


@pytest.mark.screens
@on_screens
def test_everybody_can_use_the_tab(open_page, jana, scheme, width):
    page = open_page(color_scheme=scheme, viewport={"width": width, "height": 900})
    jana.api("PATCH", "/settings/appearance", json={"greeting_html": "<p>{UserName} {Nix}</p>"})
    open_office(page, jana, TAB)
    page.get_by_label("Akzentfarbe", exact=True).fill("rot")
    page.get_by_label("Akzentfarbe", exact=True).press("Tab")
    expect(page.locator("#accent_colour .field-error")).to_be_visible()
    tool(page, "Verweis").click()

    found = Axe().run(page)
    assert found.response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
