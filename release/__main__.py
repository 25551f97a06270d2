"""`make release`: from the commit to dist/, by the environment that the Makefile made for it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from release import archive, bom, freezing, parts
from release.installed import package

WORK = Path("build/release").absolute()
DIST = Path("dist").absolute()


def main() -> int:
    try:
        print(f"Ready: {made()}")
    except (parts.Unclear, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def made() -> Path:
    """The archive. Raises Unclear, CalledProcessError."""
    source = _exported()
    _installed(source)
    program, note = freezing.freeze(source, WORK)
    shipped = parts.shipped(note, source, Path("requirements.lock"))
    release = bom.Release(
        version=package("tresen").version,
        commit=_git("rev-parse", "HEAD"),
        at=int(_git("log", "-1", "--format=%ct")),
        glibc=archive.oldest_glibc(program),
    )
    folder = WORK / release.name
    archive.laid_out(folder, program, source, shipped)
    bill = bom.written(release, shipped)
    (folder / "tresen.cdx.json").write_text(bill, encoding="utf-8")
    archive.add_sums(folder)
    shutil.rmtree(DIST, ignore_errors=True)
    DIST.mkdir()
    target = DIST / f"{release.name}.tar.gz"
    archive.packed(folder, target, release.at)
    (DIST / f"{release.name}.cdx.json").write_text(bill, encoding="utf-8")
    archive.add_sums(DIST)
    print(f"{len(shipped)} parts, none under the GPL; it needs glibc {release.glibc} and zlib, nothing else.")
    return target


def _exported() -> Path:
    """The tree as it is committed: nothing that lies about on this machine ships."""
    if _git("status", "--porcelain"):
        print("There are changes that are not committed; they are not in the release.", file=sys.stderr)
    source = WORK / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    tree = subprocess.run(("git", "archive", "HEAD"), check=True, capture_output=True).stdout
    subprocess.run(("tar", "-x", "-C", str(source)), input=tree, check=True)
    return source


def _installed(source: Path) -> None:
    """As a wheel, so that what the wheel lacks is missing in the release, too."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "-qq", "install")
    subprocess.run((*pip, "--force-reinstall", "--no-deps", "--no-build-isolation", str(source)), check=True)


def _git(*words: str) -> str:
    return subprocess.run(("git", *words), check=True, capture_output=True, text=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
