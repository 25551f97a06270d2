"""Billbee as somebody who calls us, and is asked to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import msgspec

from integrations.billbee import webhooks
from integrations.billbee.client import Billbee, unreadable
from integrations.tolerant import NotUnderstood, parsed
from portal.fetching import Access, Hint, Spoken
from portal.mail_servers import is_loopback

WEBHOOKS = "webhooks"


@dataclass(frozen=True)
class BillbeeCalls:
    """Fulfils portal.fetching.Caller."""

    billbee: Billbee

    def is_ping(self, headers: Mapping[str, str], body: bytes) -> bool:
        return False  # it tries by a GET

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
        return webhooks.is_genuine(headers, body, secret)

    def name_of(self, headers: Mapping[str, str], body: bytes) -> str:
        return webhooks.name_of(body)

    def kept(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {}

    def asks(self, access: Access) -> bool:
        return False

    async def spoken_of(self, access: Access, headers: Mapping[str, str], body: bytes) -> Spoken:
        return Hint()

    def is_here(self, options: Mapping[str, str]) -> bool:
        return is_loopback(urlsplit(self.billbee.base).hostname or "")

    async def register(self, access: Access, url: str, secret: str) -> None:
        """One webhook for all that happens to orders; one that calls this address is brought up to date."""
        wanted: dict[str, object] = {
            "WebHookUri": url,
            "Secret": secret,
            "Description": "Tresen",
            "IsPaused": False,
            "Filters": list(webhooks.filters(await self._told(access, f"{WEBHOOKS}/filters"))),
        }
        known = webhooks.at(url, await self._told(access, WEBHOOKS))
        path, method = (f"{WEBHOOKS}/{quote(known, safe='')}", "PUT") if known else (WEBHOOKS, "POST")
        content = msgspec.json.encode({**wanted, "Id": known} if known else wanted)
        await self.billbee.call(access, method, path, content)

    async def _told(self, access: Access, path: str) -> object:
        """Raises SourceUnavailable."""
        try:
            return parsed(await self.billbee.call(access, "GET", path))
        except NotUnderstood as error:
            raise unreadable(error) from error
