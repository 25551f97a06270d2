"""What is OneDrive's alone: the link to the bytes leads to whatever the file is at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from db.storages import StorageKind
from integrations.clouds import Clouds
from portal.byte_ranges import BytesChangedError
from portal.storages import Storage, StorageUnavailable, Trouble
from tests.integrations.clouds.drives import CLIENT_ID, CLIENT_SECRET, Drives
from tests.integrations.clouds.servers import Ask, anybody


@pytest.fixture
def drives():
    with anybody() as server:
        yield Drives(server, files={"bente.pdf": b"one version"})


@pytest.fixture
async def onedrive(drives: Drives) -> AsyncIterator[Storage]:
    clouds = Clouds(drives.services())
    options = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "refresh_token": drives.refresh_token}
    yield clouds.openers()[StorageKind.ONEDRIVE](options)
    await clouds.close()


async def test_a_file_that_is_replaced_while_its_link_is_opened_is_not_delivered(drives: Drives, onedrive: Storage):
    def replaced_in_between(ask: Ask) -> None:
        if ask.path.startswith("/link/"):
            drives.files["bente.pdf"] = b"two version"  # as long as the first
        drives.answer(ask)

    content = await onedrive.open("bente.pdf")
    drives.server.answers = replaced_in_between

    with pytest.raises(BytesChangedError):
        await anext(content.read(0, content.size))


async def test_a_token_that_has_ended_is_replaced_once(drives: Drives, onedrive: Storage):
    await onedrive.stat("bente.pdf")
    drives.tokens.append("another")

    assert (await onedrive.stat("bente.pdf")).size == 11
    assert len(drives.tokens) == 3


async def test_a_grant_that_was_withdrawn_is_told_as_denied(drives: Drives, onedrive: Storage):
    drives.refresh_token = "another"

    with pytest.raises(StorageUnavailable) as caught:
        await onedrive.entries("")

    assert caught.value.trouble is Trouble.DENIED
    assert CLIENT_SECRET not in str(caught.value)


async def test_a_next_page_that_lies_elsewhere_gets_no_token(drives: Drives, onedrive: Storage):
    with anybody() as elsewhere:
        page = b'{"value": [], "@odata.nextLink": "' + elsewhere.origin.encode() + b'/graph/x"}'
        answer = drives.answer
        drives.server.answers = lambda ask: ask.say(200, page) if "/children" in ask.path else answer(ask)

        with pytest.raises(StorageUnavailable):
            await onedrive.entries("")
        assert elsewhere.asked == []


async def test_many_who_need_a_token_at_once_wait_for_one_answer(drives: Drives, onedrive: Storage):
    await asyncio.gather(*(onedrive.stat("bente.pdf") for _ in range(20)))
    assert len(drives.tokens) == 1
    drives.tokens.append("another")

    await asyncio.gather(*(onedrive.stat("bente.pdf") for _ in range(20)))

    assert len(drives.tokens) == 3
