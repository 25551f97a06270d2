"""Where fonts lie: those that are shipped, those of a folder that the operator names, those of the extra `fonts`."""

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from pdfkit.fonts import SLIM

_SHIPPED = (SLIM, SLIM.with_name("NotoSansArabic-Paper.ttf"), SLIM.with_name("NotoSansHebrew-Paper.ttf"))
_PACKAGES = ("manimgx_fonts", "noto_cjk_sans_otc")
_SUFFIXES = {".ttf", ".otf", ".ttc", ".otc"}
_MOST_FILES = 500  # of one folder


def offered(folder: str | None) -> Iterator[Path]:
    """Every font, the first one that has a character first."""
    yield from _SHIPPED
    if folder:
        yield from _fonts_in(folder)
    for package in _PACKAGES:
        if spec := find_spec(package):
            for place in spec.submodule_search_locations or ():
                yield from _fonts_in(place)


def fingerprint(folder: str | None) -> str:
    """Another one for other fonts, as far as their names, sizes and times tell."""
    told = hashlib.sha256()
    for path in offered(folder):
        status = path.stat()
        told.update(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return told.hexdigest()[:16]


@cache
def _fonts_in(folder: str) -> tuple[Path, ...]:
    """Regular ones first; a name in bold or italics is better than none."""
    fonts = (path for path in Path(folder).rglob("*") if path.suffix.lower() in _SUFFIXES)
    return tuple(sorted(fonts, key=lambda path: (not _is_regular(path.stem), path)))[:_MOST_FILES]


def _is_regular(name: str) -> bool:
    return "Italic" not in name and ("Regular" in name or "[" in name)
