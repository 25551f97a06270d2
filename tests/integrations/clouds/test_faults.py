"""What goes wrong between here and a storage elsewhere, over real connections to a server that misbehaves."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from db.storages import StorageKind
from integrations.clouds import Clouds, addresses, remote_bytes, wire
from integrations.clouds.addresses import endpoint, may_be_asked
from integrations.clouds.wire import LONGEST_ANSWER, Ask, Patience, Wire, instant, whole
from portal.byte_ranges import BytesChangedError
from portal.sealed_options import OptionsRefused
from portal.storages import FileMissing, Storage, StorageUnavailable, Trouble
from tests.integrations.clouds import servers
from tests.integrations.clouds.servers import Anybody, anybody
from tests.pretend_mail import own_certificate

SECRET = "wJalrXUtnFEMI-very-secret"
BOOK = bytes(range(251)) * 2000
HASTY = Patience(connect=2, silence=1, whole=2)
NOON = "Sat, 28 Nov 2026 12:00:00 GMT"


@pytest.fixture
def server() -> Iterator[Anybody]:
    with anybody() as found:
        yield found


@pytest.fixture
async def clouds() -> AsyncIterator[Clouds]:
    found = Clouds(wire=Wire(HASTY))
    yield found
    await found.close()


@pytest.fixture(params=["kept connections", "one of its own"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Large parts are read over a connection of their own, and must fail in no other way than small ones."""
    if request.param == "one of its own":
        monkeypatch.setattr(remote_bytes, "LARGE", 0)


@pytest.fixture
def s3(server: Anybody, clouds: Clouds) -> Storage:
    return an_s3(server.origin, clouds)


def an_s3(origin: str, clouds: Clouds, **more: str) -> Storage:
    options = {"endpoint": origin, "bucket": "shop", "access_key_id": "AKIA", "secret_access_key": SECRET} | more
    return clouds.openers()[StorageKind.S3](options)


def a_book(ask: servers.Ask, content: bytes = BOOK, etag: str = '"one"') -> None:
    if ask.command == "HEAD":
        return ask.say(200, Content_Length=str(len(content)), ETag=etag, Last_Modified=NOON)
    return ask.say_part(content, ETag=etag)


async def trouble_of(deed) -> Trouble:
    with pytest.raises(StorageUnavailable) as caught:
        await deed
    assert SECRET not in str(caught.value)
    assert isinstance(caught.value, OSError), "what reads bytes expects one"
    return caught.value.trouble


async def all_of(storage: Storage, path: str = "bente.pdf", start: int = 0) -> bytes:
    content = await storage.open(path)
    return b"".join([piece async for piece in content.read(start, content.size)])


@pytest.mark.parametrize(
    ("status", "trouble"),
    [
        (401, Trouble.DENIED), (403, Trouble.DENIED), (429, Trouble.BUSY), (500, Trouble.BUSY), (503, Trouble.BUSY),
        (301, Trouble.MOVED), (307, Trouble.MOVED), (204, Trouble.UNEXPECTED), (418, Trouble.UNEXPECTED),
    ],
)  # fmt: skip
async def test_each_status_is_told_as_what_it_means(server: Anybody, s3: Storage, status: int, trouble: Trouble):
    server.answers = lambda ask: ask.say(status)

    assert await trouble_of(s3.stat("bente.pdf")) is trouble
    assert await trouble_of(s3.entries("")) is trouble


async def test_a_storage_that_is_down_is_unreachable(clouds: Clouds):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

    assert await trouble_of(an_s3(f"http://127.0.0.1:{port}", clouds).stat("bente.pdf")) is Trouble.UNREACHABLE


async def test_a_name_that_nobody_has_is_unreachable(clouds: Clouds):
    assert await trouble_of(an_s3("https://nobody.invalid", clouds).stat("bente.pdf")) is Trouble.UNREACHABLE


