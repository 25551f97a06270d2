"""Everybody may see the merchant's images, at their addresses and nowhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.images import Image
from pdfkit.outcome import Picture
from portal import images
from portal.activity import By
from portal.images import NewImage
from tests.routes.customer.conftest import Running, running


@pytest.fixture
async def tresen(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(tmp_path / "data") as found:
        yield found


async def an_image(tresen: Running, media_type: str = "image/png") -> Image:
    picture = Picture(4, 2, "image/jpeg" if media_type == "image/jpeg" else "image/png")
    async with tresen.house.database.writing() as session:
        new = NewImage(name="banner", picture=picture, content=b"the pixels")
        return await images.add(new, session, By("test", datetime.now(UTC)))


@pytest.mark.parametrize("media_type", ["image/png", "image/jpeg"])
async def test_an_image_comes_as_what_it_is_and_is_kept_for_good(tresen: Running, media_type: str):
    answer = await tresen.client.get(images.address(await an_image(tresen, media_type)))

    assert (answer.status_code, answer.content) == (200, b"the pixels")
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "set-cookie" not in answer.headers


async def test_head_tells_the_same_without_the_pixels(tresen: Running):
    address = images.address(await an_image(tresen))

    whole, head = await tresen.client.get(address), await tresen.client.head(address)

    assert (head.status_code, head.content) == (200, b"")
    told = [{name: value for name, value in each.headers.items() if name != "x-request-id"} for each in (head, whole)]
    assert told[0] == told[1]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "spelled",
    ["1", "1.png", "1-0000000000000000.png", "{address}.svg", "../up", "%2e%2e%2fup", "1-%00.png", "a" * 3000],
)
async def test_any_other_address_is_unknown(tresen: Running, method: str, spelled: str):
    address = images.address(await an_image(tresen)).removeprefix("/images/")

    answer = await tresen.client.request(method, f"/images/{spelled.replace('{address}', address)}")

    assert answer.status_code == (200 if spelled == "../up" else 404)
    assert "immutable" not in answer.headers.get("cache-control", "")


async def test_nothing_can_be_written_there(tresen: Running):
    address = images.address(await an_image(tresen))

    for method in ("POST", "PUT", "DELETE"):
        own = {"Origin": str(tresen.client.base_url)}
        assert (await tresen.client.request(method, address, headers=own)).status_code == 405
