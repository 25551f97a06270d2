"""A folder as a storage: everything inside its root can be had, and nothing else of the machine."""

from __future__ import annotations

import asyncio
import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from integrations.local_folder import Grounds, LocalFolder
from portal.hand_offs import ByWebServer, HandOffs
from portal.inspections import local_copy
from portal.sealed_options import OptionsRefused
from portal.storages import FileMissing


@pytest.fixture
def data(tmp_path):
    """A data directory with its secrets, and the files that may be sold."""
    data = tmp_path / "data"
    (data / "files" / "patterns").mkdir(parents=True)
    (data / "cache").mkdir()
    (data / "files" / "a.txt").write_bytes(b"sold")
    (data / "files" / "patterns" / "bente.pdf").write_bytes(b"%PDF-")
    (data / "files" / ".hidden").write_bytes(b"not for sale")
    (data / "files" / ".git").mkdir()
    (data / "files" / ".git" / "config").write_bytes(b"not for sale")
    (data / "secret-keys").write_text("the keys of the house")
    (data / "tresen.sqlite3").write_bytes(b"everything")
    (tmp_path / "outside.txt").write_bytes(b"somebody else's")
    return data


@pytest.fixture
def grounds(data):
    return Grounds(roots=(data / "files",), data=data, files=data / "files")


@pytest.fixture
def folder(data, grounds):
    return LocalFolder({"root": str(data / "files")}, grounds)


async def look_at(options: dict[str, str], grounds: Grounds, path: str = "") -> None:
    await LocalFolder(options, grounds).entries(path)


async def content_of(folder: LocalFolder, path: str) -> bytes:
    source = await folder.open(path)
    try:
        return b"".join([piece async for piece in source.read(0, source.size)])
    finally:
        await source.close()


async def assert_out_of_reach(folder: LocalFolder, path: str) -> None:
    for deed in (folder.open, folder.stat, folder.entries):
        with pytest.raises(FileMissing):
            await deed(path)
    with suppress(FileMissing, OSError):  # an impossible name is no place either
        assert not folder.local_path(path).exists()


async def test_what_lies_inside_can_be_had(folder):
    assert await content_of(folder, "a.txt") == b"sold"
    assert await content_of(folder, "patterns/bente.pdf") == b"%PDF-"

    found = await folder.stat("patterns/bente.pdf")
    assert (found.path, found.name, found.size, found.is_folder) == ("patterns/bente.pdf", "bente.pdf", 5, False)


async def test_a_folder_lists_folders_first_and_nothing_hidden(folder):
    assert [(entry.name, entry.is_folder) for entry in await folder.entries("")] == [
        ("patterns", True),
        ("a.txt", False),
    ]
    assert [entry.path for entry in await folder.entries("patterns")] == ["patterns/bente.pdf"]


async def test_the_listing_and_the_file_agree_about_its_version(folder):
    (listed,) = await folder.entries("patterns")

    assert listed == await folder.stat("patterns/bente.pdf")


async def test_the_version_changes_with_the_bytes(folder, data):
    before = (await folder.stat("a.txt")).version
    (data / "files" / "a.txt").write_bytes(b"SOLD")

    assert (await folder.stat("a.txt")).version != before


@pytest.mark.parametrize("spelling", ["./patterns/bente.pdf", "patterns//bente.pdf", "patterns/./bente.pdf"])
async def test_one_file_has_one_path_however_it_is_spelt(folder, spelling):
    """Otherwise each spelling would be a file of its own, with a limit of its own."""
    assert (await folder.stat(spelling)).path == "patterns/bente.pdf"


ESCAPES = [
    "../secret-keys",
    "..",
    "patterns/../../secret-keys",
    "patterns/../a.txt",
    "/etc/passwd",
    "//etc/passwd",
    "a.txt\0.pdf",
    "\0",
    "..\\secret-keys",
    "patterns\\bente.pdf",
    ".hidden",
    ".git/config",
    "patterns/../.hidden",
    "nothing.txt",
    "a.txt/b",
    "x" * 5000,
    "x/" * 3000,
    "\ud800.txt",
]


