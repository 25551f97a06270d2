"""Signed texts for addresses. The newest key signs, all keys verify."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from itsdangerous import BadData, URLSafeSerializer


class Signer:
    """Turns a short list of numbers and texts into a URL-safe token bound to one purpose."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys`: newest first, as configured."""
        self._keys = list(reversed(keys))  # itsdangerous signs with the last of its list
        self._serializers: dict[str, URLSafeSerializer] = {}

    def sign(self, purpose: str, payload: list[int | str]) -> str:
        return str(self._serializer(purpose).dumps(payload))

    def read(self, purpose: str, token: str) -> list[object] | None:
        """The payload, or None for whatever is wrong with the token."""
        try:
            payload = self._serializer(purpose).loads(token)
        except (BadData, UnicodeEncodeError):  # the latter for half a surrogate pair, which is no text
            return None
        return payload if isinstance(payload, list) else None

    def _serializer(self, purpose: str) -> URLSafeSerializer:
        if purpose not in self._serializers:
            self._serializers[purpose] = URLSafeSerializer(
                self._keys,
                salt=f"tresen.{purpose}",
                signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
            )
        return self._serializers[purpose]
