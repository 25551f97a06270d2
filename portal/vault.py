"""Credentials at rest: nobody who finds the database alone can read them. The newest key encrypts, all keys decrypt."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography.fernet import Fernet


class Unreadable(Exception):
    """None of the configured keys opens it: the key was lost, or the text was tampered with."""


class Vault:
    """Each purpose, such as `smtp-password`, has keys of its own: what was sealed for one opens for no other."""

    def __init__(self, keys: Sequence[str]) -> None:
        """`keys`: newest first, as configured."""
        self._keys = tuple(keys)

    def sealed(self, purpose: str, secret: str) -> str:
        return _fernets(purpose, self._keys)[0].encrypt(secret.encode()).decode("ascii")

    def opened(self, purpose: str, token: str) -> str:
        """Raises Unreadable."""
        return self._tried(purpose, token)[1]

    def mark(self, purpose: str, text: str) -> str:
        """The same for the same text, as long as the newest key is; tells nothing of the text."""
        return hmac.digest(_derived(purpose, self._keys[0]), text.encode(), "sha256").hex()

    def held_by_old_keys(self, purpose: str, tokens: Iterable[str]) -> int:
        """How many of these would be lost if all keys but the newest were removed. Raises Unreadable."""
        return sum(self._tried(purpose, token)[0] > 0 for token in tokens)

    def _tried(self, purpose: str, token: str) -> tuple[int, str]:
        """Which key opened it (0 is the newest), and what was inside."""
        from cryptography.fernet import InvalidToken

        for age, fernet in enumerate(_fernets(purpose, self._keys)):
            try:
                return age, fernet.decrypt(token.encode()).decode()
            except InvalidToken:
                continue
        raise Unreadable


@cache
def _fernets(purpose: str, keys: tuple[str, ...]) -> tuple[Fernet, ...]:
    from cryptography.fernet import Fernet

    return tuple(Fernet(base64.urlsafe_b64encode(_derived(purpose, key))) for key in keys)


@cache
def _derived(purpose: str, key: str) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), length=32, salt=None, info=f"tresen.{purpose}".encode()).derive(key.encode())
