"""PayPal's orders: created for a payment, approved by the customer, captured by us (Orders API v2)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

from db.payment_providers import PayMethod
from integrations.paypal import money
from integrations.paypal.calls import Calls, Refused
from integrations.paypal.origins import Origins
from integrations.paypal.shapes import Order, capture_of, shaped
from integrations.paypal.wire import Request
from portal.paying import Approval, Capture, Missing, NoCapture, ProviderTrouble, Wanted
from portal.payment_providers import Credentials

PATH = "/v2/checkout/orders"
LONGEST = 127  # characters of most texts that PayPal takes
# Which of PayPal's pages a customer lands on. `fundingSource` is what PayPal's own buttons append; where it is
# ignored, the customer chooses there, and the payment works all the same.
LANDINGS = {
    None: "NO_PREFERENCE",
    PayMethod.PAYPAL: "LOGIN",
    PayMethod.PAYLATER: "NO_PREFERENCE",
    PayMethod.SEPA: "GUEST_CHECKOUT",
    PayMethod.CARD: "GUEST_CHECKOUT",
}
FUNDING = {PayMethod.PAYLATER: "paylater", PayMethod.SEPA: "sepa", PayMethod.CARD: "card"}
UNTOUCHED = frozenset({"CREATED", "SAVED", "PAYER_ACTION_REQUIRED"})  # orders that nobody has said yes to
NOT_YET = frozenset({"ORDER_NOT_APPROVED", "PAYER_ACTION_REQUIRED", "REDIRECT_PAYER_FOR_ALTERNATE_FUNDING"})
# Only what PayPal calls malformed or unprocessable is an answer to the question itself; all other refusals are about
# the connection, the account or another question that it is still at.
ANSWERS = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY})
TAKEN = "ORDER_ALREADY_CAPTURED"
IN_PROGRESS = "_IN_PROGRESS"  # how such issues end
# What is a no even where an earlier try was not answered: the payer's or the shop's account forbids it.
PLAIN = frozenset(
    {
        "COMPLIANCE_VIOLATION",
        "INSTRUMENT_DECLINED",
        "PAYEE_ACCOUNT_LOCKED_OR_CLOSED",
        "PAYEE_ACCOUNT_RESTRICTED",
        "PAYER_ACCOUNT_LOCKED_OR_CLOSED",
        "PAYER_ACCOUNT_RESTRICTED",
        "PAYER_CANNOT_PAY",
        "TRANSACTION_REFUSED",
    }
)


async def create(wanted: Wanted, credentials: Credentials, calls: Calls, origins: Origins) -> Approval:
    """Raises ProviderTrouble, ProviderRefused."""
    headers = {"paypal-request-id": f"tresen-{wanted.mark}-create"}
    told = await calls.call(Request(verb="POST", path=PATH, headers=headers, body=body(wanted)), credentials)
    order = shaped(told, Order)
    url = order.link("payer-action", "approve")
    if not origins.is_paypals(url):
        raise ProviderTrouble("PayPal's answer leads nowhere that is PayPal's.")
    if wanted.method in FUNDING:
        url += f"{'&' if '?' in url else '?'}fundingSource={FUNDING[wanted.method]}"
    return Approval(reference=order.id, url=url)


def body(wanted: Wanted) -> dict[str, object]:
    """One unit with its total: the lines of a gross invoice rarely add up to PayPal's cent."""
    return {
        "intent": "CAPTURE",
        "purchase_units": [
            {
                "reference_id": "default",
                "invoice_id": wanted.label[:LONGEST],
                "custom_id": wanted.mark,
                "description": wanted.label[:LONGEST],
                "amount": money.written(wanted.amount, wanted.currency),
            }
        ],
        "payment_source": {
            "paypal": {
                "experience_context": {
                    **({"brand_name": wanted.brand[:LONGEST]} if wanted.brand else {}),
                    "locale": wanted.locale,
                    "user_action": "PAY_NOW",
                    "shipping_preference": "NO_SHIPPING",
                    "landing_page": LANDINGS[wanted.method],
                    "payment_method_preference": "UNRESTRICTED",
                    "return_url": wanted.return_url,
                    "cancel_url": wanted.cancel_url,
                }
            }
        },
    }


