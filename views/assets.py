"""What static/ holds, under addresses that change with the content, so that browsers may keep them for good."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path, PurePosixPath
from posixpath import join, normpath

STATIC = Path(__file__).parent.parent / "static"
MEDIA_TYPES = {
    ".css": "text/css",
    ".gif": "image/gif",
    ".ico": "image/vnd.microsoft.icon",
    ".js": "text/javascript",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
PACKED_ALREADY = {"image/gif", "image/png", "image/webp", "font/woff2"}
# One request instead of seven: the layers in their order, each page with its own half of the components.
BUNDLES = {
    "css/portal.bundle.css": ("tokens", "typeface", "reset", "base", "layout", "components", "portal", "print"),
    "css/office.bundle.css": (
        *("tokens", "office_typeface", "reset", "base", "layout", "components", "portal", "office", "print"),
    ),
}
# Told to whoever reads the source, not to whoever loads the page. Strings are matched first, and stay.
REMARK = re.compile(r"""("[^"\n]*"|'[^'\n]*')|/\*.*?\*/""", re.DOTALL)
INDENT = re.compile(r"\n\s+")
URL = re.compile(r"""url\(\s*["']?(?!data:|https?:|/)([^"')]+)["']?\s*\)""")


@dataclass(frozen=True)
class Asset:
    content: bytes
    media_type: str

    @cached_property
    def gzip(self) -> bytes | None:
        """None where packing gains nothing. Made when it is first asked for: all at once would delay every start."""
        return None if self.media_type in PACKED_ALREADY else gzip.compress(self.content, 9, mtime=0)


class Assets:
    """Everything that may be served from a folder of static files, read once."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder
        self._addresses: dict[str, str] = {}
        self._assets: dict[str, Asset] = {}
        sheets = []
        for name in self._names():
            if name.endswith(".css"):
                sheets.append(name)
            else:
                self._add(name, (folder / name).read_bytes())
        for name in sheets:
            self._add(name, self._sheet(name).encode())
        for name, layers in BUNDLES.items():
            parts = [f"css/{layer}.css" for layer in layers]
            if set(parts) <= set(sheets):
                self._add(name, "".join(self._sheet(part) for part in parts).encode())

    def find(self, address: str) -> Asset | None:
        """What lies at an address such as `/static/css/base.0f2c….css`, or None."""
        return self._assets.get(address)

    def address_of(self, name: str) -> str:
        """The address of `css/base.css`. Raises KeyError for a file that is not there."""
        return self._addresses[name]

    def _names(self) -> Iterator[str]:
        for path in sorted(self._folder.rglob("*")):
            if path.is_file() and path.suffix in MEDIA_TYPES:
                yield path.relative_to(self._folder).as_posix()

    def _add(self, name: str, content: bytes) -> None:
        place = PurePosixPath(name)
        mark = blake2b(content, digest_size=8).hexdigest()
        address = f"/static/{place.with_suffix('')}.{mark}{place.suffix}"
        self._addresses[name] = address
        self._assets[address] = Asset(content, MEDIA_TYPES[place.suffix])

    def _sheet(self, name: str) -> str:
        """A stylesheet without remarks, whose fonts and pictures go by their own hashed addresses."""
        folder = str(PurePosixPath(name).parent)

        def hashed(match: re.Match[str]) -> str:
            return f'url("{self._addresses[normpath(join(folder, match[1]))]}")'

        sheet = REMARK.sub(lambda match: match[1] or "", (self._folder / name).read_text(encoding="utf-8"))
        return URL.sub(hashed, INDENT.sub("\n", sheet).lstrip())


ASSETS = Assets()
