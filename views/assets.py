"""What static/ holds, under addresses that change with the content, so that browsers may keep them for good."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
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
PACKED_ALREADY = {".gif", ".png", ".webp", ".woff2"}
# One request instead of seven: the layers in their order, each page with its own half of the components.
BUNDLES = {
    "css/portal.bundle.css": ("typeface", "tokens", "reset", "base", "layout", "components", "portal", "print"),
    "css/office.bundle.css": (
        *("office_typeface", "tokens", "reset", "base", "layout", "components", "portal", "office", "print"),
    ),
}
URL = re.compile(r"""url\(\s*["']?(?!data:|https?:|/)([^"')]+)["']?\s*\)""")


@dataclass(frozen=True)
class Asset:
    """`gzip` is None where packing gains nothing."""

    content: bytes
    gzip: bytes | None
    media_type: str


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
        packed = None if place.suffix in PACKED_ALREADY else gzip.compress(content, 9, mtime=0)
        self._addresses[name] = address
        self._assets[address] = Asset(content, packed, MEDIA_TYPES[place.suffix])

    def _sheet(self, name: str) -> str:
        """A stylesheet whose fonts and pictures go by their own hashed addresses."""
        folder = str(PurePosixPath(name).parent)

        def hashed(match: re.Match[str]) -> str:
            return f'url("{self._addresses[normpath(join(folder, match[1]))]}")'

        return URL.sub(hashed, (self._folder / name).read_text(encoding="utf-8"))


ASSETS = Assets()