async def test_a_storage_that_is_silent_is_given_up_in_time(clouds: Clouds):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        storage = an_s3(f"http://127.0.0.1:{listening.getsockname()[1]}", clouds)

        assert await trouble_of(storage.stat("bente.pdf")) is Trouble.TIMED_OUT


async def test_an_answer_that_drips_for_ever_is_given_up_in_time(server: Anybody, s3: Storage):
    def drip(ask: servers.Ask) -> None:
        ask.say(200, b"<", Content_Length="1000")
        for _ in range(100):
            time.sleep(0.05)
            ask.wfile.write(b" ")

    server.answers = drip

    assert await trouble_of(s3.entries("")) is Trouble.TIMED_OUT


async def test_an_answer_without_end_is_not_read_to_its_end(server: Anybody, s3: Storage):
    server.answers = lambda ask: ask.say(200, bytes(LONGEST_ANSWER + 1))

    assert await trouble_of(s3.entries("")) is Trouble.UNEXPECTED


@pytest.mark.parametrize(
    "content",
    [
        b"", b"no XML", b"<a>", b"\xff\xfe\x00", b'<?xml version="1.0" encoding="none-such"?><a/>',
        b'<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>',
    ],
)  # fmt: skip
async def test_what_is_no_list_is_no_list(server: Anybody, s3: Storage, content: bytes):
    server.answers = lambda ask: ask.say(200, content)

    assert await trouble_of(s3.entries("")) is Trouble.UNEXPECTED


async def test_what_speaks_no_http_is_told_as_such(clouds: Clouds, server: Anybody, s3: Storage):
    def greet(ask: servers.Ask) -> None:
        ask.wfile.write(b"220 mail.example.org ESMTP\r\n")
        ask.close_connection = True

    server.answers = greet

    assert await trouble_of(s3.stat("bente.pdf")) is Trouble.UNEXPECTED


# --- Where it is led


@pytest.mark.parametrize("kind", [StorageKind.S3, StorageKind.WEBDAV])
async def test_no_redirect_is_followed(server: Anybody, clouds: Clouds, kind: StorageKind):
    with anybody() as inside:
        server.answers = lambda ask: ask.say(302, Location=f"{inside.origin}/latest/meta-data/iam")
        options = {
            StorageKind.S3: {"bucket": "shop", "access_key_id": "A", "secret_access_key": SECRET},
            StorageKind.WEBDAV: {"username": "jana", "password": SECRET},
        }[kind]
        storage = clouds.openers()[kind]({"endpoint": server.origin, **options})

        assert await trouble_of(storage.entries("")) is Trouble.MOVED
        assert await trouble_of(storage.stat("bente.pdf")) is Trouble.MOVED
        assert inside.asked == []


@pytest.mark.usefixtures("way")
async def test_a_redirect_in_the_middle_is_not_followed(server: Anybody, s3: Storage):
    with anybody() as inside:
        server.answers = a_book
        content = await s3.open("bente.pdf")
        server.answers = lambda ask: ask.say(302, Location=inside.origin)

        assert await trouble_of(anext(content.read(0, 10))) is Trouble.MOVED
        assert inside.asked == []


async def test_a_bucket_of_another_region_says_which_one(server: Anybody, s3: Storage):
    server.answers = lambda ask: ask.say(301, x_amz_bucket_region="eu-central-1")

    with pytest.raises(StorageUnavailable, match="eu-central-1"):
        await s3.stat("bente.pdf")


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("169.254.169.254", False), ("fe80::1%eth0", False), ("fd00:ec2::254", False), ("100.100.100.200", False),
        ("168.63.129.16", False), ("0.0.0.0", False), ("::", False), ("224.0.0.1", False),
        ("192.0.0.192", False), ("64:ff9b::a9fe:a9fe", False), ("2002:a9fe:a9fe::1", False),
        ("64:ff9b::5db8:d70e", True),
        ("::ffff:169.254.169.254", False), ("127.0.0.1", True), ("::1", True), ("192.168.1.5", True),
        ("10.0.0.7", True), ("93.184.215.14", True), ("2001:db8::5", True),
    ],
)  # fmt: skip
def test_a_storage_may_stand_in_the_house_but_is_no_metadata_service(address: str, may: bool):
    assert may_be_asked(address) is may