@pytest.mark.parametrize("path", ESCAPES, ids=lambda path: repr(path)[:30])
async def test_no_path_leads_out_or_to_what_is_not_for_sale(folder, path):
    await assert_out_of_reach(folder, path)


async def test_a_link_inside_the_root_is_followed(folder, data):
    (data / "files" / "link.txt").symlink_to(data / "files" / "a.txt")

    assert await content_of(folder, "link.txt") == b"sold"
    assert "link.txt" in [entry.name for entry in await folder.entries("")]


@pytest.mark.parametrize("target", ["secret-keys", "tresen.sqlite3", "cache", "../outside.txt", "..", "/etc/passwd"])
async def test_a_link_out_of_the_root_leads_nowhere_and_is_not_listed(folder, data, target):
    (data / "files" / "link").symlink_to(data / target)

    for path in ("link", "link/secret-keys", "link/outside.txt"):
        await assert_out_of_reach(folder, path)
    assert "link" not in [entry.name for entry in await folder.entries("")]


async def test_links_in_a_circle_lead_nowhere_and_spoil_no_listing(folder, data):
    (data / "files" / "here").symlink_to(data / "files" / "there")
    (data / "files" / "there").symlink_to(data / "files" / "here")

    await assert_out_of_reach(folder, "here")
    assert [entry.name for entry in await folder.entries("")] == ["patterns", "a.txt"]


async def test_a_link_that_leads_nowhere_spoils_no_listing(folder, data):
    (data / "files" / "dangling").symlink_to(data / "files" / "gone")

    await assert_out_of_reach(folder, "dangling")
    assert [entry.name for entry in await folder.entries("")] == ["patterns", "a.txt"]


async def test_a_pipe_is_no_file_and_holds_nobody_up(folder, data):
    os.mkfifo(data / "files" / "pipe")

    async with asyncio.timeout(2):
        with pytest.raises(FileMissing):
            await folder.open("pipe")
    assert "pipe" not in [entry.name for entry in await folder.entries("")]


async def test_a_folder_is_no_file(folder):
    with pytest.raises(FileMissing):
        await folder.open("patterns")


# --- Where a storage may lie


@pytest.mark.parametrize(
    "root", ["", ".", "cache", "files/..", "../", "/", "/etc", "relative/folder", "files/patterns/../../cache"]
)
async def test_a_storage_lies_inside_the_allowed_roots_alone(data, grounds, root):
    place = root if root.startswith("/") or root == "relative/folder" else str(data / root)

    for path in ("", "a.txt", "secret-keys"):
        with pytest.raises(OptionsRefused) as refused:
            await look_at({"root": place}, grounds, path)
    assert refused.value.option == "root"


@pytest.mark.parametrize("options", [{}, {"root": ""}, {"root": "/tmp\0"}, {"root": "/\ud800"}])
async def test_a_storage_without_a_usable_root_is_refused(grounds, options):
    with pytest.raises(OptionsRefused) as refused:
        await look_at(options, grounds)
    assert refused.value.option == "root"


def test_an_option_nobody_knows_is_refused_by_name(data, grounds):
    with pytest.raises(OptionsRefused) as refused:
        LocalFolder({"root": str(data / "files"), "rooot": "x"}, grounds)
    assert refused.value.option == "rooot"


async def test_a_root_that_is_no_folder_is_refused(data, grounds):
    for name in ("gone", "a.txt"):
        with pytest.raises(OptionsRefused):
            await look_at({"root": str(data / "files" / name)}, grounds)


async def test_a_root_that_is_a_link_out_is_refused(data, grounds, tmp_path):
    (data / "files" / "link").symlink_to(tmp_path)

    with pytest.raises(OptionsRefused):
        await look_at({"root": str(data / "files" / "link")}, grounds)


