"""The archive: everything in one folder, each file with its sum, the same bytes for the same commit."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import tarfile
from collections.abc import Iterable
from pathlib import Path

from release.parts import Part

SUMS = "SHA256SUMS"
# Beside the program. The rest of the tree is inside it, or for those who work on it.
BESIDE = ("CHANGELOG.md", "LICENSE")
FOR_THE_MACHINE = ("Containerfile", "tresen.env", "tresen.service", "tresen.socket")


def laid_out(folder: Path, program: Path, source: Path, parts: Iterable[Part]) -> None:
    """Fills the folder that becomes the archive, but for its bill of materials and its sums."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(program, folder, symlinks=True)
    for name in BESIDE:
        shutil.copyfile(source / name, folder / name)
    for name in FOR_THE_MACHINE:
        shutil.copyfile(source / "release" / name, folder / name)
    for page in sorted((source / "docs").glob("*.md")):
        (folder / "docs").mkdir(exist_ok=True)
        shutil.copyfile(page, folder / "docs" / page.name)
    for part in parts:
        _lay_licences(folder / "LICENSES" / f"{part.name}-{part.version}", part)


def oldest_glibc(folder: Path) -> str:
    """The newest version of the C library that any file in it asks for."""
    asked = re.compile(rb"GLIBC_(\d+)\.(\d+)")
    found = {
        (int(major), int(minor))
        for file in folder.rglob("*")
        if file.is_file() and not file.is_symlink() and file.open("rb").read(4) == b"\x7fELF"
        for major, minor in asked.findall(file.read_bytes())
    }
    return "{}.{}".format(*max(found))


def add_sums(folder: Path) -> None:
    """A list that `sha256sum -c` reads in that folder."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.is_symlink())
    lines = [f"{sum_of(file)}  ./{file.relative_to(folder)}\n" for file in files if file.name != SUMS]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def packed(folder: Path, target: Path, at: int) -> None:
    """Nobody's name, one time, one order; modes as whoever unpacks it needs them."""
    with (
        target.open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=at) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for place in [folder, *sorted(folder.rglob("*"))]:
            member = archive.gettarinfo(place, f"{folder.name}/{place.relative_to(folder)}".removesuffix("/."))
            member.uid = member.gid = 0
            member.uname = member.gname = "root"
            member.mtime = at
            if not member.issym():
                member.mode = 0o755 if member.isdir() or _is_program(place) else 0o644
            if member.islnk():  # two names of one file here are two files there
                member.type, member.size = tarfile.REGTYPE, place.stat().st_size
            if member.isreg():
                with place.open("rb") as content:
                    archive.addfile(member, content)
            else:
                archive.addfile(member)


def sum_of(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _lay_licences(folder: Path, part: Part) -> None:
    folder.mkdir(parents=True)
    (folder / "SPDX").write_text(part.licence + "\n", encoding="utf-8")
    for number, text in enumerate(part.texts):
        name = text.name if not (folder / text.name).exists() else f"{number}-{text.name}"
        shutil.copyfile(text, folder / name)


def _is_program(file: Path) -> bool:
    return file.name == "tresen" and file.parent.name != "docs"