@pytest.mark.usefixtures("way")
async def test_a_name_that_leads_to_a_metadata_service_is_left_before_a_word(
    server: Anybody, s3: Storage, monkeypatch: pytest.MonkeyPatch
):
    """This machine plays the metadata service: what counts is where the name comes out, not how it reads."""
    monkeypatch.setattr(addresses, "METADATA", frozenset({ipaddress.ip_address("127.0.0.1")}))

    assert await trouble_of(s3.stat("bente.pdf")) is Trouble.UNREACHABLE
    assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "", "storage.example.org", "ftp://storage.example.org", "http://storage.example.org", "http://10.0.0.7:9000",
        "https://", "https://jana:secret@storage.example.org", "https://s.example.org/?a=b", "https://s.example.org/#a",
        "https://s.example.org:port", "https://[::1", "https://169.254.169.254", "https://[fe80::1]", "//s.example.org",
        "http://localhost.example.org", "http://0.0.0.0:9000", "https://a..example.org", "file:///etc/passwd",
    ],
)  # fmt: skip
def test_an_address_that_could_leak_or_lead_astray_is_refused(address: str):
    with pytest.raises(OptionsRefused) as caught:
        endpoint(address)

    assert caught.value.option == "endpoint"


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://s3.eu-central-1.amazonaws.com/", "https://s3.eu-central-1.amazonaws.com"),
        (" https://cloud.example.org/remote.php/dav/files/jana/ ", "https://cloud.example.org/remote.php/dav/files/jana"),
        ("https://müller.example:8443", "https://xn--mller-kva.example:8443"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://localhost:9000", "http://localhost:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)  # fmt: skip
def test_an_address_is_kept_in_one_spelling(address: str, told: str):
    assert endpoint(address) == told


# --- In the middle of a file


@pytest.mark.usefixtures("way")
async def test_a_line_that_breaks_is_taken_up_where_it_broke(server: Anybody, s3: Storage):
    def break_off(ask: servers.Ask) -> None:
        if ask.command == "HEAD":
            return a_book(ask)
        start = int(ask.headers["Range"].removeprefix("bytes=").partition("-")[0])
        told = f"bytes {start}-{len(BOOK) - 1}/{len(BOOK)}"
        ask.say(
            206, BOOK[start : start + 100_000], Content_Range=told, Content_Length=str(len(BOOK) - start), ETag='"one"'
        )
        ask.close_connection = True

    server.answers = break_off

    assert await all_of(s3, start=7) == BOOK[7:]
    ranges = [ask.headers["Range"] for ask in server.asked if ask.command == "GET"]
    assert ranges[0] == f"bytes=7-{len(BOOK) - 1}"
    assert len(ranges) >= 5


@pytest.mark.usefixtures("way")
async def test_two_versions_are_never_mixed_when_a_line_is_taken_up(server: Anybody, s3: Storage):
    def another_one_next_time(ask: servers.Ask) -> None:
        if ask.command == "HEAD":
            return a_book(ask)
        told = f"bytes 0-{len(BOOK) - 1}/{len(BOOK)}"
        ask.say(206, BOOK[:100_000], Content_Range=told, Content_Length=str(len(BOOK)), ETag='"one"')
        ask.close_connection = True
        server.answers = lambda later: a_book(later, BOOK[::-1], '"two"')

    server.answers = another_one_next_time
    content = await s3.open("bente.pdf")
    read = b""

    with pytest.raises(BytesChangedError):
        async for piece in content.read(0, content.size):
            read += piece
    assert BOOK.startswith(read)


@pytest.mark.usefixtures("way")
async def test_a_line_that_brings_nothing_is_given_up(server: Anybody, s3: Storage):
    server.answers = a_book
    content = await s3.open("bente.pdf")

    def nothing(ask: servers.Ask) -> None:
        ask.close_connection = True

    server.answers = nothing

    await trouble_of(anext(content.read(0, content.size)))


@pytest.mark.parametrize(
    ("status", "expected"), [(404, BytesChangedError), (412, BytesChangedError), (403, StorageUnavailable)]
)
@pytest.mark.usefixtures("way")
async def test_a_no_in_the_middle_is_no_shorter_file(
    server: Anybody, s3: Storage, status: int, expected: type[Exception]
):
    server.answers = a_book
    content = await s3.open("bente.pdf")
    server.answers = lambda ask: ask.say(status)

    with pytest.raises(expected):
        await anext(content.read(0, content.size))


@pytest.mark.parametrize(
    "headers",
    [
        {"Content_Range": f"bytes 0-99/{len(BOOK) - 1}"}, {"Content_Range": f"bytes 50-149/{len(BOOK)}"},
        {"Content_Range": f"bytes 10-109/{len(BOOK)}", "ETag": '"two"'},
    ],
)  # fmt: skip
@pytest.mark.usefixtures("way")
async def test_a_part_of_something_else_is_refused(server: Anybody, s3: Storage, headers: dict[str, str]):
    server.answers = a_book
    content = await s3.open("bente.pdf")
    server.answers = lambda ask: ask.say(206, bytes(100), **headers)

    with pytest.raises(BytesChangedError):
        await anext(content.read(10, 110))


@pytest.mark.usefixtures("way")
async def test_a_server_without_ranges_gives_the_same_part(server: Anybody, s3: Storage):
    server.answers = lambda ask: a_book(ask) if ask.command == "HEAD" else ask.say(200, BOOK, ETag='"one"')
    content = await s3.open("bente.pdf")

    part = b"".join([piece async for piece in content.read(99_999, 300_000)])

    assert part == BOOK[99_999:300_000]


@pytest.mark.usefixtures("way")
async def test_a_file_of_five_gigabytes_is_read_from_its_end_without_the_rest(server: Anybody, s3: Storage):
    size = 5 * 1024**3

    def large(ask: servers.Ask) -> None:
        if ask.command == "HEAD":
            return ask.say(200, Content_Length=str(size), ETag='"one"', Last_Modified=NOON)
        ask.say(206, b"the end", Content_Range=f"bytes {size - 7}-{size - 1}/{size}")

    server.answers = large

    assert await all_of(s3, start=size - 7) == b"the end"


async def test_whoever_leaves_in_the_middle_leaves_no_connection_behind(server: Anybody, s3: Storage, clouds: Clouds):
    server.answers = a_book
    content = await s3.open("bente.pdf")
    pieces = content.read(0, content.size)
    await anext(pieces)
    await pieces.aclose()
    await content.close()

    assert await all_of(s3) == BOOK


async def test_a_bucket_that_is_not_there_is_missing(server: Anybody, s3: Storage):
    server.answers = lambda ask: ask.say(404)

    with pytest.raises(FileMissing, match="shop"):
        await s3.entries("")


async def test_names_in_an_answer_that_lead_out_are_left_out(server: Anybody, clouds: Clouds):
    def listing(ask: servers.Ask) -> None:
        hrefs = ("/dav/..", "/dav/%2e%2e", "/dav/a%2Fb.pdf", "/etc/passwd", "/dav/deep/er.pdf", "/dav/ok.pdf", "//[x")
        found = "<prop><getcontentlength>7</getcontentlength></prop><status>HTTP/1.1 200 OK</status>"
        each = (f"<response><href>{href}</href><propstat>{found}</propstat></response>" for href in hrefs)
        ask.say(207, f'<multistatus xmlns="DAV:">{"".join(each)}</multistatus>'.encode())

    server.answers = listing
    options = {"endpoint": f"{server.origin}/dav", "username": "jana", "password": SECRET}

    entries = await clouds.openers()[StorageKind.WEBDAV](options).entries("")

    assert [each.path for each in entries] == ["ok.pdf"]


@pytest.mark.parametrize("told", ["", "none", "-1", "1.5", "9" * 19, "9" * 5_000, "٣"])
def test_a_size_that_no_file_has_is_none(told: str):
    assert whole(told) == 0


@pytest.mark.parametrize("told", ["", "gestern", "Tue, 14 Nov 99999999999 22:13:20 GMT", "Tue, 99 Nov 2023 22:13:20"])
def test_a_day_that_no_calendar_has_is_none(told: str):
    assert instant(told) is None


async def test_a_large_part_that_comes_in_chunks_is_read_as_well(server: Anybody, s3: Storage, monkeypatch):
    """Some servers in between tell no length."""
    monkeypatch.setattr(remote_bytes, "LARGE", 0)
    server.answers = a_book
    content = await s3.open("bente.pdf")

    def chunked(ask: servers.Ask) -> None:
        ask.send_response(206)
        for name, value in {"Content-Range": f"bytes 0-{len(BOOK) - 1}/{len(BOOK)}", "ETag": '"one"'}.items():
            ask.send_header(name, value)
        ask.send_header("Transfer-Encoding", "chunked")
        ask.end_headers()
        for at in range(0, len(BOOK), 7_000):
            part = BOOK[at : at + 7_000]
            ask.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        ask.wfile.write(b"0\r\n\r\n")

    server.answers = chunked

    assert b"".join([piece async for piece in content.read(0, content.size)]) == BOOK


async def test_a_large_part_from_a_silent_or_dead_server_is_given_up(server: Anybody, s3: Storage, monkeypatch):
    monkeypatch.setattr(remote_bytes, "LARGE", 0)
    server.answers = a_book
    content = await s3.open("bente.pdf")
    over = threading.Event()

    def silent(_ask: servers.Ask) -> None:
        over.wait(5)

    def babbling(ask: servers.Ask) -> None:
        ask.wfile.write(b"what is this?\r\n\r\n")

    server.answers = silent

    async def read() -> bytes:
        return await anext(content.read(0, content.size))

    assert await trouble_of(read()) is Trouble.TIMED_OUT
    over.set()
    server.answers = babbling
    assert await trouble_of(read()) is Trouble.UNEXPECTED


async def test_a_large_part_comes_whole_however_slowly_it_is_taken(server: Anybody, s3: Storage):
    large = BOOK * 40  # more than the kernel and we hold between us
    server.answers = lambda ask: a_book(ask, large)
    content = await s3.open("bente.pdf")
    got = bytearray()

    async for piece in content.read(5, content.size):
        got += piece
        if len(got) < 3_000_000:
            await asyncio.sleep(0.002)

    assert bytes(got) == large[5:]


async def test_a_large_part_over_tls_comes_from_whom_the_certificate_names(tmp_path: Path, monkeypatch):
    known = own_certificate(tmp_path)
    large = BOOK * 5

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(large)}\r\n\r\n".encode() + large)
        await writer.drain()
        writer.close()

    async def all_from(trusted: ssl.SSLContext) -> bytes:
        monkeypatch.setattr(wire, "_trusted", lambda: trusted)
        port = listening.sockets[0].getsockname()[1]
        async with Wire(HASTY).poured(Ask("GET", f"https://localhost:{port}/bente.pdf")) as answer:
            return b"".join([piece async for piece in answer.pieces])

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=known.server)
    try:
        assert await all_from(known.trust) == large
        assert await trouble_of(all_from(ssl.create_default_context())) is Trouble.UNREACHABLE
    finally:
        listening.close()
