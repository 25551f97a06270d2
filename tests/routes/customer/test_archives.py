"""The button for all files in one: a click, an address, and an archive that says what is not in it."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime
from urllib.parse import unquote

from sqlalchemy import select

from db.downloads import Download, DownloadObservation
from portal import order_imports
from portal.activity import By
from tests.routes.customer.conftest import Running, Sale, an_imported_order


async def takes_all(tresen: Running, sale: Sale, attempt: str = "") -> str:
    answer = await tresen.client.post(f"{sale.link}/archives", data={"attempt": attempt})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


async def observed(tresen: Running) -> dict[int, tuple[int, bool]]:
    async with tresen.house.database.reading() as session:
        rows = await session.execute(
            select(Download.file_id, DownloadObservation.sent, DownloadObservation.finished).join(
                DownloadObservation, DownloadObservation.download_id == Download.id
            )
        )
        return {file: (sent, finished) for file, sent, finished in rows}


async def test_a_click_leads_to_an_archive_with_a_speaking_name(tresen: Running, sale: Sale):
    address = await takes_all(tresen, sale)

    answer = await tresen.client.get(address)

    assert unquote(address).endswith("/Bestellung 4711.zip")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["cache-control"] == "private, no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["bente.pdf", "extras.zip"]
        stamped = archive.getinfo("bente.pdf").file_size
    assert await observed(tresen) == {sale.pattern: (stamped, True), sale.extras: (2002, True)}


async def test_no_part_of_it_can_be_asked_for(tresen: Running, sale: Sale):
    address = await takes_all(tresen, sale)

    part = await tresen.client.get(address, headers={"Range": "bytes=5-9"})
    head = await tresen.client.head(address)

    assert (part.status_code, part.headers["accept-ranges"]) == (200, "none")
    assert head.headers["content-length"] == part.headers["content-length"]
    assert head.content == b""
    assert "etag" not in part.headers


async def test_a_missing_file_is_listed_in_the_customer_s_language(tresen: Running, sale: Sale):
    (tresen.files / "extras.zip").unlink()

    answer = await tresen.client.get(await takes_all(tresen, sale))

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.namelist() == ["bente.pdf", "Nicht enthalten.txt"]
        told = archive.read("Nicht enthalten.txt").decode("utf-8-sig")
    assert "- extras.zip: Diese Datei fehlt im Moment im Lager des Shops." in told


async def test_the_button_stands_where_several_files_are_to_be_had(tresen: Running, sale: Sale):
    before = (await tresen.client.get(sale.link)).text
    (tresen.files / "extras.zip").unlink()
    await takes_all(tresen, sale)

    after = (await tresen.client.get(sale.link)).text

    assert f'<form method="post" action="{sale.link.removeprefix("http://127.0.0.1:8000")}/archives"' in before
    assert 'data-deed="start-archive"' not in after


async def test_where_nothing_is_to_be_had_the_page_says_why(tresen: Running, sale: Sale):
    for name in ("bente.pdf", "extras.zip"):
        (tresen.files / name).unlink()

    answer = await tresen.client.post(f"{sale.link}/archives")

    assert answer.status_code == 503
    assert "Es wurde kein Download verbraucht." in answer.text
    assert 'data-refusal="file-missing"' in answer.text


async def test_an_order_without_files_has_no_archive(tresen: Running, sale: Sale):
    by = By("test", datetime.now(UTC))
    async with tresen.house.database.writing() as session:
        key = order_imports.Key("shop", "2")
        order, _ = await order_imports.put(key, an_imported_order(lines=[], total_gross=0), session, by)

    assert (await tresen.client.post(f"{tresen.link(order)}/archives")).status_code == 404


async def test_a_forged_address_looks_like_any_other_unknown_one(tresen: Running, sale: Sale):
    address = await takes_all(tresen, sale)
    token = address.split("/")[2]

    forged = await tresen.client.get(address.replace(token, token[:-2] + "xx"))

    assert forged.status_code == 404
