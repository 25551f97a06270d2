"""Money back to the customer, in full or in part (Payments API v2)."""

from __future__ import annotations

from urllib.parse import quote

from integrations.paypal import money
from integrations.paypal.calls import Calls, Refused
from integrations.paypal.orders import ANSWERS, IN_PROGRESS
from integrations.paypal.shapes import ToldRefund, refund_of, shaped
from integrations.paypal.wire import Request
from portal.paying import ProviderTrouble, Refund, RefundWanted
from portal.payment_providers import Credentials


async def refund(wanted: RefundWanted, credentials: Credentials, calls: Calls) -> Refund:
    """The key goes along as `custom_id`, so that the refund can be recognised among the order's. Raises
    ProviderTrouble, ProviderRefused: the latter says nothing of earlier questions with the same key."""
    request = Request(
        verb="POST",
        path=f"/v2/payments/captures/{quote(wanted.capture, safe='')}/refund",
        headers={"paypal-request-id": f"tresen-{wanted.key}-refund", "prefer": "return=representation"},
        body={
            "amount": money.written(wanted.amount, wanted.currency),
            "custom_id": wanted.key,
            **({"note_to_payer": wanted.note[:255]} if wanted.note else {}),
        },
    )
    try:
        return refund_of(shaped(await calls.call(request, credentials), ToldRefund))
    except Refused as refused:
        if refused.credentials or _is_clear(refused):
            raise
        raise ProviderTrouble(f"PayPal says {refused}: that does not tell whether the money went back.") from refused


def _is_clear(refused: Refused) -> bool:
    return refused.status in ANSWERS and not refused.after_trouble and not refused.issue.endswith(IN_PROGRESS)
