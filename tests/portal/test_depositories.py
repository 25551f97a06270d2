"""What takes something in shows it whole or not at all; parts are signed each, and a broken one leaves none."""

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import boto3
import pytest

from db.storages import StorageKind
from integrations.clouds import Clouds, s3
from portal.depositories import Depository
from portal.storages import FileMissing, Storage, StorageUnavailable, Trouble
from tests.integrations.clouds.servers import PASSWORD, USER, anybody, dav, moto

MIB = 1024 * 1024


@pytest.fixture(params=[StorageKind.S3, StorageKind.WEBDAV])
async def storage(request, tmp_path: Path, monkeypatch) -> AsyncIterator:
    monkeypatch.setattr(s3, "PART_BYTES", 5 * MIB)  # the least that S3 takes for a part but the last
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "test")
    clouds = Clouds()
    with ExitStack() as stack:
        if request.param is StorageKind.S3:
            origin = stack.enter_context(moto())
            boto3.client("s3", endpoint_url=origin, region_name="us-east-1").create_bucket(Bucket="shop")
            options = {"endpoint": origin, "bucket": "shop", "access_key_id": "a", "secret_access_key": "b"}
        else:
            (tmp_path / "dav").mkdir()
            origin = stack.enter_context(dav(tmp_path / "dav"))
            options = {"endpoint": origin, "username": USER, "password": PASSWORD}
        yield clouds.openers()[request.param](options)
        await clouds.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "archive"
    place.write_bytes(os.urandom(11 * MIB + 7))
    return place


def taking(storage: Storage) -> Depository:
    assert isinstance(storage, Depository)
    return storage


async def sum_of(storage, path: str) -> str:
    found, digest = await storage.open(path), hashlib.sha256()
    async for piece in found.read(0, found.size):
        digest.update(piece)
    return digest.hexdigest()


async def names(storage) -> list[str]:
    return [entry.name for entry in await storage.entries("")]


@pytest.mark.parametrize("size", [0, 1000, 5 * MIB, 11 * MIB + 7])
async def test_what_is_put_is_read_back_as_it_was_and_stands_alone(storage, tmp_path, size):
    (tmp_path / "one").write_bytes(os.urandom(size))

    await storage.put("a b+ü.tar.gz", tmp_path / "one")

    assert isinstance(storage, Depository)
    assert await sum_of(storage, "a b+ü.tar.gz") == hashlib.sha256((tmp_path / "one").read_bytes()).hexdigest()
    assert await names(storage) == ["a b+ü.tar.gz"]


async def test_it_is_replaced_and_removed_and_removed_once_more(storage, file, tmp_path):
    (tmp_path / "new").write_bytes(b"new")
    await storage.put("a", file)
    await storage.put("a", tmp_path / "new")

    assert await sum_of(storage, "a") == hashlib.sha256(b"new").hexdigest()
    await storage.remove("a")
    await storage.remove("a")
    assert await names(storage) == []


async def test_a_file_that_becomes_shorter_meanwhile_leaves_nothing(storage, file, monkeypatch):
    stat = Path.stat

    def longer(self, **more):
        found = stat(self, **more)
        return os.stat_result((*found[:6], found.st_size + MIB, *found[7:])) if self == file else found

    monkeypatch.setattr(Path, "stat", longer)

    with pytest.raises(OSError):
        await storage.put("a", file)
    monkeypatch.undo()
    assert await names(storage) == []


async def test_parts_that_a_killed_one_left_are_cleared_away(tmp_path, file, monkeypatch):
    monkeypatch.setattr(s3, "PART_BYTES", 5 * MIB)
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "test")
    clouds = Clouds()
    with moto() as origin:
        client = boto3.client("s3", endpoint_url=origin, region_name="us-east-1")
        client.create_bucket(Bucket="shop")
        for key in ("a", "ab"):
            client.create_multipart_upload(Bucket="shop", Key=key)
        options = {"endpoint": origin, "bucket": "shop", "access_key_id": "a", "secret_access_key": "b"}
        await taking(clouds.openers()[StorageKind.S3](options)).put("a", file)

        left = client.list_multipart_uploads(Bucket="shop").get("Uploads", [])
        await clouds.close()

    assert [upload["Key"] for upload in left] == ["ab"]


async def test_a_failure_that_comes_with_status_200_is_one(file, monkeypatch):
    monkeypatch.setattr(s3, "PART_BYTES", 5 * MIB)
    clouds = Clouds()

    def answers(ask) -> None:
        told = b"<R><UploadId>1</UploadId></R>"
        if ask.command == "POST" and "uploadId=" in ask.path:
            told = b"<Error><Code>InternalError</Code><Message>later</Message></Error>"
        ask.say(200, told)

    with anybody() as server:
        server.answers = answers
        options = {"endpoint": server.origin, "bucket": "shop", "access_key_id": "a", "secret_access_key": "b"}
        with pytest.raises(StorageUnavailable, match="InternalError"):
            await taking(clouds.openers()[StorageKind.S3](options)).put("a", file)
        await clouds.close()


@pytest.mark.parametrize(
    ("status", "raised", "trouble"),
    [(507, StorageUnavailable, Trouble.FULL), (403, StorageUnavailable, Trouble.DENIED), (409, FileMissing, None)],
)
async def test_a_webdav_that_refuses_says_why(file, status, raised, trouble):
    clouds = Clouds()

    def answers(ask) -> None:
        ask.say(status)

    with anybody() as server:
        server.answers = answers
        options = {"endpoint": server.origin, "username": USER, "password": PASSWORD}
        with pytest.raises(raised) as told:
            await taking(clouds.openers()[StorageKind.WEBDAV](options)).put("a", file)
        await clouds.close()
    assert getattr(told.value, "trouble", None) is trouble
