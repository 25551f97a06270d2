"""The button for all files in one: a click, an address, and an archive that says what is not in it."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from urllib.parse import unquote

from sqlalchemy import select

from db.downloads import Download, DownloadObservation
from portal import archives, articles, order_imports
from portal.activity import By
from portal.articles import ArticleBody, FileLink
from routes.customer.archives import Watch
from routes.ranges import Sent
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


async def test_names_that_mean_harm_reach_the_customer_as_names(tresen: Running, sale: Sale):
    """In the address, in the header, on the page and in the archive."""
    evil = 'Muster "34"\n<b>🧵;x=.zip'
    (tresen.files / evil).write_bytes(b"PK evil")
    house, by = tresen.house, By("test", datetime.now(UTC))
    links = [FileLink(storage="files", path=evil), FileLink(storage="files", path="extras.zip")]
    seen = await articles.look(links, house.database.reading, house.storages)
    await articles.put("PDF-BENTE", ArticleBody(files=links), seen, house.database.writing, by)

    page = (await tresen.client.get(sale.link)).text
    (file,) = (int(number) for number in re.findall(r'data-file="(\d+)"', page) if int(number) != sale.extras)
    started = await tresen.client.post(f"{sale.link}/files/{file}/downloads")
    single = await tresen.client.get(started.headers["location"])
    archive = await tresen.client.get(await takes_all(tresen, sale))

    assert "<b>🧵" not in page
    assert single.content == b"PK evil"
    assert "\n" not in single.headers["content-disposition"]
    with zipfile.ZipFile(io.BytesIO(archive.content)) as found:
        assert found.namelist() == ["Muster _34__b_🧵;x=.zip", "extras.zip"]


async def test_five_gigabytes_are_announced_and_read_from_their_end_without_the_rest(tresen: Running, sale: Sale):
    size = 5 * 1024**3
    with (tresen.files / "extras.zip").open("r+b") as file:
        file.truncate(size)
        file.seek(size - 4)
        file.write(b"last")

    started = await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads")
    head = await tresen.client.head(started.headers["location"])
    tail = await tresen.client.get(started.headers["location"], headers={"Range": "bytes=-4"})
    whole = await tresen.client.head(await takes_all(tresen, sale))

    assert head.headers["content-length"] == str(size)
    assert (tail.status_code, tail.content) == (206, b"last")
    assert int(whole.headers["content-length"]) > size


async def test_of_an_archive_that_we_broke_off_is_given_back_what_had_not_left(tresen: Running, sale: Sale):
    """What had left as a whole is sent once more from the same address, which costs nothing."""
    address = await takes_all(tresen, sale)
    wanted = archives.read(address.split("/")[2], tresen.house.signer)
    assert wanted is not None
    now = datetime.now(UTC)
    async with tresen.house.database.reading() as session:
        archive = await archives.at_address(wanted, session, now)
    content = await tresen.house.archives.opened(archive, lambda _: None, By("test", now))
    _, (_, length_of_extras) = content.sent_of_each(content.size)
    half = length_of_extras // 2
    first_alone = next(at for at in range(content.size, 0, -1) if content.sent_of_each(at)[1][1] == half)

    await Watch(tresen.house, content, "")(Sent(0, first_alone, content.size, finished=False, broken=True))
    await content.close()

    page = (await tresen.client.get(sale.link)).text
    left = dict(re.findall(r'data-file="(\d+)" data-name="[^"]*" data-downloads-left="(\d+)"', page))
    assert left == {str(sale.pattern): "4", str(sale.extras): "5"}
    again = await tresen.client.get(address)
    with zipfile.ZipFile(io.BytesIO(again.content)) as found:
        assert found.namelist() == ["bente.pdf", "extras.zip"]
    assert "5" not in re.findall(r'data-downloads-left="(\d+)"', (await tresen.client.get(sale.link)).text)
