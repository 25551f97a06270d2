"""The tab Erscheinungsbild without a browser: what is stored, what is refused, and what never reaches a customer."""

from __future__ import annotations

import io
from html.parser import HTMLParser

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from db.activity import Activity
from db.downloads import LinkObservation
from db.settings import AppearanceSettings
from portal import greetings, images, settings
from portal.greetings import ATTRIBUTES, SCHEMES, TAGS
from portal.imported import Buyer
from tests.portal.greeting_attacks import ATTACKS
from tests.routes.admin.conftest import Browser
from tests.routes.customer.conftest import sell
from tests.views.reading import Shown

TAB = "/admin/settings/portal/appearance"


class Allowed(HTMLParser):
    """Collects whatever a greeting must not hold."""

    def __init__(self) -> None:
        super().__init__()
        self.strange: list[str] = []

    def handle_starttag(self, tag, attrs):
        if tag not in TAGS:
            self.strange.append(f"<{tag}>")
        for name, value in attrs:
            if name not in ATTRIBUTES.get(tag, set()) | {"rel", "title", "lang"}:
                self.strange.append(f"{tag} {name}")
            if name == "href" and ":" in (value or "") and value.partition(":")[0] not in SCHEMES:
                self.strange.append(value)

    def handle_decl(self, decl):
        self.strange.append(decl)

    def handle_comment(self, data):
        self.strange.append(data)

    handle_pi = unknown_decl = handle_decl


def strange_in(greeting: str) -> list[str]:
    reader = Allowed()
    reader.feed(greeting)
    reader.close()
    return reader.strange


def greeting_of(page: str) -> str:
    """The markup inside the greeting of a portal page."""
    return page.partition('<div class="greeting">')[2].partition("</div>")[0]


async def stored(jana: Browser) -> AppearanceSettings:
    async with jana.tresen.house.database.reading() as session:
        return await settings.of(AppearanceSettings, session)


async def save(jana: Browser, **typed: str) -> httpx.Response:
    """Fields as a browser sends them, each rendered with what is stored."""
    row = await stored(jana)
    seen = {f"was.{name}": "" if getattr(row, name) is None else str(getattr(row, name)) for name in typed}
    return await jana.post(TAB, typed | seen)


async def upload(jana: Browser, content: bytes, name: str = "banner.png") -> httpx.Response:
    answer = await jana.tresen.client.post(
        f"{TAB}/images",
        files={"file": (name, content, "image/png")},
        headers={"Sec-Fetch-Site": "same-origin", "Cookie": jana.cookie},
    )
    return answer


def a_picture(colour: str = "#0d4a5b") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (800, 200), colour).save(file, "PNG")
    return file.getvalue()


# --- The greeting


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=list(ATTACKS))
def test_nothing_in_a_greeting_can_act_when_it_is_saved_or_shown(attack):
    saved = greetings.clean(attack)
    shown = greetings.fill(attack, {"UserName": attack, "OrderNumber": attack, "Platform": attack})

    assert strange_in(saved) == []
    assert strange_in(shown) == []


def test_there_are_attacks_of_many_kinds():
    assert len(ATTACKS) >= 40
    assert len([attack for attack in ATTACKS.values() if strange_in(attack)]) > 0.9 * len(ATTACKS)


async def test_no_attack_gets_from_the_form_to_a_customer(jana):
    sale = await sell(jana.tresen, "1")
    for attack in ATTACKS.values():
        answer = await save(jana, greeting_html=f"<p>Moin</p>{attack}")
        assert answer.status_code == (422 if "\0" in attack else 303), attack
        assert strange_in((await stored(jana)).greeting_html) == [], attack
    await save(jana, greeting_html="<p>Moin</p>" + "".join(ATTACKS.values()).replace("\0", ""))

    for address in (sale.link, f"{TAB}/preview?order={sale.order.id}", f"{TAB}/preview"):
        page = await jana.get(address)
        assert page.status_code == 200
        assert strange_in(greeting_of(page.text)) == [], address


async def test_a_buyer_s_name_is_text_wherever_the_greeting_puts_it(jana):
    await save(jana, greeting_html='<p title="{UserName}">{UserName} <a href="https://x.example/{UserName}">x</a></p>')
    buyer = Buyer(name="\"><script>alert(1)</script><a href='javascript:alert(1)'>x")
    sale = await sell(jana.tresen, "1", buyer=buyer)

    page = await jana.get(sale.link)
    assert strange_in(greeting_of(page.text)) == []
    assert "&lt;script&gt;" in greeting_of(page.text)


@pytest.mark.parametrize("size", [100_001, 1_000_000])
async def test_a_text_that_is_too_long_is_told_so_and_kept(jana, size):
    before = (await stored(jana)).greeting_html
    text = "a" * size
    answer = await save(jana, greeting_html=text)

    assert answer.status_code == 422
    assert (await stored(jana)).greeting_html == before
    assert text in Shown(answer.text).one("textarea").text


async def test_unknown_placeholders_are_named_and_stay_as_they_were_typed(jana):
    await save(jana, greeting_html="<p>{UserName} {Lieferdatum} {orderNumber} {{Platform}}</p>")
    page = Shown((await jana.get(TAB)).text)

    note = page.one("p", class_="field-note").text
    assert "{Lieferdatum}" in note
    assert "{orderNumber}" in note
    assert "{UserName}" not in note
    assert "{Lieferdatum} {orderNumber}" in (await jana.get(f"{TAB}/preview")).text


async def test_the_preset_greeting_stands_in_the_editor(jana):
    page = Shown((await jana.get(TAB)).text)

    assert page.one("textarea").text.strip() == greetings.DEFAULT_GREETING


