"""What every storage elsewhere does alike: S3 and WebDAV as real servers, the three services as stand-ins."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest

from db.storages import StorageKind
from integrations.clouds import Clouds
from integrations.clouds.wire import Answer, Ask, Wire
from portal.byte_ranges import BytesChangedError
from portal.storages import FileMissing, Storage, StorageUnavailable
from tests.integrations.clouds.drives import CLIENT_ID, CLIENT_SECRET, Drives
from tests.integrations.clouds.servers import PASSWORD, USER, anybody, dav, moto

BOOK = bytes(range(251)) * 4000
SIZE = re.compile(rb'"size": "?[0-9]+"?, |<[^<>]*getcontentlength>[0-9]+</[^<>]*getcontentlength>')
ODD_NAMES = ["Bente „A4“.pdf", 'it\'s "quoted".pdf', "😀 ü + %20 #1?.pdf", "a&b=c;d.pdf", "back\\slash.pdf"]
EVERY_KIND = [kind for kind in StorageKind if kind is not StorageKind.LOCAL]


@dataclass
class Place:
    """A storage whose root is the folder `shop/files` of its server."""

    kind: StorageKind
    storage: Storage
    put: Callable[[str, bytes], object]
    remove: Callable[[str], object]


@pytest.fixture(params=EVERY_KIND)
async def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Place]:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "test")
    with ExitStack() as stack:
        kind: StorageKind = request.param
        clouds, options, put, remove = {StorageKind.S3: at_s3, StorageKind.WEBDAV: at_webdav}.get(kind, at_a_drive)(
            stack, tmp_path
        )
        yield Place(kind, clouds.openers()[kind](options), put, remove)
        await clouds.close()


def at_s3(stack: ExitStack, _folder: Path):
    origin = stack.enter_context(moto())
    client = boto3.client("s3", endpoint_url=origin, region_name="us-east-1")
    client.create_bucket(Bucket="shop")
    client.put_object(Bucket="shop", Key="elsewhere.pdf", Body=b"not of the shop")
    options = {
        "endpoint": origin, "bucket": "shop", "prefix": "/files/", "access_key_id": "a", "secret_access_key": "b",
    }  # fmt: skip
    return (
        Clouds(),
        options,
        lambda path, content: client.put_object(Bucket="shop", Key=f"files/{path}", Body=content),
        lambda path: client.delete_object(Bucket="shop", Key=f"files/{path}"),
    )


def at_webdav(stack: ExitStack, folder: Path):
    origin = stack.enter_context(dav(folder))
    (folder / "shop" / "files").mkdir(parents=True)
    (folder / "shop" / "elsewhere.pdf").write_bytes(b"not of the shop")

    def put(path: str, content: bytes) -> None:
        place = folder / "shop" / "files" / path
        place.parent.mkdir(exist_ok=True)
        place.with_suffix(".new").write_bytes(content)
        place.with_suffix(".new").replace(place)

    options = {"endpoint": f"{origin}/", "username": USER, "password": PASSWORD, "root": "shop/files"}
    return Clouds(), options, put, lambda path: (folder / "shop" / "files" / path).unlink()


def at_a_drive(stack: ExitStack, _folder: Path):
    drives = Drives(stack.enter_context(anybody()))
    drives.files["shop/elsewhere.pdf"] = b"not of the shop"
    options = {
        "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": "refresh-1", "root": "shop/files",
    }  # fmt: skip
    return (
        Clouds(drives.services()),
        options,
        lambda path, content: drives.files.update({f"shop/files/{path}": content}),
        lambda path: drives.files.pop(f"shop/files/{path}"),
    )


async def read(storage: Storage, path: str, start: int = 0, end: int | None = None) -> bytes:
    content = await storage.open(path)
    try:
        return b"".join([piece async for piece in content.read(start, content.size if end is None else end)])
    finally:
        await content.close()


async def test_a_folder_is_listed_page_by_page_with_folders_first(place: Place, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "2")
    for name in ("b.pdf", "A.pdf", "c.pdf", "deep/er.pdf", "z.zip"):
        place.put(name, name.encode() * 3)

    root = await place.storage.entries("")
    below = await place.storage.entries("deep")

    assert [(each.path, each.is_folder, each.size) for each in root] == [
        ("deep", True, 0), ("A.pdf", False, 15), ("b.pdf", False, 15), ("c.pdf", False, 15), ("z.zip", False, 15),
    ]  # fmt: skip
    assert [(each.path, each.name) for each in below] == [("deep/er.pdf", "er.pdf")]


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_odd_names_are_names_like_others(place: Place, name: str):
    place.put(name, b"pattern")

    listed = [each.path for each in await place.storage.entries("")]
    found = await place.storage.stat(name)

    assert listed == [name]
    assert (found.path, found.name, found.size) == (name, name, 7)
    assert await read(place.storage, name) == b"pattern"


async def test_listing_and_looking_agree_on_the_version_until_the_bytes_change(place: Place):
    place.put("bente.pdf", BOOK)
    [listed] = await place.storage.entries("")
    found = await place.storage.stat("bente.pdf")
    opened = await place.storage.open("bente.pdf")

    place.put("bente.pdf", BOOK[:-1] + b"!")

    assert listed.version == found.version == opened.version != ""
    assert (await place.storage.stat("bente.pdf")).version != found.version


@pytest.mark.parametrize(("start", "end"), [(0, 1), (0, len(BOOK)), (77, 500_000), (len(BOOK) - 1, len(BOOK)), (5, 5)])
async def test_any_part_is_read_exactly(place: Place, start: int, end: int):
    place.put("bente.pdf", BOOK)

    assert await read(place.storage, "bente.pdf", start, end) == BOOK[start:end]


async def test_an_empty_file_is_read_without_asking(place: Place):
    place.put("empty.pdf", b"")

    assert await read(place.storage, "empty.pdf") == b""


@pytest.mark.parametrize(
    "other", [BOOK[::-1], BOOK[:1000], BOOK * 2, b""], ids=["changed", "shrunk", "grown", "emptied"]
)
async def test_a_file_that_changes_after_it_was_opened_is_not_delivered(place: Place, other: bytes):
    place.put("bente.pdf", BOOK)
    content = await place.storage.open("bente.pdf")
    place.put("bente.pdf", other)

    with pytest.raises(BytesChangedError):
        async for piece in content.read(10, content.size):
            raise AssertionError(f"{len(piece)} bytes of another version")


async def test_a_file_that_vanishes_after_it_was_opened_is_told_as_changed(place: Place):
    place.put("bente.pdf", BOOK)
    content = await place.storage.open("bente.pdf")
    place.remove("bente.pdf")

    with pytest.raises(BytesChangedError):
        await anext(content.read(0, content.size))


@pytest.mark.parametrize(
    "path",
    [
        "missing.pdf",
        "missing/er.pdf",
        "../elsewhere.pdf",
        "deep/../../elsewhere.pdf",
        "/etc/passwd",
        "",
        ".",
        "deep",
        "a//b",
    ],
)
async def test_what_is_not_there_or_leads_out_is_missing(place: Place, path: str):
    place.put("deep/er.pdf", b"x")

    for deed in (place.storage.stat, place.storage.open):
        with pytest.raises(FileMissing):
            await deed(path)


@pytest.mark.parametrize("path", ["missing", "..", "deep/..", "../shop"])
async def test_folders_that_are_not_there_or_lead_out_are_missing(place: Place, path: str):
    place.put("deep/er.pdf", b"x")

    with pytest.raises(FileMissing):
        await place.storage.entries(path)


async def test_a_file_of_unknown_length_is_not_taken_for_an_empty_one(place: Place, monkeypatch: pytest.MonkeyPatch):
    """Whoever bought it would get nothing, and never a word why."""
    place.put("bente.pdf", BOOK)
    told = Wire.ask

    async def silent_about_length(wire: Wire, ask: Ask) -> Answer:
        answer = await told(wire, ask)
        headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
        return Answer(answer.status, headers, SIZE.sub(b"", answer.content))

    monkeypatch.setattr(Wire, "ask", silent_about_length)

    for deed in (place.storage.stat, place.storage.open):
        with pytest.raises(StorageUnavailable):
            await deed("bente.pdf")


async def test_nothing_of_it_lies_on_this_machine(place: Place):
    assert place.storage.local_path("bente.pdf") is None
