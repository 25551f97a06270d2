"""Downloads over a real server on loopback: what arrives, and what the house learns of it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from litestar.datastructures import Headers
from litestar.types import HTTPDisconnectEvent, Message

from portal.byte_ranges import LARGE_PIECE, HeldBytes
from routes.ranges import Handover, Part, Sent, attachment, wanted
from tests.routes.ranged_shop import MIB, YESTERDAY_NOON, Counter, Shop, a_browser, a_slow_client, rest_of, serving


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    shop = Shop(tmp_path)
    async with serving(shop):
        yield shop


async def test_without_a_range_the_whole_file_comes(shop):
    content = shop.write(os.urandom(300_000))

    answer = await shop.get()

    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == "300000"
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.headers["last-modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"
    assert answer.headers["etag"].startswith('"')
    assert await shop.report() == Sent(start=0, sent=300_000, size=300_000, finished=True)
    assert shop.watched[0].closed


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=500-", 500, 1000),
        ("bytes=999-", 999, 1000),
        ("bytes=900-5000", 900, 1000),
        ("bytes=0-99999999999999999999999", 0, 1000),
        ("bytes=-1", 999, 1000),
        ("bytes=-5000", 0, 1000),
        ("BYTES=10-19", 10, 20),
    ],
)
async def test_a_range_gets_exactly_its_bytes(shop, asked, start, end):
    content = shop.write(os.urandom(1000))

    answer = await shop.get(Range=asked)

    assert (answer.status_code, answer.content) == (206, content[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/1000"
    assert answer.headers["content-length"] == str(end - start)
    assert await shop.report() == Sent(start=start, sent=end - start, size=1000, finished=True)


@pytest.mark.parametrize(
    "asked",
    [
        "",
        "0-5",
        "pages=1-2",
        "bytes=",
        "bytes=-",
        "bytes=9-5",
        "bytes=a-b",
        "bytes=--5",
        "bytes=1-2-3",
        "bytes=0-1,5-6",
    ],
)
async def test_a_range_that_is_none_or_several_is_answered_with_everything(shop, asked):
    content = shop.write(os.urandom(1000))

    answer = await shop.get(Range=asked)

    assert (answer.status_code, answer.content) == (200, content)


@pytest.mark.parametrize("asked", [b"bytes=\xb2-", b"bytes=" + b"9" * 5000 + b"-"])
async def test_digits_that_are_no_number_of_ours_are_no_range(shop, asked):
    content = shop.write(os.urandom(1000))

    async with a_browser() as client:
        answer = await client.get(shop.url, headers=[(b"range", asked)])

    assert (answer.status_code, answer.content) == (200, content)


@pytest.mark.parametrize("asked", ["bytes=1000-", "bytes=5000-6000", "bytes=-0"])
async def test_a_range_behind_the_end_is_refused_with_the_size(shop, asked):
    shop.write(bytes(1000))

    answer = await shop.get(Range=asked)

    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["content-range"] == "bytes */1000"
    assert answer.headers["content-length"] == "0"
    assert shop.watched[0].closed
    assert not shop.sent


@pytest.mark.parametrize("asked", [{}, {"Range": "bytes=0-"}, {"Range": "bytes=-5"}])
async def test_an_empty_file_is_had_whole(shop, asked):
    shop.write(b"")

    answer = await shop.get(**asked)

    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
    assert await shop.report() == Sent(start=0, sent=0, size=0, finished=True)


@pytest.mark.parametrize("asked", [{}, {"Range": "bytes=5-9"}])
async def test_head_has_the_headers_of_the_whole_and_no_body(shop, asked):
    shop.write(os.urandom(1000))

    whole = await shop.get()
    await shop.report()
    head = await shop.get("HEAD", **asked)

    assert (head.status_code, head.content) == (200, b"")
    assert head.headers == whole.headers
    assert len(shop.sent) == 1
    assert shop.watched[1].closed


async def test_one_connection_serves_several_answers_of_every_kind(shop):
    content = shop.write(os.urandom(1000))

    async with a_browser() as client:
        tag = (await client.head(shop.url)).headers["etag"]
        kinds = [{}, {"if-none-match": tag}, {"range": "bytes=2000-"}, {"if-match": '"other"'}, {"range": "bytes=1-"}]
        answers = [await client.get(shop.url, headers=kind) for kind in kinds]

    assert [answer.status_code for answer in answers] == [200, 304, 416, 412, 206]
    assert answers[-1].content == content[1:]


@pytest.mark.parametrize("known", ["{tag}", "W/{tag}", '"a,b", {tag}', '"x",W/{tag} , "y"', "*"])
async def test_who_has_this_version_gets_304(shop, known):
    shop.write(bytes(1000))
    tag = (await shop.get("HEAD")).headers["etag"]

    answer = await shop.get(If_None_Match=known.format(tag=tag), Range="bytes=5-9")

    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    assert answer.headers["cache-control"] == "private, no-store"
    assert "content-disposition" not in answer.headers
    assert not shop.sent


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-None-Match": '"other"'}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}, 200),
        ({"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}, 304),
        ({"If-Modified-Since": "Tue, 14 Nov 2023 22:13:19 GMT"}, 200),
        ({"If-Modified-Since": "Tuesday, 14-Nov-23 22:13:21 GMT"}, 304),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Modified-Since": "Tue, 14 Nov 99999999999 22:13:20 +99999999"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": "*"}, 200),
        ({"If-Unmodified-Since": "Tue, 14 Nov 2023 22:13:19 GMT"}, 412),
        ({"If-Unmodified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"}, 200),
        ({"Range": "bytes=5-9", "If-Range": "Tue, 14 Nov 2023 22:13:20 GMT"}, 206),
        ({"Range": "bytes=5-9", "If-Range": "Tue, 14 Nov 2023 22:13:21 GMT"}, 200),
        ({"Range": "bytes=5-9", "If-Range": '"other"'}, 200),
        ({"Range": "bytes=5-9", "If-Range": ""}, 200),
        ({"Range": "bytes=5000-", "If-Range": '"other"'}, 200),
    ],
)
async def test_conditions_decide_as_the_standard_says(headers, status):
    source = HeldBytes(bytes(1000), datetime.fromtimestamp(YESTERDAY_NOON + 0.5, UTC))

    assert wanted("GET", Headers(headers), source).status == status


async def test_dates_decide_nothing_where_the_source_has_none():
    since = Headers({"If-Modified-Since": "Tue, 14 Nov 2023 22:13:20 GMT"})
    resumed = Headers({"Range": "bytes=5-9", "If-Range": "Tue, 14 Nov 2023 22:13:20 GMT"})

    assert wanted("GET", since, HeldBytes(bytes(1000))).status == 200
    assert wanted("GET", resumed, HeldBytes(bytes(1000))).status == 200


async def test_a_resumed_download_equals_the_whole(shop):
    content = shop.write(os.urandom(3 * MIB))
    tag = (await shop.get("HEAD")).headers["etag"]

    async with a_slow_client(shop) as reader:
        had = await reader.readexactly(MIB + 17)
    rest = await shop.get(Range=f"bytes={len(had)}-", If_Range=tag)

    assert rest.status_code == 206
    assert had + rest.content == content


async def test_a_weak_tag_resumes_nothing(shop):
    content = shop.write(os.urandom(1000))
    tag = (await shop.get("HEAD")).headers["etag"]

    answer = await shop.get(Range="bytes=5-9", If_Range=f"W/{tag}")

    assert (answer.status_code, answer.content) == (200, content)


async def test_who_resumes_a_file_that_was_replaced_gets_the_new_one_whole(shop):
    shop.write(os.urandom(1000))
    tag = (await shop.get("HEAD")).headers["etag"]
    content = shop.write(os.urandom(1000))  # same size, same date: what a careless copy leaves behind
    os.utime(shop.path, (YESTERDAY_NOON, YESTERDAY_NOON + 0.25))

    answer = await shop.get(Range="bytes=500-", If_Range=tag)

    assert (answer.status_code, answer.content) == (200, content)


async def test_a_client_who_leaves_stops_the_reading(shop):
    with shop.path.open("wb") as file:
        file.truncate(200 * MIB)

    async with a_slow_client(shop) as reader:
        await reader.readexactly(100_000)
    report = await shop.report()

    assert not report.finished
    assert not report.broken
    assert 100_000 <= report.sent < 20 * MIB
    assert shop.watched[0].read_to - report.sent <= LARGE_PIECE
    assert shop.watched[0].closed
    assert shop.sent == [report]


async def test_a_client_who_leaves_before_the_last_piece_is_taken_has_not_finished():
    told, left, drained = [], asyncio.Event(), asyncio.Event()

    async def receive() -> HTTPDisconnectEvent:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message.get("body") == b"":  # the server still holds the piece before; now it learns that nobody takes it
            for event in (left, drained):
                asyncio.get_running_loop().call_soon(event.set)
            await drained.wait()

    async def hear(sent: Sent) -> None:
        told.append(sent)

    answer = Handover(HeldBytes(b"all of it"), Part(200, 0, 9, bodied=True), hear, {}, [])
    await answer({}, receive, send)  # type: ignore[arg-type]  # it needs nothing of the scope

    assert told == [Sent(start=0, sent=0, size=9, finished=False)]


async def test_a_client_who_leaves_while_the_storage_hangs_is_noticed_at_once(shop):
    shop.source = Counter(10_000, hangs_at=5_000)

    async with a_slow_client(shop) as reader:
        await reader.readexactly(5_000)
    report = await shop.report()

    assert report == Sent(start=0, sent=5_000, size=10_000, finished=False)
    assert shop.source.left_alone.is_set()


async def test_the_house_hears_of_a_download_that_the_shutdown_ends(tmp_path):
    shop = Shop(tmp_path, source=Counter(10_000, hangs_at=5_000))

    async with serving(shop) as server, a_slow_client(shop) as reader:
        await reader.readexactly(5_000)
        await server.shutdown()

        assert await shop.report() == Sent(start=0, sent=5_000, size=10_000, finished=False)


@pytest.mark.parametrize("change", ["truncate", "overwrite"])
async def test_a_file_that_changes_inside_cuts_the_connection(shop, change):
    shop.write(bytes(30 * MIB))

    async with a_slow_client(shop) as reader:
        await reader.readexactly(100_000)
        with shop.path.open("r+b") as file:
            file.truncate(MIB) if change == "truncate" else file.write(b"new")
        received = 100_000 + await rest_of(reader)
    report = await shop.report()

    assert received < 30 * MIB
    assert report.broken
    assert not report.finished
    assert report.sent < report.size == 30 * MIB


async def test_a_file_replaced_by_a_rename_is_sent_to_its_end_as_it_was(shop):
    shop.write(b"old " * (2 * MIB))

    async with a_slow_client(shop) as reader:
        had = await reader.readexactly(100_000)
        new = shop.folder / "new"
        new.write_bytes(b"new " * (2 * MIB))
        new.replace(shop.path)
        had += await reader.readexactly(8 * MIB - 100_000)

    assert had == b"old " * (2 * MIB)
    assert (await shop.report()).finished


@pytest.mark.parametrize("trouble", ["fails_at", "ends_at"])
async def test_a_storage_that_fails_midway_cuts_the_connection(shop, trouble):
    shop.source = Counter(10_000, **{trouble: 5_000})

    with pytest.raises(httpx.RemoteProtocolError):
        await shop.get()

    assert await shop.report() == Sent(start=0, sent=5_000, size=10_000, finished=False, broken=True)


async def test_a_storage_that_fails_before_the_first_byte_leaves_room_for_an_honest_page(shop):
    shop.source = Counter(10_000, fails_at=0)

    answer = await shop.get()

    assert (answer.status_code, answer.text) == (503, "not now")
    assert await shop.report() == Sent(start=0, sent=0, size=10_000, finished=False, broken=True)


async def test_any_storage_with_ranged_reads_can_be_resumed(shop):
    shop.source = Counter(10_000)

    answer = await shop.get(Range="bytes=2500-7499")

    assert answer.content == bytes(i % 251 for i in range(2500, 7500))
    assert "last-modified" not in answer.headers


async def test_a_document_in_memory_is_served_like_a_file(shop):
    document = os.urandom(100_000)
    shop.source = HeldBytes(document, datetime.fromtimestamp(YESTERDAY_NOON, UTC))

    whole, part = await shop.get(), await shop.get(Range="bytes=40000-")

    assert (whole.content, part.content) == (document, document[40_000:])
    assert whole.headers["last-modified"] == "Tue, 14 Nov 2023 22:13:20 GMT"


@pytest.mark.parametrize(
    ("name", "plain", "true"),
    [
        ("Schnitt Bente (A4).pdf", "Schnitt Bente (A4).pdf", "Schnitt Bente (A4).pdf"),
        ("Käthe Größe.pdf", "Kaethe Groesse.pdf", "Käthe Größe.pdf"),
        ("Ka\u0308the.pdf", "Kaethe.pdf", "Ka\u0308the.pdf"),
        ("ça va.pdf", "ca va.pdf", "ça va.pdf"),
        ("紙型🧵.pdf", "___.pdf", "紙型🧵.pdf"),
        ('a"; filename="evil.exe', "a__ filename__evil.exe", 'a"; filename="evil.exe'),
        ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie_ x_1.pdf", "aSet-Cookie: x=1.pdf"),
        ("../../etc/passwd", "_.._etc_passwd", "_.._etc_passwd"),
        ("..\\boot.ini", "_boot.ini", "_boot.ini"),
        ("bill\u202efdp.exe", "billfdp.exe", "billfdp.exe"),
        ("half \ud83e.pdf", "half .pdf", "half .pdf"),
        ("50%41.pdf", "50_41.pdf", "50%41.pdf"),
        (" ..\x00", "download", "download"),
    ],
)
async def test_no_file_name_can_harm(shop, name, plain, true):
    shop.write(b"x")
    shop.name = name

    answer = await shop.get()

    ascii_part, _, extended = answer.headers["content-disposition"].partition("; filename*=UTF-8''")
    assert ascii_part == f'attachment; filename="{plain}"'
    assert unquote(extended) == true
    assert extended.isascii()
    assert not set(extended) & set(" \"';,\\/")
    assert "set-cookie" not in answer.headers


async def test_a_very_long_name_keeps_its_end():
    assert len(attachment("🧵" * 5000 + ".pdf")) < 3000
    assert attachment("🧵" * 5000 + ".pdf").endswith(".pdf")


async def test_large_files_pass_through_little_memory_while_others_are_served(shop):
    with shop.path.open("wb") as file:
        file.truncate(200 * MIB)
    await shop.get(Range="bytes=0-1000000")
    before, turns = resident(), 0

    async def download(start: int) -> int:
        resumed = {"range": f"bytes={start}-"}
        async with a_browser() as client, client.stream("GET", shop.url, headers=resumed) as answer:
            return sum([len(block) async for block in answer.aiter_raw()])

    async def others() -> None:
        """They get a turn after each piece: hundreds, however slow the machine is."""
        nonlocal turns
        while True:
            await asyncio.sleep(0.001)
            turns += 1

    watching = asyncio.create_task(others())
    lengths = await asyncio.gather(*[download(start * MIB) for start in (0, 150, 150, 150)])
    watching.cancel()

    assert lengths == [200 * MIB] + [50 * MIB] * 3
    assert resident() - before < 24 * MIB
    assert turns > 100


def resident() -> int:
    """What this process holds in memory now, in bytes; server and clients are one process here."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
