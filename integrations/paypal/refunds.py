"""Money back to the customer, in full or in part (Payments API v2)."""

from __future__ import annotations

from urllib.parse import quote

from integrations.paypal import money
from integrations.paypal.calls import Calls
from integrations.paypal.shapes import ToldRefund, refund_of, shaped
from integrations.paypal.wire import Request
from portal.paying import Refund, RefundWanted
from portal.payment_providers import Credentials


async def refund(wanted: RefundWanted, credentials: Credentials, calls: Calls) -> Refund:
    """Raises ProviderTrouble, ProviderRefused."""
    told = await calls.call(
        Request(
            verb="POST",
            path=f"/v2/payments/captures/{quote(wanted.capture, safe='')}/refund",
            headers={"paypal-request-id": f"tresen-{wanted.key}-refund", "prefer": "return=representation"},
            body={
                "amount": money.written(wanted.amount, wanted.currency),
                **({"note_to_payer": wanted.note[:255]} if wanted.note else {}),
            },
        ),
        credentials,
    )
    return refund_of(shaped(told, ToldRefund))
