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
from portal.doctor.finding import Finding, note, ok, phrase, verbatim, wrong
from portal.mail_servers import MailProbe, MailRefused, MailServer
from portal.payment_providers import ProviderChecks
from portal.sealed_options import OptionsRefused
from portal.storages import FileMissing, Storages, StorageUnavailable
from portal.vault import Unreadable, Vault

LOST_KEY = phrase("Add the old key to TRESEN_SECRET_KEYS (or secret-keys) again, or enter the secrets anew.")
KEYS, MAIL = phrase("keys"), phrase("mail")
COMPARE = phrase("Compare the settings' tab Mail with what your provider says.")


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
        return wrong(KEYS, phrase("a stored password or secret opens with none of them"), LOST_KEY)
    if old:
        told = phrase("%(count)s stored secrets need an older key", count=old)
        return note(KEYS, told, phrase("Enter them anew before you remove that key."))
    return ok(KEYS, phrase("the newest one opens every stored secret"))


async def mail(
    fixed: MailServer | None, probe: Callable[[MailServer], MailProbe], vault: Vault, reading: Reading
) -> Finding:
    async with reading() as session:
        try:
            server = await mail_servers.in_use(fixed, vault, session)
        except Unreadable:
            told = phrase("its password opens with none of the keys")
            return wrong(MAIL, told, phrase("Enter it anew in the settings."))
    if server is None:
        advice = phrase("Set TRESEN_SMTP_URL, or fill in the settings' tab Mail.")
        return note(MAIL, phrase("no mail server is set up"), advice)
    try:
        await probe(server).probe()
    except MailRefused as refused:
        return wrong(MAIL, verbatim(str(refused).rstrip(".")), COMPARE)
    if not server.from_address:
        told = phrase("%(host)s answers, but there is no sender", host=server.host)
        return wrong(MAIL, told, phrase("Enter one in the settings' tab Mail."))
    return ok(MAIL, phrase("%(host)s lets us in", host=server.host))


async def storages(opener: Storages, reading: Reading) -> AsyncIterator[Finding]:
    async with reading() as session:
        rows = await known_storages.every(session)
    for row in rows:
        about = phrase("storage %(name)s", name=row.name)
        try:
            found = await opener.opened(row).entries("")
            yield ok(about, phrase("%(count)s entries at its top", count=len(found)))
        except OptionsRefused as refused:
            yield wrong(about, verbatim(str(refused).rstrip(".")), phrase("Mend it under Storages."))
        except FileMissing:
            yield wrong(about, phrase("its root is missing"), phrase("Put it back, or mend it under Storages."))
        except StorageUnavailable as error:
            told = phrase("it cannot be reached (%(error)s)", error=error)
            yield wrong(about, told, phrase("Try again later, or mend it under Storages."))
    if not rows:
        yield note(phrase("storages"), phrase("none is connected"), phrase("Files to sell need one; invoices do not."))


async def providers(checks: ProviderChecks, reading: Reading) -> AsyncIterator[Finding]:
    async with reading() as session:
        rows = [row for row in await payment_providers.every(session) if row.active]
        seller = await settings.of(SellerSettings, session)
    for row in rows:
        answer = await payment_providers.asked(row, checks, seller)
        about = phrase("payment provider %(name)s", name=row.name)
        if answer.outcome is CheckOutcome.OK:
            yield ok(about, phrase("it takes our credentials") if row.client_id else phrase("name and IBAN are there"))
        else:
            told = answer.detail.rstrip(".") or answer.outcome.value
            advice = phrase("Mend it under Payment providers, and check the connection there.")
            yield wrong(about, verbatim(told), advice)
    if not rows:
        yield note(
            phrase("payment providers"),
            phrase("none is active"),
            phrase("Switch one on, or customers cannot pay here."),
        )
