"""What taking money needs: the services that exist, the merchant's accounts there, and the address to come back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.payment_providers import ProviderKind
from portal import payment_providers
from portal.jobs import Clock, utc_now
from portal.paying import PaymentProvider, ProviderRefused
from portal.payment_attempts import Attempt
from portal.payment_providers import SECRET, Credentials
from portal.signing import Signer
from portal.vault import Unreadable, Vault

NO_ACCOUNT = "This provider has no credentials that can be read; enter them anew."


OTHER_ACCOUNT = "This payment was begun with another app, or in the other environment, than the provider has now."


class OtherAccount(ProviderRefused):
    """The service was not asked: the account that would be asked has never heard of this payment."""


@dataclass(frozen=True)
class Account:
    """The merchant's account at a service."""

    provider_id: int
    service: PaymentProvider
    credentials: Credentials


@dataclass(frozen=True, kw_only=True)
class Till:
    """`services` by kind, as app.py hands them in. `hooks_from_here`: the service can call this very machine."""

    database: Database
    services: Mapping[ProviderKind, PaymentProvider]
    vault: Vault
    signer: Signer
    base_url: str
    hooks_from_here: bool = False
    clock: Clock = utc_now

    async def account(self, provider_id: int, session: AsyncSession) -> Account:
        """Whether active or not: what was begun is ended. Raises NotFound, ProviderRefused."""
        row = await payment_providers.one(provider_id, session)
        service = self.services.get(row.kind)
        if service is None or not payment_providers.has_credentials(row):
            raise ProviderRefused(NO_ACCOUNT, credentials=True)
        try:
            secret = self.vault.opened(SECRET, row.client_secret)
        except Unreadable as error:
            raise ProviderRefused(NO_ACCOUNT, credentials=True) from error
        credentials = Credentials(client_id=row.client_id, client_secret=secret, sandbox=row.sandbox)
        return Account(row.id, service, credentials)

    async def account_of(self, attempt: Attempt, session: AsyncSession) -> Account:
        """The one that the payment was begun with. Raises ProviderRefused, OtherAccount."""
        row = await payment_providers.one(attempt.provider_id, session)
        if (row.client_id, row.sandbox) != (attempt.client_id, attempt.sandbox):
            raise OtherAccount(OTHER_ACCOUNT, credentials=True)
        return await self.account(row.id, session)
