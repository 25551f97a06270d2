"""Through which server mail leaves, and what Tresen needs of it; integrations/ has the module that speaks to it."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.settings import MailSettings, MailTls, SellerSettings
from portal import held_runs, settings
from portal.activity import By
from portal.refusals import Fault, Invalid
from portal.settings import MailChange
from portal.vault import Vault

PASSWORD = "smtp-password"  # noqa: S105 (the vault's purpose, not a password)
NEEDS_TLS = "A password is sent over TLS only; choose starttls or implicit."


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where to hand mail in and as whom. `from_address` and `from_name` are empty where nobody chose them."""

    host: str
    port: int
    tls: MailTls
    user: str = ""
    password: str = field(default="", repr=False)
    from_address: str = ""
    from_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """A mail ready to leave. Addresses are as SMTP writes them; `utf8`: one of them only SMTPUTF8 can say."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    utf8: bool


@dataclass(frozen=True)
class Accepted:
    """The server took responsibility, except for these recipients: address → why."""

    refused: Mapping[str, str] = field(default_factory=dict)


class MailRefused(Exception):
    """One sentence for the merchant. `permanent`: this mail will never go this way, whatever time passes."""

    def __init__(self, sentence: str, *, permanent: bool) -> None:
        super().__init__(sentence)
        self.permanent = permanent


class MailProbe(Protocol):
    async def probe(self) -> None:
        """Goes as far as a mail would, signs in, and leaves without one. Bounded in time. Raises MailRefused."""
        ...


class Mailer(MailProbe, Protocol):
    async def send(self, envelope: Envelope) -> Accepted:
        """Bounded in time. Raises MailRefused."""
        ...


MailerFor = Callable[[MailServer], Mailer]


def is_loopback(host: str) -> bool:
    """Whether what is said to that host never leaves the machine."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def leaks_password(server: MailServer) -> bool:
    return bool(server.password) and server.tls is MailTls.NONE and not is_loopback(server.host)


async def in_use(fixed: MailServer | None, vault: Vault, session: AsyncSession) -> MailServer | None:
    """What the environment fixes, else what is set on screen, else None. Raises portal.vault.Unreadable."""
    return (await with_seller(fixed, vault, session))[0]


async def with_seller(
    fixed: MailServer | None, vault: Vault, session: AsyncSession
) -> tuple[MailServer | None, SellerSettings]:
    """The same, and in whose name mail leaves. One statement."""
    both = select(MailSettings, SellerSettings).join(SellerSettings, SellerSettings.id == MailSettings.id)
    row, seller = (await session.execute(both)).one()
    server = fixed or _on_screen(row, vault)
    if server is None:
        return None, seller
    address = server.from_address or row.from_address or seller.email
    named = replace(server, from_address=address, from_name=server.from_name or row.from_name or seller.name)
    return named, seller


def _on_screen(row: MailSettings, vault: Vault) -> MailServer | None:
    if not row.smtp_host:
        return None
    return MailServer(
        host=row.smtp_host,
        port=row.smtp_port,
        tls=row.smtp_tls,
        user=row.smtp_user,
        password=vault.opened(PASSWORD, row.smtp_password) if row.smtp_password else "",
    )


async def change(wanted: MailChange, vault: Vault, session: AsyncSession, by: By) -> MailSettings:
    """Seals the password, then writes as any other section. Raises Invalid."""
    if wanted.smtp_password is not msgspec.UNSET:
        sealed = vault.sealed(PASSWORD, wanted.smtp_password) if wanted.smtp_password else ""
        wanted = msgspec.structs.replace(wanted, smtp_password=sealed)
    row = await settings.change(MailSettings, wanted, session, by)
    if row.smtp_password and row.smtp_tls is MailTls.NONE and not is_loopback(row.smtp_host):
        raise Invalid(Fault("#/smtp_tls", "password-without-tls", NEEDS_TLS))
    if row.smtp_host:
        await held_runs.release_unless_paused(session, by.at)
    return row


def answer(row: MailSettings, fixed: MailServer | None) -> dict[str, object]:
    """The section as the API shows it: what the environment fixes is shown as it is used."""
    told = settings.answer(row)
    if fixed is None:
        return told | {"fixed": []}
    used: dict[str, object] = {
        "smtp_host": fixed.host,
        "smtp_port": fixed.port,
        "smtp_tls": fixed.tls.value,
        "smtp_user": fixed.user,
        "smtp_password_set": bool(fixed.password),
    }
    used |= {"from_address": fixed.from_address} if fixed.from_address else {}
    return told | used | {"fixed": sorted(used)}