async def look(reference: str, credentials: Credentials, calls: Calls) -> Capture | NoCapture:
    """Raises ProviderTrouble, ProviderRefused."""
    try:
        told = await calls.call(Request(verb="GET", path=_path(reference)), credentials)
    except Refused as refused:
        if refused.status == HTTPStatus.NOT_FOUND:
            return NoCapture(Missing.GONE, refused.issue)
        raise
    return _standing(told)


def _standing(told: Mapping[str, object]) -> Capture | NoCapture:
    """The capture decides; an order's own status says COMPLETED even where its capture was declined."""
    order = shaped(told, Order)
    if capture := capture_of(order):
        return capture
    match order.status:
        case "APPROVED":
            return NoCapture(Missing.APPROVED)
        case "VOIDED":
            return NoCapture(Missing.VOIDED)
        case status if status in UNTOUCHED:
            return NoCapture(Missing.WAITING, status)
        case status:
            raise ProviderTrouble(f"PayPal's order is {status[:40] or 'without a status'}, but shows no capture.")


async def capture(reference: str, mark: str, credentials: Credentials, calls: Calls) -> Capture | NoCapture:
    """Takes the money once, however often it is asked. Raises ProviderTrouble, ProviderRefused."""
    headers = {"paypal-request-id": f"tresen-{mark}-capture", "prefer": "return=representation"}
    request = Request(verb="POST", path=f"{_path(reference)}/capture", headers=headers, body=b"{}")
    try:
        told = shaped(await calls.call(request, credentials), Order)
    except Refused as refused:
        return await _after_refusal(refused, reference, credentials, calls)
    found = capture_of(told) or await _seen(reference, credentials, calls)
    if isinstance(found, NoCapture):
        raise ProviderTrouble("PayPal says yes, but its order shows no capture.")
    return found


async def _seen(reference: str, credentials: Credentials, calls: Calls) -> Capture | NoCapture:
    """How the order stands, for whoever has asked for its money. Raises ProviderTrouble."""
    try:
        return await look(reference, credentials, calls)
    except Refused as unseen:
        raise ProviderTrouble(f"PayPal does not show an order that was asked for: {unseen}.") from unseen


async def _after_refusal(
    refused: Refused, reference: str, credentials: Credentials, calls: Calls
) -> Capture | NoCapture:
    """No refusal is believed before the order itself was looked at: what was captured is captured."""
    found = await _seen(reference, credentials, calls)
    if isinstance(found, Capture):
        return found
    why = _why(refused)
    if why is None or (why is Missing.GONE) != (found.why is Missing.GONE):
        raise ProviderTrouble(f"PayPal says {refused}: that does not tell whether it took the money.")
    return NoCapture(why, str(refused))


def _why(refused: Refused) -> Missing | None:
    """None where it is no clear no. PayPal documents 68 issues, and more come: what nobody knows counts as declined."""
    issue = refused.issue
    if refused.status == HTTPStatus.NOT_FOUND and not refused.after_trouble:
        return Missing.GONE
    if refused.status not in ANSWERS or issue == TAKEN or issue.endswith(IN_PROGRESS):
        return None
    if refused.after_trouble and issue not in PLAIN:
        return None
    if issue in NOT_YET:
        return Missing.WAITING
    if issue == "DUPLICATE_INVOICE_ID":
        return Missing.DUPLICATE
    return Missing.MERCHANT if issue.startswith("PAYEE_") else Missing.DECLINED


def _path(reference: str) -> str:
    return f"{PATH}/{quote(reference, safe='')}"
