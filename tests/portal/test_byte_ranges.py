"""What may be opened as a file of this machine, and how its bytes come."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from portal.byte_ranges import EAGER_BYTES, LARGE_PIECE, SMALL_PIECE, BytesChangedError, HeldBytes, LocalBytes


@pytest.mark.parametrize("kind", ["missing", "link", "folder", "pipe"])
async def test_only_regular_files_can_be_opened(tmp_path, kind):
    path = tmp_path / "it"
    if kind == "link":
        (tmp_path / "target").write_bytes(b"secret")
        path.symlink_to(tmp_path / "target")
    if kind == "folder":
        path.mkdir()
    if kind == "pipe":
        os.mkfifo(path)
    before = len(list(Path("/proc/self/fd").iterdir()))

    async with asyncio.timeout(2):
        with pytest.raises(FileNotFoundError):
            await LocalBytes.open(path)

    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def test_who_is_quick_gets_large_pieces_and_who_dawdles_gets_small_ones(tmp_path):
    (tmp_path / "it").write_bytes(bytes(20 * EAGER_BYTES))
    source = await LocalBytes.open(tmp_path / "it")

    pieces = source.read(0, source.size)
    quick = [len(await anext(pieces)) for _ in range(EAGER_BYTES // SMALL_PIECE + 15)]
    await asyncio.sleep(0.06)
    ahead, dawdled = len(await anext(pieces)), len(await anext(pieces))
    await pieces.aclose()
    await source.close()

    assert quick[0] == dawdled == SMALL_PIECE
    assert sorted(quick) == quick
    assert quick[-1] == ahead == LARGE_PIECE, "one piece was read ahead while he was still quick"


async def test_who_stalls_early_was_never_given_more_than_a_quarter_of_what_he_took(tmp_path):
    (tmp_path / "it").write_bytes(bytes(20 * EAGER_BYTES))
    source = await LocalBytes.open(tmp_path / "it")
    taken = 0

    async for piece in source.read(0, source.size):
        assert len(piece) <= max(SMALL_PIECE, taken // 4)
        taken += len(piece)
    await source.close()

    assert taken == source.size


@pytest.mark.parametrize("change", [lambda file: file.truncate(10), lambda file: file.write(b"new")])
async def test_a_file_that_changed_since_it_was_opened_gives_nothing_more(tmp_path, change):
    path = tmp_path / "it"
    path.write_bytes(bytes(1000))
    os.utime(path, (0, 0))
    source = await LocalBytes.open(path)

    with path.open("r+b") as file:
        change(file)

    with pytest.raises(BytesChangedError):
        await anext(source.read(0, 1000))
    await source.close()


async def test_every_other_content_is_another_version(tmp_path):
    path = tmp_path / "it"
    path.write_bytes(b"a")
    before = await LocalBytes.open(path)
    (tmp_path / "new").write_bytes(b"b")
    os.utime(tmp_path / "new", ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    (tmp_path / "new").replace(path)
    after = await LocalBytes.open(path)

    assert before.version != after.version
    assert HeldBytes(b"a").version != HeldBytes(b"b").version
    await before.close()
    await after.close()
