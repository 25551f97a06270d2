"""Whether mail leaves by the settings of now: shown by a mail that the server has taken, a test among them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db.messages import MailProof
from portal.mail_servers import MailServer
from portal.vault import Vault

PURPOSE = "mail-proof"


def mark(server: MailServer, vault: Vault) -> str:
    """Tells servers apart by all that decides whether mail leaves; with another password it is another one."""
    parts = (server.host, server.port, server.tls.value, server.user, server.password, server.from_address)
    return vault.mark(PURPOSE, repr(parts))


class Proofs:
    """Asks once for each server and process what is known already."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._known: MailServer | None = None

    async def exists(self, server: MailServer, session: AsyncSession) -> bool:
        return await session.get(MailProof, mark(server, self._vault)) is not None

    async def note(self, server: MailServer, session: AsyncSession, now: datetime) -> None:
        if server == self._known:
            return
        if await self.exists(server, session):
            self._known = server
        else:
            session.add(MailProof(server=mark(server, self._vault), proved_at=now))