async def test_a_root_that_becomes_a_link_out_is_refused_from_then_on(data, grounds, tmp_path):
    folder = LocalFolder({"root": str(data / "files" / "patterns")}, grounds)
    assert (await folder.stat("bente.pdf")).size == 5
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "bente.pdf").write_bytes(b"somebody else's")

    (data / "files" / "patterns").rename(data / "files" / "before")
    (data / "files" / "patterns").symlink_to(tmp_path / "elsewhere")

    for deed in (folder.open, folder.stat, folder.entries):
        with pytest.raises(OptionsRefused):
            await deed("bente.pdf")
    with pytest.raises(OptionsRefused):
        folder.local_path("bente.pdf")


async def test_the_data_directory_is_closed_even_when_its_parent_is_an_allowed_root(data, tmp_path):
    grounds = Grounds(roots=(tmp_path,), data=data, files=data / "files")

    for root in (data, data / "cache"):
        with pytest.raises(OptionsRefused):
            await look_at({"root": str(root)}, grounds)
    await look_at({"root": str(data / "files")}, grounds)


async def test_a_storage_around_the_data_directory_does_not_show_it(data, tmp_path):
    folder = LocalFolder({"root": str(tmp_path)}, Grounds(roots=(tmp_path,), data=data, files=data / "files"))

    await assert_out_of_reach(folder, "data/secret-keys")
    await assert_out_of_reach(folder, "data/cache/x")
    assert [entry.name for entry in await folder.entries("")] == ["outside.txt"]


async def test_a_root_that_is_no_longer_allowed_is_refused_when_it_is_opened_again(data):
    moved = Grounds(roots=(data / "files" / "patterns",), data=data, files=data / "files")

    with pytest.raises(OptionsRefused):
        await look_at({"root": str(data / "files")}, moved)


async def test_a_root_that_vanished_takes_no_file_for_missing(folder, data):
    """A disk that is not mounted is no reason to tell customers that their file is gone."""
    (data / "files").rename(data / "elsewhere")

    with pytest.raises(OptionsRefused):
        await folder.open("a.txt")


async def test_a_name_that_is_no_text_is_not_offered_and_spoils_nothing(folder, data):
    """Such as one that an old Windows wrote: no page and no database could hold it."""
    odd = os.fsdecode(b"Gr\xf6\xdfe 38.pdf")
    (data / "files" / odd).write_bytes(b"%PDF-")

    assert [entry.name for entry in await folder.entries("")] == ["patterns", "a.txt"]
    await assert_out_of_reach(folder, odd)


@pytest.fixture
def asked_by(data, monkeypatch):
    """The threads that asked the disk about something in the data directory, and what for."""
    asked: set[tuple[int, str]] = set()
    for name in ("lstat", "stat", "open", "fstat", "scandir", "listdir", "readlink"):
        call = getattr(os, name)

        def noted(*given, call=call, name=name, **named):
            if str(given[0]).startswith(str(data)):
                asked.add((threading.get_ident(), name))
            return call(*given, **named)

        monkeypatch.setattr(os, name, noted)
    return asked


async def test_a_disk_that_hesitates_holds_up_nobody_else(data, grounds, asked_by):
    folder = LocalFolder({"root": str(data / "files")}, grounds)
    await content_of(folder, "a.txt")
    await folder.stat("a.txt")
    await folder.entries("")
    async with local_copy(folder, "a.txt", Path("/nowhere")):
        pass
    way = await HandOffs(accel_prefix="/sold").way(folder, "a.txt", {})

    assert way == ByWebServer(f"/sold{data / 'files' / 'a.txt'}")
    assert {name for _, name in asked_by} >= {"lstat", "open", "listdir"}
    assert threading.get_ident() not in {thread for thread, _ in asked_by}
