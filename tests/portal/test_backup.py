"""A backup holds everything, proves it, and a broken or hostile one leaves nothing behind."""

import gzip
import hashlib
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from db.migrate import migrate, newest
from portal import backup, restore
from portal.backup import Shop
from portal.backup_archive import BackupFailed

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database as the first start leaves it; migrating once will do for all tests."""
    place = tmp_path_factory.mktemp("fresh")
    migrate(place / "tresen.sqlite3", place)
    return place / "tresen.sqlite3"


@pytest.fixture
def shop(tmp_path: Path, fresh: Path) -> Shop:
    """A shop with one source in its database, two sold files, keys, and things that can be made again."""
    data = tmp_path / "shop"
    for folder in ("files/Nähen", "cache/stamped", "backups"):
        (data / folder).mkdir(parents=True)
    shutil.copyfile(fresh, data / "tresen.sqlite3")
    with closing(sqlite3.connect(data / "tresen.sqlite3")) as connection:
        connection.execute("INSERT INTO storage VALUES (1, 'files', 'local', '{}', '2026-11-01')")
        connection.commit()
    (data / "files/Nähen/bente.pdf").write_bytes(os.urandom(300_000))
    (data / "files/empty.zip").touch()
    (data / "secret-keys").write_text("0123456789abcdef\n")
    (data / "cache/stamped/1.pdf").write_bytes(b"stamped")
    return Shop(data=data, database=data / "tresen.sqlite3", keys_inside=True, version="0.1.0")


@pytest.fixture
async def archive(shop: Shop, tmp_path: Path) -> Path:
    target = tmp_path / "backups" / "shop.tar.gz"
    target.parent.mkdir()
    await backup.save(shop, target, NOW)
    return target


def names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def everything_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def rows(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM storage")]


# --- What is inside


async def test_it_brings_back_the_database_the_files_with_their_times_and_the_keys(shop, archive, tmp_path):
    await restore.restore(archive, tmp_path / "again", "tresen.sqlite3")

    again, pdf = tmp_path / "again", "files/Nähen/bente.pdf"
    assert names(again) == {"tresen.sqlite3", pdf, "files/empty.zip", "secret-keys"}
    assert rows(again / "tresen.sqlite3") == ["files"]
    assert (again / pdf).read_bytes() == (shop.data / pdf).read_bytes()
    assert (again / pdf).stat().st_mtime_ns == (shop.data / pdf).stat().st_mtime_ns


async def test_only_the_owner_may_read_the_archive_and_what_comes_out_of_it(archive, tmp_path):
    await restore.restore(archive, tmp_path / "again", "tresen.sqlite3")

    assert archive.stat().st_mode & 0o777 == 0o600
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "again").rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in [tmp_path / "again", *(tmp_path / "again").rglob("*")]}
    assert modes == {0o600}
    assert folders == {0o700, 0o600}


async def test_the_archive_says_whether_the_keys_are_inside(shop, archive, tmp_path):
    with_keys = await restore.restore(archive, tmp_path / "a", "tresen.sqlite3")
    await backup.save(replace(shop, keys_inside=False), archive, NOW)
    without = await restore.restore(archive, tmp_path / "b", "tresen.sqlite3")

    assert (with_keys.keys, without.keys) == ("inside", "environment")


async def test_files_on_another_disk_behind_a_link_are_saved_too_and_a_circle_of_links_ends(shop, tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "big.zip").write_bytes(b"big")
    (shop.data / "files" / "disk").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "round").symlink_to(tmp_path / "disk")

    manifest = await backup.save(shop, tmp_path / "b.tar.gz", NOW)

    assert [m.name for m in manifest.members if "disk" in m.name] == ["files/disk/big.zip"]


async def test_what_was_committed_but_lies_still_in_the_write_ahead_log_is_saved(shop, tmp_path):
    with closing(sqlite3.connect(shop.database)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("INSERT INTO storage VALUES (2, 'late', 'local', '{}', '2026-11-01')")
        writer.commit()
        writer.execute("INSERT INTO storage VALUES (3, 'open', 'local', '{}', '2026-11-01')")
        await backup.save(shop, tmp_path / "b.tar.gz", NOW)
    await restore.restore(tmp_path / "b.tar.gz", tmp_path / "again", "tresen.sqlite3")

    assert rows(tmp_path / "again" / "tresen.sqlite3") == ["files", "late"]


# --- What is refused when saving


async def test_a_file_that_changes_while_it_is_read_stops_the_backup(shop, tmp_path, monkeypatch):
    """Half an upload must not pass for a file that was saved."""
    growing = shop.data / "files" / "growing.zip"
    growing.write_bytes(bytes(100))
    copied = backup._Hashed.read

    def grow(self: backup._Hashed, size: int = -1) -> bytes:
        with growing.open("ab") as file:
            file.write(b"more")
        return copied(self, size)

    monkeypatch.setattr(backup._Hashed, "read", grow)
    with pytest.raises(BackupFailed, match=r"growing\.zip was changed"):
        await backup.save(shop, tmp_path / "b.tar.gz", NOW)

    assert not list(tmp_path.glob("*b.tar.gz*"))


async def test_a_backup_does_not_lie_in_what_it_saves(shop):
    with pytest.raises(BackupFailed, match="outside"):
        await backup.save(shop, shop.data / "files" / "b.tar.gz", NOW)


async def test_a_damaged_database_is_told_and_never_replaces_the_last_good_backup(shop, archive):
    good = archive.read_bytes()
    with shop.database.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(40_000))

    with pytest.raises(BackupFailed):
        await backup.save(shop, archive, NOW)

    assert archive.read_bytes() == good
    assert everything_in(archive.parent) == {"shop.tar.gz"}


def test_killed_in_the_middle_it_leaves_no_half_archive_and_the_next_one_clears_up(shop, tmp_path):
    (shop.data / "files" / "big.bin").write_bytes(os.urandom(30_000_000))
    words = [sys.executable, "-c", "import app, sys; sys.exit(app.main())", "backup", str(tmp_path / "b.tar.gz")]
    settings = {"TRESEN_DATA": str(shop.data), "PATH": os.environ["PATH"]}
    running = subprocess.Popen(words, cwd=ROOT, env=settings, stdout=subprocess.DEVNULL)
    half = tmp_path / ".b.tar.gz.unfinished" / "now" / "archive"
    started = time.monotonic()
    while not (half.exists() and half.stat().st_size > 1_000_000) and time.monotonic() < started + 30:
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    running.wait(10)

    assert not (tmp_path / "b.tar.gz").exists()
    assert half.exists()
    subprocess.run(words, cwd=ROOT, env=settings, check=True, timeout=60, stdout=subprocess.DEVNULL)
    assert (tmp_path / "b.tar.gz").exists()
    assert not (tmp_path / ".b.tar.gz.unfinished").exists()


# --- What is refused when restoring, with nothing left behind


async def refused(archive: Path, tmp_path: Path) -> str:
    before = everything_in(tmp_path)
    with pytest.raises(BackupFailed) as failure:
        await restore.restore(archive, tmp_path / "again", "tresen.sqlite3")
    assert everything_in(tmp_path) == before
    return str(failure.value)


async def test_nothing_is_restored_over_something(archive, tmp_path):
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "mine.txt").write_text("mine")

    assert "is not empty" in await refused(archive, tmp_path)


async def test_an_empty_directory_is_filled(archive, tmp_path):
    (tmp_path / "again").mkdir()
    await restore.restore(archive, tmp_path / "again", "tresen.sqlite3")

    assert (tmp_path / "again" / "tresen.sqlite3").exists()


@pytest.mark.parametrize("kept", [0, 1, 20, 0.5, 0.99])
async def test_an_archive_that_was_cut_short_is_refused(archive, tmp_path, kept):
    content = archive.read_bytes()
    archive.write_bytes(content[: int(len(content) * kept) if isinstance(kept, float) else kept])

    assert "was not restored" in await refused(archive, tmp_path)


async def test_a_flipped_bit_anywhere_is_found(archive, tmp_path):
    content = archive.read_bytes()
    for place in range(2000, len(content) - 5000, len(content) // 7):
        archive.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        await refused(archive, tmp_path)


Change = Callable[[tarfile.TarInfo, bytes], bytes]


def rewritten(archive: Path, change: Change) -> None:
    """The archive with other members, packed correctly again."""
    with tarfile.open(archive) as old:
        members = [(header, old.extractfile(header)) for header in old.getmembers()]
        contents = [(header, file.read()) for header, file in members if file]
    with tarfile.open(archive, "w:gz") as new:
        for header, content in contents:
            other = change(header, content)
            header.size = len(other) if header.isreg() else 0
            new.addfile(header, io.BytesIO(other))


def told_in_the_manifest(archive: Path, **facts: object) -> None:
    def change(header: tarfile.TarInfo, content: bytes) -> bytes:
        return json.dumps(json.loads(content) | facts).encode() if header.name == "manifest.json" else content

    rewritten(archive, change)


async def test_a_file_with_other_bytes_than_the_manifest_says_is_refused(archive, tmp_path):
    rewritten(archive, lambda header, content: b"x" * len(content) if header.name.endswith(".pdf") else content)

    assert "not those that its manifest names" in await refused(archive, tmp_path)


async def test_a_file_that_is_missing_is_noticed(archive, tmp_path):
    def rename(header: tarfile.TarInfo, content: bytes) -> bytes:
        header.name, header.pax_headers = header.name.replace("bente", "other"), {}
        return content

    rewritten(archive, rename)
    await refused(archive, tmp_path)


async def test_the_archive_of_a_newer_tresen_is_refused_with_a_sentence(archive, tmp_path):
    told_in_the_manifest(archive, schema="9999", version="7.0")

    assert "Tresen 7.0 with schema 9999, which is newer" in await refused(archive, tmp_path)


async def test_a_manifest_that_lies_about_the_schema_is_refused(archive, tmp_path):
    assert newest() != "0000"
    told_in_the_manifest(archive, schema="0000")

    assert "database is not sound" in await refused(archive, tmp_path)


@pytest.mark.parametrize(
    "manifest", [b"", b"[]", b"{}", b'{"members": "all"}', b"\xff", b"[" * 100_000], ids=lambda text: repr(text[:12])
)
async def test_a_manifest_that_is_none_is_refused(archive, tmp_path, manifest):
    rewritten(archive, lambda header, content: manifest if header.name == "manifest.json" else content)

    await refused(archive, tmp_path)


@pytest.mark.parametrize(
    "name", ["data/../../evil", "/etc/evil", "data//evil", "evil", "data/./evil", "data/a/../evil", "data"]
)
async def test_no_name_leads_out_of_the_data_directory(archive, tmp_path, name):
    hostile(archive, tarfile.TarInfo(name), b"evil")

    assert "something else than plain files" in await refused(archive, tmp_path)


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.CONTTYPE]
)
async def test_nothing_but_plain_files_comes_out(archive, tmp_path, kind):
    header = tarfile.TarInfo("data/files/evil")
    header.type, header.linkname = kind, "/etc/passwd"
    hostile(archive, header)

    assert "something else than plain files" in await refused(archive, tmp_path)


async def test_a_file_in_the_place_of_a_folder_is_refused(archive, tmp_path):
    hostile(archive, tarfile.TarInfo("data/files"), b"evil")

    await refused(archive, tmp_path)


async def test_a_name_without_an_end_is_refused_before_it_is_read(archive, tmp_path):
    header = tarfile.TarInfo("data/long")
    header.type = tarfile.XHDTYPE
    header.size = 10**12
    archive.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT)))

    said = await refused(archive, tmp_path)

    assert "header that is too long" in said or "cut short" in said  # older readers of archives see by themselves


async def test_more_than_the_disk_holds_is_refused_before_it_is_written(archive, tmp_path):
    header = tarfile.TarInfo("data/files/bomb")
    header.size = 2**60
    archive.write_bytes(gzip.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(100_000)))

    assert "larger than the free space" in await refused(archive, tmp_path)


def hostile(archive: Path, header: tarfile.TarInfo, content: bytes = b"") -> None:
    """Puts one more member before the others, and into the manifest, so that only its form is wrong."""
    with tarfile.open(archive) as old:
        members = [(each, file.read()) for each in old.getmembers() if (file := old.extractfile(each))]
    header.size = len(content)
    manifest = json.loads(members[-1][1])
    name = header.name.removeprefix("data/")
    manifest["members"].append(
        {"name": name, "size": len(content), "sha256": hashlib.sha256(content).hexdigest(), "mtime_ns": 0}
    )
    text = json.dumps(manifest).encode()
    members[-1][0].size = len(text)
    with tarfile.open(archive, "w:gz") as new:
        new.addfile(header, io.BytesIO(content))
        for each, kept in [*members[:-1], (members[-1][0], text)]:
            new.addfile(each, io.BytesIO(kept))


async def test_a_device_or_a_pipe_is_no_place_for_a_backup(shop: Shop, tmp_path: Path):
    """Whoever is root would put a file in the place of /dev/null."""
    os.mkfifo(pipe := tmp_path / "pipe")

    with pytest.raises(BackupFailed):
        await backup.save(shop, pipe, datetime.now(UTC))

    assert pipe.is_fifo()
