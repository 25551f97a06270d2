"""Images are kept as they were drawn anew, and shown under an address that changes with them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image as Drawing
from sqlalchemy import select, text

from db.activity import Activity
from db.engine import Database
from db.images import Image
from db.settings import AppearanceSettings
from pdfkit.outcome import Picture
from portal import backup, dossiers, images, order_imports, settings
from portal.backup import Shop
from portal.house import House
from portal.images import NewImage, ShownImage
from portal.refusals import Conflict, Invalid, NotFound
from portal.restore import restore
from portal.settings import AppearanceChange
from tests.factories import NOON, SHOP, an_imported_order


def a_png(width: int = 40, height: int = 20, colour: str = "red") -> bytes:
    held = BytesIO()
    Drawing.new("RGB", (width, height), colour).save(held, "PNG")
    return held.getvalue()


def a_new_image(content: bytes = b"drawn", **facts) -> NewImage:
    picture = Picture(facts.get("width", 1600), facts.get("height", 400), facts.get("media_type", "image/png"))
    return NewImage(name=facts.get("name", "banner.png"), picture=picture, content=content)


async def add(database: Database, new: NewImage) -> Image:
    async with database.writing() as session:
        return await images.add(new, session, SHOP)


async def choose(database: Database, image: int | None) -> None:
    async with database.writing() as session:
        await settings.change(AppearanceSettings, AppearanceChange(image=image), session, SHOP)


async def test_what_is_kept_is_drawn_anew_and_nothing_of_the_upload_stays(house: House):
    uploaded = a_png() + b"<script>alert(1)</script>"

    new = await images.looked_through(uploaded, "banner.png", house.child, house.scratch)
    row = await add(house.database, new)

    assert (row.width, row.height, row.media_type) == (40, 20, "image/png")
    assert b"script" not in new.content
    assert row.sha256 == hashlib.sha256(new.content).hexdigest()
    assert (row.uploaded_at, row.uploaded_by) == (NOON, "key:shop")
    assert not list(house.scratch.iterdir())


async def test_what_is_none_is_refused_with_its_cause(house: House):
    with pytest.raises(Invalid) as refused:
        await images.looked_through(b"<svg/>", "x.png", house.child, house.scratch)

    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("#/file", "kind-not-accepted")]
    assert not list(house.scratch.iterdir())


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Bänner 1.png", "Bänner 1.png"),
        ("C:\\Users\\Erika\\logo.png", "logo.png"),
        ("../../etc/passwd", "passwd"),
        ("evil\u202egnp.exe\x00\n.png", "evilgnp.exe.png"),
        ("", "image"),
        ("///", "image"),
        ("a" * 5000, "a" * 200),
    ],
)
def test_a_name_is_only_its_last_part_and_only_what_can_be_seen(name: str, shown: str):
    assert images.plain_name(name) == shown


async def test_other_bytes_have_another_address(database: Database):
    one, other = await add(database, a_new_image(b"one")), await add(database, a_new_image(b"other"))

    assert images.address(one).split("-")[1] != images.address(other).split("-")[1]
    assert images.address(one).endswith(".png")
    assert images.address(await add(database, a_new_image(media_type="image/jpeg"))).endswith(".jpg")


async def test_an_address_gives_the_bytes_and_any_other_spelling_nothing(database: Database):
    row = await add(database, a_new_image(b"the pixels"))
    name = images.address(row).removeprefix("/images/")
    number, _, rest = name.partition("-")

    async with database.reading() as session:
        assert (await images.at(name, session)).content == b"the pixels"
        for wrong in (
            f"0{name}",
            f"{number}-{rest.upper()}",
            f"{number}-{'0' * 16}.png",
            f"{number}-{rest.replace('.png', '.jpg')}",
            f"{number}-{rest.replace('.png', '.svg')}",
            f"{int(number) + 1}-{rest}",
            f"{10**30}-{rest}",
            f"{name}\n",
            f"١-{rest}",
            number,
            "",
        ):
            with pytest.raises(NotFound):
                await images.at(wrong, session)


async def test_a_list_does_not_read_the_pixels(database: Database):
    await add(database, a_new_image(name="older.png"))
    await add(database, a_new_image(name="newer.png"))

    async with database.reading() as session:
        rows = await images.every(session)

    assert [row.name for row in rows] == ["newer.png", "older.png"]
    assert all("content" not in row.__dict__ for row in rows)


async def test_the_image_above_the_portal_cannot_be_removed_until_another_stands_there(database: Database):
    row = await add(database, a_new_image())
    await choose(database, row.id)

    with pytest.raises(Conflict):
        async with database.writing() as session:
            await images.remove(await images.one(row.id, session), session, SHOP)
    await choose(database, None)
    async with database.writing() as session:
        await images.remove(await images.one(row.id, session), session, SHOP)

    async with database.reading() as session:
        assert await images.every(session) == []
        kinds = list(await session.scalars(select(Activity.kind)))
    assert kinds == ["image_uploaded", "settings_changed", "settings_changed", "image_removed"]


async def test_an_image_that_is_not_there_cannot_be_chosen(database: Database):
    with pytest.raises(Invalid) as refused:
        await choose(database, 77)

    assert [fault.code for fault in refused.value.faults] == ["unknown-image"]


async def test_the_dossier_shows_the_chosen_image(database: Database):
    row = await add(database, a_new_image())
    async with database.writing() as session:
        order, _ = await order_imports.put(order_imports.Key("shop", "1"), an_imported_order(), session, SHOP)

    async def shown() -> ShownImage | None:
        async with database.reading() as session:
            return (await dossiers.of(order.id, session)).appearance.image

    assert await shown() is None
    await choose(database, row.id)
    assert await shown() == ShownImage(url=images.address(row), width=1600, height=400)


async def test_every_change_of_an_image_is_counted(database: Database):
    async def version() -> int:
        async with database.reading() as session:
            return int((await session.execute(text("SELECT version FROM shop_version"))).scalar_one())

    counts = [await version()]
    row = await add(database, a_new_image())
    counts.append(await version())
    await choose(database, row.id)
    counts.append(await version())
    await choose(database, None)
    async with database.writing() as session:
        await images.remove(await images.one(row.id, session), session, SHOP)
    counts.append(await version())

    assert counts == sorted(set(counts))


async def test_a_backup_holds_the_images(database: Database, tmp_path):
    row = await add(database, a_new_image(b"the pixels"))
    name = images.address(row).removeprefix("/images/")
    shop = Shop(data=database.path.parent, database=database.path, keys_inside=True, version="0.1.0")
    await backup.save(shop, tmp_path / "shop.tar.gz", datetime.now(UTC))

    await restore(tmp_path / "shop.tar.gz", tmp_path / "again", database.path.name)

    again = Database(tmp_path / "again" / database.path.name)
    async with again.reading() as session:
        assert (await images.at(name, session)).content == b"the pixels"
    await again.close()
