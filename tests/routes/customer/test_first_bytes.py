"""A storage that describes a file and then refuses its bytes: the customer reads why, and pays nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, text

from db.downloads import Download
from db.storages import StorageKind
from portal import storages
from portal.activity import By
from portal.storages import NewStorage
from tests.integrations.clouds.servers import Anybody, Ask, anybody
from tests.routes.customer.conftest import Running, Sale, _a_pdf, sell

FROM_HERE = {"Sec-Fetch-Site": "same-origin"}
AWAY = "Das Lager des Shops ist gerade nicht erreichbar."


@pytest.fixture
def server() -> Iterator[Anybody]:
    with anybody() as found:
        found.answers = well
        yield found


@pytest.fixture
async def sale(tresen: Running, server: Anybody) -> Sale:
    options = {"endpoint": server.origin, "bucket": "shop", "access_key_id": "a", "secret_access_key": "b"}
    async with tresen.house.database.writing() as session:
        new = NewStorage(name="files", kind=StorageKind.S3, options=options)
        await storages.add(new, tresen.house.storages, session, By("test", datetime.now(UTC)))
    sale = await sell(tresen, "1")
    async with tresen.house.database.writing() as session:
        await session.execute(text("UPDATE file_settings SET watermark_text = ''"))
    return sale


def well(ask: Ask, status: int = 206) -> None:
    """Describes the file; its bytes come with a 206, and with nothing else."""
    told = {"ETag": '"one"', "Last_Modified": "Sat, 28 Nov 2026 12:00:00 GMT"}
    if ask.command == "HEAD":
        ask.say(200, Content_Length=str(len(_a_pdf())), **told)
    elif status == 206:
        ask.say_part(_a_pdf(), **told)
    else:
        ask.say(status)


async def spent(tresen: Running) -> int:
    async with tresen.house.database.reading() as session:
        return await session.scalar(select(func.count()).select_from(Download)) or 0


@pytest.mark.parametrize("status", [403, 404, 503])
async def test_bytes_that_are_refused_are_told_on_the_page_and_spend_nothing(
    tresen: Running, sale: Sale, server: Anybody, status: int
):
    server.answers = lambda ask: well(ask, status)

    answer = await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads", headers=FROM_HERE)

    assert answer.status_code == 503
    assert AWAY in answer.text
    assert await spent(tresen) == 0


@pytest.mark.parametrize(("status", "told"), [(403, 503), (404, 410), (503, 503)])
async def test_bytes_that_are_refused_later_get_a_page_of_their_own_and_the_download_is_given_back(
    tresen: Running, sale: Sale, server: Anybody, status: int, told: int
):
    started = await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads", headers=FROM_HERE)
    server.answers = lambda ask: well(ask, status)

    answer = await tresen.client.get(started.headers["location"])
    server.answers = well
    page = (await tresen.client.get(sale.link)).text

    assert answer.status_code == told
    assert ("Dieser Download ist zu Ende" if told == 410 else AWAY) in answer.text
    assert page.count('data-downloads-left="5"') == 2


async def test_a_storage_that_does_not_even_describe_its_file_ends_no_address(
    tresen: Running, sale: Sale, server: Anybody
):
    started = await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads", headers=FROM_HERE)
    server.answers = lambda ask: ask.say(503)

    away = await tresen.client.get(started.headers["location"])
    server.answers = well
    back = await tresen.client.get(started.headers["location"])
    page = (await tresen.client.get(sale.link)).text

    assert (away.status_code, back.status_code) == (503, 200)
    assert AWAY in away.text
    assert page.count('data-downloads-left="4"') == 1
