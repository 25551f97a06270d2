"""What a shop asks of others: mail server, storages, payment providers; and whether its keys open what they locked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Reading
from db.payment_providers import CheckOutcome, PaymentProvider
from db.settings import MailSettings, SellerSettings
from db.sources import Source
from portal import mail_servers, payment_providers, settings, source_options, storage_options
from portal import storages as known_storages
from portal.doctor.finding import Finding, note, ok, wrong
from portal.mail_servers import MailProbe, MailRefused, MailServer
from portal.payment_providers import ProviderChecks
from portal.sealed_options import OptionsRefused
from portal.storages import FileMissing, Storages, StorageUnavailable
from portal.vault import Unreadable, Vault

LOST_KEY = "Add the old key to TRESEN_SECRET_KEYS (or secret-keys) again, or enter the secrets anew."


async def keys(vault: Vault, session: AsyncSession) -> Finding:
    """How much would be lost with the older keys."""
    mail = await session.scalars(select(MailSettings.smtp_password))
    providers = await session.scalars(select(PaymentProvider.client_secret))
    stored = await known_storages.every(session)
    sources = await session.scalars(select(Source))
    sealed = {
        storage_options.PURPOSE: [row.options[name] for row in stored for name in storage_options.set_secrets(row)],
        source_options.PURPOSE: [row.options[name] for row in sources for name in source_options.set_secrets(row)],
        mail_servers.PASSWORD: [text for text in mail if text],
        payment_providers.SECRET: [text for text in providers if text],
    }
    try:
        old = sum(vault.held_by_old_keys(purpose, texts) for purpose, texts in sealed.items())
    except Unreadable:
        return wrong("keys", "a stored password or secret opens with none of them", LOST_KEY)
    if old:
        return note("keys", f"{old} stored secrets need an older key", "Enter them anew before you remove that key.")
    return ok("keys", "the newest one opens every stored secret")


async def mail(
    fixed: MailServer | None, probe: Callable[[MailServer], MailProbe], vault: Vault, reading: Reading
) -> Finding:
    async with reading() as session:
        try:
            server = await mail_servers.in_use(fixed, vault, session)
        except Unreadable:
            return wrong("mail", "its password opens with none of the keys", "Enter it anew in the settings.")
    if server is None:
        return note("mail", "no mail server is set up", "Set TRESEN_SMTP_URL, or fill in the settings' tab Mail.")
    try:
        await probe(server).probe()
    except MailRefused as refused:
        return wrong("mail", str(refused).rstrip("."), "Compare the settings' tab Mail with what your provider says.")
    if not server.from_address:
        return wrong("mail", f"{server.host} answers, but there is no sender", "Enter one in the settings' tab Mail.")
    return ok("mail", f"{server.host} lets us in")


async def storages(opener: Storages, reading: Reading) -> AsyncIterator[Finding]:
    async with reading() as session:
        rows = await known_storages.every(session)
    for row in rows:
        about = f"storage {row.name}"
        try:
            found = await opener.opened(row).entries("")
            yield ok(about, f"{len(found)} entries at its top")
        except OptionsRefused as refused:
            yield wrong(about, str(refused).rstrip("."), "Mend it under Storages.")
        except FileMissing:
            yield wrong(about, "its root is missing", "Put it back, or mend it under Storages.")
        except StorageUnavailable as error:
            yield wrong(about, f"it cannot be reached ({error})", "Try again later, or mend it under Storages.")
    if not rows:
        yield note("storages", "none is connected", "Files to sell need one; invoices do not.")


async def providers(checks: ProviderChecks, reading: Reading) -> AsyncIterator[Finding]:
    async with reading() as session:
        rows = [row for row in await payment_providers.every(session) if row.active]
        seller = await settings.of(SellerSettings, session)
    for row in rows:
        answer = await payment_providers.asked(row, checks, seller)
        about = f"payment provider {row.name}"
        if answer.outcome is CheckOutcome.OK:
            yield ok(about, "it takes our credentials" if row.client_id else "name and IBAN are there")
        else:
            told = answer.detail.rstrip(".") or answer.outcome.value
            yield wrong(about, told, "Mend it under Payment providers, and check the connection there.")
    if not rows:
        yield note("payment providers", "none is active", "Customers cannot pay here.")
