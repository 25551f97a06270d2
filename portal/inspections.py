"""What can be said of a file before anybody buys it: is it a PDF, can it be stamped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from pdfkit.child import Child
from portal.byte_ranges import Bytes
from portal.storages import Entry, Storage

HEAD = 1024


async def head_of(content: Bytes) -> bytes:
    """The first kilobyte. Raises what reading raises: a storage may describe a file and refuse its bytes."""
    return b"".join([piece async for piece in content.read(0, min(HEAD, content.size))])


def is_pdf(name: str, head: bytes) -> bool:
    """By name or by its first kilobyte, so that no PDF slips past the stamp under another name."""
    return name.lower().endswith(".pdf") or b"%PDF-" in head


@asynccontextmanager
async def local_copy(storage: Storage, path: str, scratch: Path) -> AsyncIterator[Path]:
    """The file on this machine: where it lies, or else a copy that vanishes afterwards."""
    if place := storage.local_path(path):
        yield place
        return
    with NamedTemporaryFile(dir=scratch, suffix=".part") as copy:
        content = await storage.open(path)
        try:
            async for piece in content.read(0, content.size):
                copy.write(piece)
        finally:
            await content.close()
        copy.flush()
        yield Path(copy.name)


class Inspector:
    """Looks into files in the child process."""

    def __init__(self, child: Child, scratch: Path) -> None:
        self._child = child
        self._scratch = scratch

    async def inspect(self, storage: Storage, entry: Entry) -> dict[str, object]:
        """`{"kind": "pdf", "stampable": …, …}`, or `{"kind": "other", "stampable": true}` for what needs no stamp."""
        content = await storage.open(entry.path)
        try:
            if not is_pdf(entry.name, await head_of(content)):
                return {"kind": "other", "stampable": True}
        finally:
            await content.close()
        async with local_copy(storage, entry.path, self._scratch) as place:
            found = await self._child.inspect(place)
        told: dict[str, object] = msgspec.to_builtins(asdict(found))
        return {"kind": "pdf", **told}
