"""What lies in a storage elsewhere reaches the customer as if it lay here: whole, in parts, stamped, or not at all."""

from __future__ import annotations

import io
import os
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import boto3
import pikepdf
import pytest
from sqlalchemy import func, select

from db.downloads import Download
from db.storages import StorageKind
from portal import storages
from portal.activity import By
from portal.storages import NewStorage
from tests.integrations.clouds.servers import PASSWORD, USER, Ask, anybody, dav, moto
from tests.routes.customer.conftest import Running, Sale, _a_pdf, sell

EXTRAS = b"PK" + bytes(range(251)) * 8000
FROM_HERE = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Elsewhere:
    """A storage named `files`, which the sale's articles refer to."""

    kind: StorageKind
    options: dict[str, str]
    folder: Path | None = None

    def put(self, name: str, content: bytes) -> None:
        if self.folder:
            place = self.folder / name
            later = place.stat().st_mtime + 2 if place.exists() else time.time()
            place.write_bytes(content)
            os.utime(place, (later, later))  # WsgiDAV's tags know whole seconds
        else:
            _s3(self.options["endpoint"]).put_object(Bucket="shop", Key=name, Body=content)


def _s3(origin: str):
    return boto3.client(
        "s3", endpoint_url=origin, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )


@pytest.fixture(params=[StorageKind.S3, StorageKind.WEBDAV])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Elsewhere]:
    if request.param is StorageKind.S3:
        with moto() as origin:
            _s3(origin).create_bucket(Bucket="shop")
            options = {"endpoint": origin, "bucket": "shop", "access_key_id": "a", "secret_access_key": "b"}
            yield Elsewhere(StorageKind.S3, options)
        return
    folder = tmp_path / "dav"
    folder.mkdir()
    with dav(folder) as origin:
        options = {"endpoint": origin, "username": USER, "password": PASSWORD}
        yield Elsewhere(StorageKind.WEBDAV, options, folder)


@pytest.fixture
async def sale(tresen: Running, elsewhere: Elsewhere) -> AsyncIterator[Sale]:
    elsewhere.put("bente.pdf", _a_pdf())
    elsewhere.put("extras.zip", EXTRAS)
    async with tresen.house.database.writing() as session:
        new = NewStorage(name="files", kind=elsewhere.kind, options=elsewhere.options)
        await storages.add(new, tresen.house.storages, session, By("test", datetime.now(UTC)))
    yield await sell(tresen, "1")


async def started(tresen: Running, sale: Sale, file: int) -> str:
    answer = await tresen.client.post(f"{sale.link}/files/{file}/downloads", headers=FROM_HERE)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def spent(tresen: Running) -> int:
    async with tresen.house.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(Download)) or 0


async def test_a_file_is_delivered_whole_and_resumed_to_the_same_bytes(tresen: Running, sale: Sale):
    address = await started(tresen, sale, sale.extras)

    whole = await tresen.client.get(address)
    begun = await tresen.client.get(address, headers={"Range": "bytes=0-99999"})
    rest = await tresen.client.get(address, headers={"Range": "bytes=100000-", "If-Range": begun.headers["etag"]})
    head = await tresen.client.head(address)

    assert whole.content == EXTRAS
    assert (begun.status_code, rest.status_code) == (206, 206)
    assert begun.content + rest.content == EXTRAS
    assert head.headers["content-length"] == str(len(EXTRAS))
    assert await spent(tresen) == 1


async def test_a_pdf_is_stamped_and_its_original_leaves_no_trace_here(tresen: Running, sale: Sale):
    address = await started(tresen, sale, sale.pattern)

    first = await tresen.client.get(address)
    again = await tresen.client.get(address, headers={"Range": "bytes=10-"})

    with pikepdf.open(io.BytesIO(first.content)) as paper:
        assert len(paper.pages) == 1
    assert first.content != _a_pdf()
    assert first.content[10:] == again.content
    assert [each.suffix for each in kept(tresen)] == [".pdf"], "the stamped copy alone"


async def test_an_untouched_file_never_lies_on_this_disk(tresen: Running, sale: Sale):
    await tresen.client.get(await started(tresen, sale, sale.extras))

    assert kept(tresen) == []


def kept(tresen: Running) -> list[Path]:
    """The files of the cache, but for the mark of the machine's start."""
    return [each for each in tresen.config.cache.rglob("*") if each.is_file() and each.name != "stamped.boot"]


async def test_a_replaced_file_ends_the_address_and_gives_the_download_back(
    tresen: Running, sale: Sale, elsewhere: Elsewhere
):
    address = await started(tresen, sale, sale.extras)
    elsewhere.put("extras.zip", EXTRAS[::-1])

    old = await tresen.client.get(address)
    new = await tresen.client.get(await started(tresen, sale, sale.extras))

    assert old.status_code == 410
    assert new.content == EXTRAS[::-1]
    assert 'data-downloads-left="4"' in (await tresen.client.get(sale.link)).text


async def test_a_file_that_is_gone_is_told_and_spends_nothing(tresen: Running, sale: Sale, elsewhere: Elsewhere):
    if elsewhere.folder:
        (elsewhere.folder / "extras.zip").unlink()
    else:
        _s3(elsewhere.options["endpoint"]).delete_object(Bucket="shop", Key="extras.zip")

    answer = await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads", headers=FROM_HERE)

    assert 'data-refusal="file-missing"' in answer.text
    assert await spent(tresen) == 0


def _answering(content: bytes):
    """What an S3 says while all is well."""
    told = {"ETag": '"one"', "Last_Modified": "Sat, 28 Nov 2026 12:00:00 GMT"}

    def answer(ask: Ask) -> None:
        if ask.command == "GET":
            ask.say_part(content, **told)
        else:
            ask.say(200, Content_Length=str(len(content)), **told)

    return answer


@pytest.mark.parametrize("status", [403, 404, 503])
async def test_a_storage_in_trouble_is_told_and_nothing_unstamped_leaves(tresen: Running, status: int):
    """It answers while the files are linked, and does not when a customer comes."""
    pdf = _a_pdf()
    with anybody() as server:
        server.answers = _answering(pdf)
        options = {"endpoint": server.origin, "bucket": "shop", "access_key_id": "a", "secret_access_key": "b"}
        async with tresen.house.database.writing() as session:
            new = NewStorage(name="files", kind=StorageKind.S3, options=options)
            await storages.add(new, tresen.house.storages, session, By("test", datetime.now(UTC)))
        sale = await sell(tresen, "1")
        server.answers = lambda ask: ask.say(status)

        for file in (sale.pattern, sale.extras):
            answer = await tresen.client.post(f"{sale.link}/files/{file}/downloads", headers=FROM_HERE)
            told = (
                'data-refusal="file-missing"' if status == 404 else "Das Lager des Shops ist gerade nicht erreichbar."
            )
            assert answer.status_code == 503
            assert told in answer.text
            assert b"%PDF" not in answer.content
    assert await spent(tresen) == 0
