"""What must not ship is refused, and the same files make the same archive."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shlex
import tarfile
from pathlib import Path

import pytest

from assembly import mail_server
from config import from_environment
from portal.stamps import MADE_WITH
from release import archive, freezing, licences, start
from release.installed import pinned

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "licence",
    [
        "MIT",
        "Apache-2.0 OR BSD-3-Clause",
        "LGPL-3.0-only",
        "GPL-3.0-or-later WITH GCC-exception-3.1",
        "GPL-2.0-or-later WITH Bootloader-exception",
    ],
)
def test_what_may_ship_under_any_terms_has_no_obstacle(licence):
    assert licences.obstacle(licence) == ""


@pytest.mark.parametrize("licence", ["", "GPL-3.0-only", "AGPL-3.0-or-later", "MIT AND (GPL-2.0-only)"])
def test_what_would_bind_whoever_runs_it_or_is_not_known_has_one(licence):
    assert licences.obstacle(licence) != ""


def test_what_makes_a_release_is_locked_beside_exactly_what_ships():
    ships, makes = pinned(ROOT / "requirements.lock"), pinned(ROOT / "requirements-release.lock")

    assert {"pyinstaller", "cyclonedx-python-lib"} <= makes - ships
    assert ships <= makes


def test_the_lock_of_the_release_names_no_index_and_the_versions_that_are_tested():
    def pins(name: str) -> set[str]:
        return {line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if "==" in line}

    assert pins("requirements.lock") <= pins("requirements-release.lock")
    assert "index-url" not in (ROOT / "requirements-release.lock").read_text(encoding="utf-8")


def test_whatever_is_asked_for_its_version_brings_it_along():
    """A frozen program finds no package; a start that asks for one that is not there fails."""
    tops = ("portal", "pdfkit", "routes", "views", "db", "integrations")
    rooms = [path for top in tops for path in ROOT.glob(f"{top}/**/*.py")]
    called = [
        node
        for path in (*rooms, *ROOT.glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "version"
    ]
    by_name = {word.value for call in called for word in call.args if isinstance(word, ast.Constant)}

    assert "tresen" in by_name
    assert by_name | set(MADE_WITH) == set(freezing.ASKED_FOR_THEIR_VERSION)


def test_every_example_for_the_operator_is_understood():
    lines = (ROOT / "release" / "tresen.env").read_text(encoding="utf-8").splitlines()
    told = dict(shlex.split(line.lstrip("#"))[0].split("=", 1) for line in lines if re.match("#?TRESEN_", line))

    config = from_environment(told)

    assert config.smtp_url
    assert mail_server(config)


def test_the_unit_calls_nothing_that_a_small_system_lacks():
    lines = (ROOT / "release" / "tresen.service").read_text(encoding="utf-8").splitlines()
    called = {line.partition("=")[2].split()[0] for line in lines if line.startswith("Exec")}

    assert called == {"/opt/tresen/tresen", "/bin/sh"}


def test_the_same_files_make_the_same_bytes_whenever_and_by_whomever(tmp_path):
    sums: list[str] = []
    for place, mode in (("one", 0o700), ("two", 0o775)):
        folder = tmp_path / place / "tresen-1.0"
        (folder / "docs").mkdir(parents=True, mode=mode)
        for name in sorted(("tresen", "docs/a.md"), reverse=place == "two"):
            (folder / name).write_text(name, encoding="utf-8")
        (folder / "same.so").symlink_to("tresen")
        os.utime(folder / "tresen", (len(sums), len(sums)))
        archive.packed(folder, tmp_path / f"{place}.tar.gz", 1_700_000_000)
        sums.append(hashlib.sha256((tmp_path / f"{place}.tar.gz").read_bytes()).hexdigest())

    assert sums[0] == sums[1]
    with tarfile.open(tmp_path / "one.tar.gz") as packed:
        told = {member.name: (member.mode, member.uname, member.mtime) for member in packed}
    assert told["tresen-1.0/tresen"] == (0o755, "root", 1_700_000_000)
    assert told["tresen-1.0/docs/a.md"] == (0o644, "root", 1_700_000_000)


def test_the_sums_are_those_that_sha256sum_reads(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"a")
    archive.add_sums(tmp_path)

    assert (tmp_path / "SHA256SUMS").read_text() == f"{hashlib.sha256(b'a').hexdigest()}  ./a.txt\n"


def test_the_frozen_program_understands_what_starts_a_process_of_its_own():
    """Whatever says `sys.executable -m` in a room must be a word that release/start.py knows."""
    said = [
        path.relative_to(ROOT)
        for room in ("app.py", "demo", "integrations", "pdfkit", "portal", "routes", "views", "db")
        for path in ([ROOT / room] if room.endswith(".py") else (ROOT / room).rglob("*.py"))
        if "sys.executable" in path.read_text(encoding="utf-8")
    ]

    assert sorted(map(str, said)) == ["demo/__init__.py", "pdfkit/child.py"]
    assert start.CHILDREN == ("pdfkit.child", "demo.papers")
