"""Unstamped files that need not go through this process: the web server in front or the storage itself sends them.

The rights are asked here all the same, for every request. What leaves is known only as what was asked for, and that
counts against the byte cap. Stamped copies and archives never go this way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from portal.storages import Storage


@dataclass(frozen=True)
class ByWebServer:
    """`place` is the value of X-Accel-Redirect, as nginx knows it."""

    place: str


@dataclass(frozen=True)
class ByStorage:
    """`address` opens this one file for five minutes."""

    address: str


@dataclass(frozen=True)
class HandOffs:
    """What the operator allows; by default nothing. `presign_origins`: of storages whose own addresses may be used."""

    accel_prefix: str = ""
    presign_origins: Sequence[str] = ()

    @property
    def are_allowed(self) -> bool:
        return bool(self.accel_prefix or self.presign_origins)

    async def way(self, storage: Storage, path: str, answer: Mapping[str, str]) -> ByWebServer | ByStorage | None:
        """Who is to send that file with the headers of `answer`; None where we do it ourselves.

        Raises FileMissing, OptionsRefused where its place went away.
        """
        if self.accel_prefix and (place := await asyncio.to_thread(storage.local_path, path)):
            return ByWebServer(self.accel_prefix + quote(str(place)))
        if not self.presign_origins:
            return None
        address = storage.presigned(path, answer)
        return ByStorage(address) if address and _origin(address) in self.presign_origins else None


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower()
