"""Browsers that once came in as somebody: their tries are counted apart, so that no stranger's tries lock them out.

The scheme is OWASP's "Slow Down Online Guessing Attacks with Device Cookies": a signed
mark of the account, which gives no access, but a counter of its own.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from portal.signing import Signer

PURPOSE = "known-browser"
KNOWN_FOR = timedelta(days=365)


class KnownBrowsers:
    """Writes and reads the marks. `account` is the mail address as it is compared."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def mark(self, account: str, now: datetime) -> str:
        """A new one for each sign-in, so that a copied one shares its counter only until the next."""
        return self._signer.sign(PURPOSE, [_hash(account), secrets.token_urlsafe(16), int(now.timestamp())])

    def counter(self, mark: str, account: str, now: datetime) -> str:
        """What to count that browser's tries by; empty for a browser that is not known as this account's."""
        match self._signer.read(PURPOSE, mark) if mark else None:
            case [str(owner), str(nonce), int(at)] if owner == _hash(account):
                return nonce if now.timestamp() - at < KNOWN_FOR.total_seconds() else ""
            case _:
                return ""


def _hash(account: str) -> str:
    # Whoever finds the cookie should not read the address at a glance.
    return hashlib.sha256(account.encode("utf-8", "surrogateescape")).hexdigest()
