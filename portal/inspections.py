"""What can be said of a file before anybody buys it: is it a PDF, can it be stamped."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO

import msgspec

from pdfkit.child import Child
from pdfkit.outcome import EDITION
from portal.byte_ranges import Bytes, BytesChangedError
from portal.storages import Entry, Storage

HEAD = 1024
WRITTEN_AT_ONCE = 1024 * 1024


async def head_of(content: Bytes) -> bytes:
    """The first kilobyte. Raises what reading raises: a storage may describe a file and refuse its bytes."""
    return b"".join([piece async for piece in content.read(0, min(HEAD, content.size))])


def is_pdf(name: str, head: bytes) -> bool:
    """By name or by its first kilobyte, so that no PDF slips past the stamp under another name."""
    return name.lower().endswith(".pdf") or b"%PDF-" in head


@asynccontextmanager
async def local_copy(storage: Storage, path: str, scratch: Path) -> AsyncIterator[Path]:
    """The file on this machine: where it lies, or else a copy that vanishes afterwards."""
    if place := await asyncio.to_thread(storage.local_path, path):
        yield place
        return
    copy = await asyncio.to_thread(_begun, scratch)
    try:
        content = await storage.open(path)
        try:
            await _fill(copy, content)
        finally:
            await content.close()
        yield Path(copy.name)
    finally:
        await asyncio.to_thread(copy.close)  # and with that it is gone


def _begun(scratch: Path) -> IO[bytes]:
    return NamedTemporaryFile(dir=scratch, suffix=".part", buffering=0)


async def clear(scratch: Path) -> None:
    """At a start: what a process that was killed had begun is of use to nobody."""

    def remove() -> None:
        for each in scratch.iterdir():
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each, ignore_errors=True)
            else:
                each.unlink(missing_ok=True)

    await asyncio.to_thread(remove)


async def _fill(copy: IO[bytes], content: Bytes) -> None:
    """Not on the event loop, as a disk may make us wait; a megabyte at a time."""
    held = bytearray()
    async for piece in content.read(0, content.size):
        held += piece
        if len(held) >= WRITTEN_AT_ONCE:
            await _written(copy, bytes(held))
            held.clear()
    await _written(copy, bytes(held))


async def _written(file: IO[bytes], content: bytes) -> None:
    writing = asyncio.ensure_future(asyncio.to_thread(_write, file, content))
    try:
        await asyncio.shield(writing)
    finally:  # the thread of one who was cancelled goes on, and the number of a closed file is soon another file's
        await asyncio.wait([writing])


def _write(file: IO[bytes], content: bytes) -> None:
    """An unbuffered file may take less than it is given. Raises OSError, as where the disk is full."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def is_of_this_edition(inspection: Mapping[str, object]) -> bool:
    """Whether whoever looked knew what is known of stamping now; what is no PDF needs no stamp."""
    return inspection.get("kind") != "pdf" or inspection.get("edition") == EDITION


class Inspector:
    """Looks into files in the child process."""

    def __init__(self, child: Child, scratch: Path) -> None:
        self._child = child
        self._scratch = scratch

    async def inspect(self, storage: Storage, entry: Entry) -> dict[str, object]:
        """`{"kind": "pdf", "stampable": …, …}`, or `{"kind": "other", "stampable": true}` for what needs no stamp.

        Raises what reading raises; BytesChangedError where the file was replaced meanwhile.
        """
        content = await storage.open(entry.path)
        try:
            if not is_pdf(entry.name, await head_of(content)):
                return {"kind": "other", "stampable": True}
        finally:
            await content.close()
        async with local_copy(storage, entry.path, self._scratch) as place:
            found = await self._child.inspect(place)
        if (await storage.stat(entry.path)).version != entry.version:
            raise BytesChangedError(entry.path)  # nobody knows which bytes were looked at
        told: dict[str, object] = msgspec.json.decode(msgspec.json.encode(asdict(found)))  # as it will be read again
        return {"kind": "pdf", **told}
