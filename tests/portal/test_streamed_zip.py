"""An archive that leaves while it is written: its length is known before, and everybody can unpack it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import date
from zipfile import ZIP64_LIMIT

import pytest

from portal.streamed_zip import Stored, StreamedZip, layout

DAY = date(2026, 11, 28)
ZEROS = bytes(16 * 1024 * 1024)


async def zeros(size: int) -> AsyncIterator[bytes]:
    for at in range(0, size, len(ZEROS)):
        yield ZEROS[: min(len(ZEROS), size - at)]


async def written(members: list[Stored]) -> AsyncIterator[bytes]:
    archive = StreamedZip()
    for member in members:
        async for part in archive.stored(member, zeros(member.size), DAY):
            yield part
    yield archive.end()


@pytest.mark.parametrize(
    "sizes",
    [{}, {"a": 0}, {"bente.pdf": 17, "Größe 🧵.txt": 40_000_000}, {f"{n}.pdf": n for n in range(200)}],
    ids=["nothing", "an empty file", "names beyond ASCII", "many"],
)
async def test_the_layout_says_where_everything_is(sizes: dict[str, int]):
    members = [Stored(name, size) for name, size in sizes.items()]
    planned = layout(members)

    whole = b"".join([part async for part in written(members)])

    assert len(whole) == planned.size
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        assert archive.testzip() is None
        assert {info.filename: info.file_size for info in archive.infolist()} == sizes
    for member, start in zip(members, planned.starts, strict=True):
        assert whole[start : start + member.size] == bytes(member.size)
        assert whole[:start].endswith(member.name.encode()) or member.is_large


async def test_beyond_what_four_bytes_can_say_the_layout_is_right_too():
    """Only what stands around the contents is kept: 2 GiB need not be held to be counted."""
    members = [Stored("a", int(ZIP64_LIMIT / 1.05) + 1), Stored("b", ZIP64_LIMIT + 1), Stored("c", 5)]

    length = 0
    async for part in written(members):
        length += len(part)

    assert length == layout(members).size


async def test_the_same_members_give_the_same_bytes():
    members = [Stored("a", 10), Stored("b", 20)]

    first, second = [b"".join([part async for part in written(members)]) for _ in range(2)]

    assert first == second
