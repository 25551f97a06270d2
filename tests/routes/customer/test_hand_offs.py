"""Who sends the bytes, where the operator lets others do it: rights are asked here, stamped copies never leave so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from sqlalchemy import select

from db.downloads import DownloadObservation
from db.storages import StorageKind
from portal import storages
from portal.activity import By
from portal.storages import NewStorage
from tests.integrations.clouds.servers import moto
from tests.routes.customer.conftest import Running, Sale, _a_pdf, running, sell
from tests.routes.customer.test_cloud_downloads import EXTRAS, _s3, started

PREFIX = "/tresen-files"


@pytest.fixture
async def tresen(tmp_path: Path) -> AsyncIterator[Running]:
    """Behind an nginx that sends files."""
    async with running(tmp_path / "data", TRESEN_ACCEL_PREFIX=PREFIX) as found:
        yield found


async def observed(tresen: Running) -> list[tuple[int, bool]]:
    async with tresen.house.database.reading() as session:
        rows = await session.scalars(select(DownloadObservation).order_by(DownloadObservation.id))
        return [(each.sent, each.handed_off) for each in rows]


async def test_the_web_server_is_told_which_file_to_send_under_which_name(tresen: Running, sale: Sale):
    answer = await tresen.client.get(await started(tresen, sale, sale.extras))

    assert answer.content == b""
    assert unquote(answer.headers["x-accel-redirect"]) == f"{PREFIX}{tresen.files / 'extras.zip'}"
    assert answer.headers["content-disposition"].startswith('attachment; filename="extras.zip"')
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["cache-control"] == "private, no-store"
    assert await observed(tresen) == [(2002, True)]


async def test_a_stamped_copy_is_sent_by_us(tresen: Running, sale: Sale):
    answer = await tresen.client.get(await started(tresen, sale, sale.pattern))

    assert "x-accel-redirect" not in answer.headers
    assert answer.content.startswith(b"%PDF-")


async def test_the_whole_counts_as_sent_up_to_the_cap(tresen: Running, sale: Sale):
    address = await started(tresen, sale, sale.extras)

    answers = [(await tresen.client.get(address)).status_code for _ in range(4)]
    told = (await tresen.client.get(address)).text

    assert answers == [200, 200, 200, 410]
    assert "Dieser Download wurde oft genug abgerufen" in told
    assert await observed(tresen) == [(3 * 2002, True)]


async def test_a_rest_is_sent_by_us_and_counts_as_what_was_taken(tresen: Running, sale: Sale):
    """A rest that is broken off and asked for anew again and again would else count as all of it each time."""
    address = await started(tresen, sale, sale.extras)
    await tresen.client.get(address)

    parts = [await tresen.client.get(address, headers={"Range": f"bytes={at}-"}) for at in (1900, 1950, 1990, 2000)]

    assert [part.status_code for part in parts] == [206] * 4
    assert parts[0].content == (tresen.files / "extras.zip").read_bytes()[1900:]
    assert await observed(tresen) == [(2002 + 102 + 52 + 12 + 2, True)]


async def test_a_rest_continues_what_nginx_has_begun(tresen: Running, sale: Sale):
    address = await started(tresen, sale, sale.extras)
    status = (tresen.files / "extras.zip").stat()
    tag = f'"{int(status.st_mtime):x}-{status.st_size:x}"'

    rest = await tresen.client.get(address, headers={"Range": "bytes=2000-", "If-Range": tag})
    of_another = await tresen.client.get(address, headers={"Range": "bytes=2000-", "If-Range": '"1-1"'})

    assert (rest.status_code, rest.headers["etag"], len(rest.content)) == (206, tag, 2)
    assert (of_another.status_code, len(of_another.content)) == (200, 2002)


async def test_who_asks_for_the_head_gets_it_from_us_and_nothing_is_noted(tresen: Running, sale: Sale):
    answer = await tresen.client.head(await started(tresen, sale, sale.extras))

    assert answer.headers["content-length"] == "2002"
    assert "x-accel-redirect" not in answer.headers
    assert await observed(tresen) == []


async def test_rights_are_asked_for_every_request(tresen: Running, sale: Sale):
    address = await started(tresen, sale, sale.extras)
    (tresen.files / "extras.zip").write_bytes(b"PK another edition")

    answer = await tresen.client.get(address)

    assert answer.status_code == 410
    assert "x-accel-redirect" not in answer.headers


# --- By the storage itself


@pytest.fixture
async def elsewhere(tmp_path: Path) -> AsyncIterator[tuple[Running, Sale, str]]:
    """Files in S3, whose own addresses the operator allows."""
    with moto() as origin:
        _s3(origin).create_bucket(Bucket="shop")
        for name, content in (("bente.pdf", _a_pdf()), ("extras.zip", EXTRAS)):
            _s3(origin).put_object(Bucket="shop", Key=name, Body=content)
        async with running(tmp_path / "s3", TRESEN_PRESIGN_ORIGINS=f"https://other.example.org, {origin}/") as found:
            options = {"endpoint": origin, "bucket": "shop", "access_key_id": "a", "secret_access_key": "b"}
            async with found.house.database.writing() as session:
                new = NewStorage(name="files", kind=StorageKind.S3, options=options)
                await storages.add(new, found.house.storages, session, By("test", datetime.now(UTC)))
            yield found, await sell(found, "1"), origin


async def test_the_storage_sends_it_from_an_address_of_its_own(elsewhere: tuple[Running, Sale, str]):
    tresen, sale, origin = elsewhere

    answer = await tresen.client.get(await started(tresen, sale, sale.extras))
    async with httpx.AsyncClient(trust_env=False) as browser:
        fetched = await browser.get(answer.headers["location"])

    head = await tresen.client.head(answer.request.url.path)
    assert (head.status_code, head.headers["content-length"]) == (200, str(len(EXTRAS)))
    assert answer.status_code == 302
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["location"].startswith(f"{origin}/shop/extras.zip?")
    assert fetched.content == EXTRAS
    assert fetched.headers["content-disposition"].startswith('attachment; filename="extras.zip"')
    assert await observed(tresen) == [(len(EXTRAS), True)]


async def test_its_address_may_be_reached_from_the_page_s_forms(elsewhere: tuple[Running, Sale, str]):
    tresen, sale, origin = elsewhere

    policy = (await tresen.client.get(sale.link)).headers["content-security-policy"]

    form_action = next(part for part in policy.split(";") if "form-action" in part)
    assert {origin, "https://other.example.org"} <= set(form_action.split())


async def test_a_stamped_copy_of_it_is_sent_by_us(elsewhere: tuple[Running, Sale, str]):
    tresen, sale, _ = elsewhere

    answer = await tresen.client.get(await started(tresen, sale, sale.pattern))

    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")