async def test_a_change_is_noted_with_old_and_new(jana):
    await save(jana, accent_colour="#8a1c4a")

    async with jana.tresen.house.database.reading() as session:
        rows = await session.scalars(select(Activity).where(Activity.kind == "settings_changed"))
        [noted] = [row for row in rows if row.details["section"] == "appearance_settings"]
    assert noted.actor.startswith("merchant:")
    assert (noted.details["old"], noted.details["new"]) == (
        {"accent_colour": "#0b5e6e"},
        {"accent_colour": "#8a1c4a"},
    )


# --- The colour


@pytest.mark.parametrize("colour", ["", "red", "#12345", "#1234567", "#gggggg", "rgb(1,2,3)", "#0d596d;}", "＃０d596d"])
async def test_what_is_no_colour_is_refused_beside_the_field(jana, colour):
    answer = await save(jana, accent_colour=colour)

    assert answer.status_code == 422
    assert "#0d596d" in Shown(answer.text).one("p", id="accent_colour-error").text
    assert (await stored(jana)).accent_colour == "#0b5e6e"


@pytest.mark.parametrize(
    ("colour", "told"),
    [
        ("#0d596d", ["Weiße Schrift darauf erreicht 7,9"]),
        ("#ffe600", ["Dunkle Schrift darauf erreicht", "Für Verweise nehmen wir ein dunkleres Gelb."]),
        ("#e0482e", ["Für Verweise nehmen wir ein dunkleres Rot."]),
        ("#ffffff", ["Dunkle Schrift darauf", "Für Verweise nehmen wir ein dunkleres Grau."]),
        ("#000000", ["Weiße Schrift darauf erreicht 21"]),
    ],
)
async def test_the_contrast_of_a_colour_is_told_in_words(jana, colour, told):
    assert (await save(jana, accent_colour=colour)).status_code == 303
    page = Shown((await jana.get(TAB)).text)

    proof = page.one("p", class_="hint accent-proof").text
    assert all(words in proof for words in told), proof


# --- Images


async def test_an_uploaded_image_is_the_chosen_one(jana):
    answer = await upload(jana, a_picture())

    assert (answer.status_code, answer.headers["location"]) == (303, f"{TAB}?saved=image")
    assert (await stored(jana)).image == 1
    assert "/images/1-" in (await jana.get(f"{TAB}/preview")).text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "kein Bild"),
        (b"no picture", "kein Bild"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "lassen sich nicht zeigen"),
        (a_picture()[:-200], "beschädigt"),
        (bytes(5 * 1024 * 1024 + 1), "mehr als 5 MB"),
        (bytes(7 * 1024 * 1024), "mehr als 5 MB"),
    ],
    ids=["nothing", "text", "SVG", "half of one", "too large", "far too large"],
)
async def test_what_cannot_be_shown_is_told_beside_the_field(jana, content, told):
    answer = await upload(jana, content)

    assert answer.status_code == 422
    assert told in Shown(answer.text).one("p", id="file-error").text
    assert (await stored(jana)).image is None


async def test_a_form_without_a_file_is_told_so(jana):
    answer = await jana.post(f"{TAB}/images", {"file": "banner.png"})

    assert answer.status_code == 422
    assert "zuerst ein Bild" in Shown(answer.text).one("p", id="file-error").text


async def test_an_image_in_use_stays(jana):
    await upload(jana, a_picture())
    answer = await jana.post(f"{TAB}/image-removals", {"image": "1"})

    assert answer.status_code == 409
    assert "steht über der Portalseite" in answer.text
    async with jana.tresen.house.database.reading() as session:
        assert [row.id for row in await images.every(session)] == [1]


@pytest.mark.parametrize("image", ["", "0", "99", "x", "1 ", "９", "1" * 40])
async def test_an_image_that_is_not_there_is_not_found(jana, image):
    assert (await jana.post(f"{TAB}/image-removals", {"image": image})).status_code == 404


async def test_an_image_that_went_meanwhile_cannot_be_chosen(jana):
    answer = await save(jana, image="99")

    assert answer.status_code == 422
    assert "gibt es nicht mehr" in Shown(answer.text).one("p", id="image-error").text


# --- The preview


async def test_the_preview_may_stand_in_a_frame_of_ours_and_nothing_else_may(jana):
    preview, tab = await jana.get(f"{TAB}/preview"), await jana.get(TAB)

    assert "frame-ancestors 'self'" in preview.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in tab.headers["content-security-policy"]
    assert "frame-src 'self'" in tab.headers["content-security-policy"]
    assert preview.headers["cache-control"] == "no-store"


async def test_looking_at_a_preview_is_no_visit_and_opens_nothing(jana):
    sale = await sell(jana.tresen, "1")
    page = (await jana.get(f"{TAB}/preview?order={sale.order.id}")).text
    token = sale.link.rpartition("/")[2]

    assert token not in page
    assert sale.order.number in page
    async with jana.tresen.house.database.reading() as session:
        assert list(await session.scalars(select(LinkObservation))) == []


@pytest.mark.parametrize("order", ["0", "99", "x", "-1", "1" * 40])
async def test_a_preview_of_no_order_is_not_found(jana, order):
    assert (await jana.get(f"{TAB}/preview?order={order}")).status_code == 404
    assert (await jana.get(f"{TAB}?order={order}")).status_code == 200


@pytest.mark.parametrize("path", ["", "/preview", "/images", "/image-removals"])
async def test_nobody_else_sees_or_changes_it(stranger, path):
    assert (await stranger.get(TAB + path)).status_code in (303, 405)
    assert (await stranger.post(TAB + path)).status_code in (401, 405)
