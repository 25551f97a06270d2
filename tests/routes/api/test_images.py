"""Images over the API: uploaded, listed, chosen, removed; what is none is refused with its cause."""

from __future__ import annotations

from io import BytesIO

import httpx
import pytest
from PIL import Image

from tests.routes.api.conftest import Shop
from tests.routes.api.pretend import an_order, codes

IMAGES = "/api/v1/images"
APPEARANCE = "/api/v1/settings/appearance"


def a_picture(kind: str = "PNG", width: int = 1600, height: int = 400) -> bytes:
    held = BytesIO()
    Image.new("RGB", (width, height), "#0b5e6e").save(held, kind)
    return held.getvalue()


async def upload(shop: Shop, content: bytes, name: str = "banner.png", kind: str = "image/png") -> httpx.Response:
    return await shop.call.post(IMAGES, files={"file": (name, content, kind)})


async def test_an_uploaded_image_is_told_and_can_be_seen_by_everybody(shop: Shop):
    answer = await upload(shop, a_picture(), "Bänner.png")
    told = answer.json()
    seen = await shop.stranger.get(told["url"])

    assert answer.status_code == 201
    assert told == {"id": 1, "name": "Bänner.png", "width": 1600, "height": 400, "url": told["url"]}
    assert told["url"].startswith("http://127.0.0.1:8000/images/1-")
    assert (seen.status_code, seen.headers["content-type"]) == (200, "image/png")
    assert Image.open(BytesIO(seen.content)).size == (1600, 400)
    assert (await shop.call.get(IMAGES)).json() == {"items": [told], "next_cursor": None}


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
async def test_what_the_part_says_of_its_type_counts_for_nothing(shop: Shop, kind: str):
    answer = await upload(shop, a_picture(kind), "x.exe", "text/html")

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-an-image"),
        (b"<!doctype html><script>alert(1)</script>", "not-an-image"),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "kind-not-accepted"),
        (a_picture()[:200], "damaged"),
        (a_picture() + bytes(5 * 2**20 + 1 - len(a_picture())), "too-large"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x9c\x40\x00\x00\x9c\x40\x08\x00\x00\x00\x00", "damaged"),
    ],
)
async def test_what_is_no_image_is_refused_and_nothing_is_stored(shop: Shop, content: bytes, code: str):
    answer = await upload(shop, content)

    assert (answer.status_code, codes(answer.json())) == (422, {"#/file": code})
    assert (await shop.call.get(IMAGES)).json()["items"] == []


async def test_five_megabytes_are_taken(shop: Shop):
    picture = a_picture()

    assert (await upload(shop, picture + bytes(5 * 2**20 - len(picture)))).status_code == 201


async def test_a_body_far_too_large_is_not_read_to_its_end(shop: Shop):
    answer = await upload(shop, bytes(7 * 2**20))

    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"json": {"file": "x"}}, 415),
        ({"content": a_picture(), "headers": {"Content-Type": "image/png"}}, 415),
        ({"data": {"file": "x"}}, 415),
        ({"files": {"other": ("x.png", a_picture(), "image/png")}}, 422),
        ({"files": {"file": (None, b"not a file", "text/plain")}}, 422),
        ({"files": [("file", ("1.png", a_picture())), ("file", ("2.png", a_picture()))]}, 422),
        ({"content": b"nonsense", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 400),
        ({"content": b"nonsense", "headers": {"Content-Type": "multipart/form-data"}}, 400),
        ({"content": b"", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 422),
    ],
)
async def test_any_other_body_is_refused(shop: Shop, body: dict, status: int):
    answer = await shop.call.post(IMAGES, **body)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await shop.call.get(IMAGES)).json()["items"] == []


async def test_the_portal_shows_the_image_that_was_chosen(shop: Shop):
    image = (await upload(shop, a_picture())).json()
    link = (await shop.put(an_order())).json()["portal_url"]
    assert "<img" not in (await shop.stranger.get(link)).text

    changed = await shop.call.patch(APPEARANCE, json={"image": image["id"]})
    path = image["url"].removeprefix("http://127.0.0.1:8000")

    assert changed.json()["image"] == image["id"]
    assert f'<img src="{path}"' in (await shop.stranger.get(link)).text
    assert (await shop.call.patch(APPEARANCE, json={"image": None})).json()["image"] is None
    assert "<img" not in (await shop.stranger.get(link)).text


async def test_an_image_in_use_stays_until_it_is_not(shop: Shop):
    image = (await upload(shop, a_picture())).json()
    await shop.call.patch(APPEARANCE, json={"image": image["id"]})

    assert (await shop.call.delete(f"{IMAGES}/{image['id']}")).status_code == 409
    assert (await shop.stranger.get(image["url"])).status_code == 200
    await shop.call.patch(APPEARANCE, json={"image": None})
    assert (await shop.call.delete(f"{IMAGES}/{image['id']}")).status_code == 204
    assert (await shop.call.delete(f"{IMAGES}/{image['id']}")).status_code == 404
    assert (await shop.stranger.get(image["url"])).status_code == 404


@pytest.mark.parametrize("image", ["0", "77", "x", "-1", "1.5", "9" * 30])
async def test_an_image_that_is_not_there_cannot_be_removed(shop: Shop, image: str):
    assert (await shop.call.delete(f"{IMAGES}/{image}")).status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_without_a_key_nobody_lists_or_uploads(shop: Shop, method: str):
    answer = await shop.stranger.request(method, IMAGES, files={"file": ("x.png", a_picture())})

    assert answer.status_code == 401
