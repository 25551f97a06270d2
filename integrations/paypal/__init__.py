"""PayPal, for the kinds PayPal and PayPal Plus alike."""

from __future__ import annotations

from collections.abc import Mapping

from db.webhooks import Verification
from integrations.paypal import orders, refunds, webhooks
from integrations.paypal.calls import Calls, Timing
from integrations.paypal.check import Check
from integrations.paypal.origins import LIVE, SANDBOX, Origins, origins
from integrations.paypal.signatures import Signatures
from integrations.paypal.wire import LONGEST_ANSWER, TOKEN
from portal.paying import Approval, Capture, Delivery, NoCapture, Refund, RefundWanted, Told, Wanted
from portal.payment_providers import Answer, Credentials

__all__ = ["LIVE", "LONGEST_ANSWER", "SANDBOX", "TOKEN", "Origins", "PayPal", "Timing", "origins"]

PATIENCE_SECONDS = 10.0


class PayPal:
    """Fulfils portal's PaymentProvider and ProviderCheck."""

    def __init__(
        self, *, origins: Origins | None = None, patience: float = PATIENCE_SECONDS, timing: Timing | None = None
    ) -> None:
        """`patience` in seconds for a check of credentials, `timing` for everything else."""
        self.origins = origins or Origins()
        self._check = Check(self.origins, patience)
        self._calls = Calls(self.origins, timing or Timing())
        self._signatures = Signatures(self.origins)

    async def check(self, credentials: Credentials) -> Answer:
        return await self._check.of(credentials)

    async def begin(self, wanted: Wanted, credentials: Credentials) -> Approval:
        return await orders.create(wanted, credentials, self._calls, self.origins)

    async def capture(self, reference: str, mark: str, credentials: Credentials) -> Capture | NoCapture:
        return await orders.capture(reference, mark, credentials, self._calls)

    async def look(self, reference: str, credentials: Credentials) -> Capture | NoCapture:
        return await orders.look(reference, credentials, self._calls)

    async def refund(self, wanted: RefundWanted, credentials: Credentials) -> Refund:
        return await refunds.refund(wanted, credentials, self._calls)

    async def register(self, url: str, known: str, credentials: Credentials) -> str:
        return await webhooks.register(url, known, credentials, self._calls)

    async def withdraw(self, reference: str, credentials: Credentials) -> None:
        await webhooks.withdraw(reference, credentials, self._calls)

    async def is_genuine(
        self, delivery: Delivery, webhook: str, verification: Verification, credentials: Credentials
    ) -> bool:
        if verification is Verification.OFFLINE:
            return await self._signatures.is_genuine(delivery, webhook)
        return await webhooks.is_genuine(delivery, webhook, credentials, self._calls)

    def understood(self, body: bytes) -> Told | None:
        return webhooks.understood(body)

    def name_of(self, headers: Mapping[str, str]) -> str:
        return webhooks.name_of(headers)

    async def close(self) -> None:
        await self._calls.close()
