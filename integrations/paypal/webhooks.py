"""PayPal's webhooks: an address given to PayPal, what it sends there, and the question whether it did."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

import msgspec
from msgspec import Struct

from integrations.paypal import money
from integrations.paypal.calls import Calls, Refused
from integrations.paypal.shapes import Link, Money, shaped
from integrations.paypal.wire import Request
from portal.paying import Delivery, ProviderTrouble, Told
from portal.payment_providers import Credentials

PATH = "/v1/notifications/webhooks"
VERIFICATION = "/v1/notifications/verify-webhook-signature"
# PayPal has two names for a refused capture, and sends either.
EVENTS = (
    "CHECKOUT.ORDER.APPROVED",
    "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
    "PAYMENT.CAPTURE.COMPLETED",
    "PAYMENT.CAPTURE.PENDING",
    "PAYMENT.CAPTURE.DENIED",
    "PAYMENT.CAPTURE.DECLINED",
    "PAYMENT.CAPTURE.REFUNDED",
    "PAYMENT.CAPTURE.REVERSED",
)
EVENT_TYPES = [{"name": name} for name in EVENTS]
ALL_EVENTS = "*"
NAME = "paypal-transmission-id"
LONGEST_HEADER = 2000  # characters; PayPal's longest, the signature, has 344
SIGNED = {
    "auth_algo": "paypal-auth-algo",
    "cert_url": "paypal-cert-url",
    "transmission_id": NAME,
    "transmission_sig": "paypal-transmission-sig",
    "transmission_time": "paypal-transmission-time",
}


class EventType(Struct, frozen=True):
    name: str = ""


class Registered(Struct, frozen=True):
    id: str
    url: str = ""
    event_types: tuple[EventType, ...] = ()


class RegisteredList(Struct, frozen=True):
    webhooks: tuple[Registered, ...] = ()


class Verified(Struct, frozen=True):
    verification_status: str


class RelatedIds(Struct, frozen=True):
    order_id: str = ""
    capture_id: str = ""


class SupplementaryData(Struct, frozen=True):
    related_ids: RelatedIds = RelatedIds()


class ToldUnit(Struct, frozen=True):
    custom_id: str = ""


class Resource(Struct, frozen=True):
    """An order, a capture or a refund: whatever an event speaks of."""

    id: str = ""
    order_id: str = ""
    custom_id: str = ""
    amount: dict[str, object] | None = None
    supplementary_data: SupplementaryData = SupplementaryData()
    purchase_units: tuple[ToldUnit, ...] = ()
    links: tuple[Link, ...] = ()


class Event(Struct, frozen=True):
    event_type: str
    id: str = ""
    create_time: datetime | None = None
    resource_type: str = ""
    resource: Resource = Resource()


async def register(url: str, known: str, credentials: Credentials, calls: Calls) -> str:
    """PayPal's id of that address. Raises ProviderTrouble, ProviderRefused."""
    found = await _listed(url, known, credentials, calls)
    if found is None:
        wanted: dict[str, object] = {"url": url, "event_types": EVENT_TYPES}
        try:
            told = await calls.call(Request(verb="POST", path=PATH, body=wanted), credentials)
            return shaped(told, Registered).id
        except Refused as refused:
            if refused.issue != "WEBHOOK_URL_ALREADY_EXISTS":
                raise
        found = await _listed(url, known, credentials, calls)
    if found is None:
        raise ProviderTrouble("PayPal knows this address already, but does not list it.")
    if changes := _changes(found, url):
        body = msgspec.json.encode(changes)
        await calls.call(Request(verb="PATCH", path=f"{PATH}/{found.id}", body=body), credentials)
    return found.id


async def withdraw(reference: str, credentials: Credentials, calls: Calls) -> None:
    """Raises ProviderTrouble, ProviderRefused; what PayPal does not know is withdrawn."""
    try:
        await calls.call(Request(verb="DELETE", path=f"{PATH}/{reference}"), credentials)
    except Refused as refused:
        if refused.status != HTTPStatus.NOT_FOUND:
            raise


async def _listed(url: str, known: str, credentials: Credentials, calls: Calls) -> Registered | None:
    """That address, else the one that PayPal has known by that id."""
    listed = shaped(await calls.call(Request(verb="GET", path=PATH), credentials), RegisteredList).webhooks
    by_id = (each for each in listed if known and each.id == known)
    return next((each for each in listed if each.url == url), None) or next(by_id, None)


def _changes(found: Registered, url: str) -> list[dict[str, object]]:
    """As a JSON patch: PayPal refuses one that changes nothing."""
    names = {each.name for each in found.event_types}
    changes: list[dict[str, object]] = []
    if found.url != url:
        changes.append({"op": "replace", "path": "/url", "value": url})
    if ALL_EVENTS not in names and names != set(EVENTS):
        changes.append({"op": "replace", "path": "/event_types", "value": EVENT_TYPES})
    return changes


async def is_genuine(delivery: Delivery, webhook: str, credentials: Credentials, calls: Calls) -> bool:
    """Asks PayPal. The received bytes go back as they came: read and written anew, no signature would fit."""
    if understood(delivery.body) is None or any(not delivery.headers.get(header) for header in SIGNED.values()):
        return False  # what is no JSON of its own could bring fields for the question itself
    facts = {name: delivery.headers[header] for name, header in SIGNED.items()} | {"webhook_id": webhook}
    body = msgspec.json.encode(facts)[:-1] + b',"webhook_event":' + delivery.body + b"}"
    try:
        told = await calls.call(Request(verb="POST", path=VERIFICATION, body=body), credentials)
    except Refused as refused:
        if refused.credentials:
            raise
        return False  # it cannot even be a delivery
    return shaped(told, Verified).verification_status == "SUCCESS"


def understood(body: bytes) -> Told | None:
    """What the event speaks of; None where it is none."""
    try:
        event = msgspec.json.decode(body, type=Event)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    resource, related = event.resource, event.resource.supplementary_data.related_ids
    is_order = event.resource_type == "checkout-order" or event.event_type.startswith("CHECKOUT.ORDER.")
    is_capture = event.resource_type == "capture"
    capture = resource.id if is_capture else related.capture_id or _captured_above(resource.links)
    amount, currency = _amount(resource)
    return Told(
        mark=resource.custom_id or next((unit.custom_id for unit in resource.purchase_units), ""),
        reference=resource.id if is_order else related.order_id or resource.order_id,
        capture=capture,
        is_reversal=event.event_type == "PAYMENT.CAPTURE.REVERSED",
        is_completion=event.event_type == "PAYMENT.CAPTURE.COMPLETED",
        id=event.id if is_capture else resource.id,
        amount=amount,
        currency=currency,
        at=event.create_time,
    )


def _amount(resource: Resource) -> tuple[int | None, str]:
    """In minor units, with its currency; None where the event names none that can be read."""
    try:
        told = msgspec.convert(resource.amount, Money)
        return money.minor_units(told.value, told.currency_code), told.currency_code
    except (msgspec.ValidationError, ValueError):
        return None, ""


def _captured_above(links: tuple[Link, ...]) -> str:
    """A refund names its capture by a link."""
    up = next((link.href for link in links if link.rel == "up"), "")
    return up.rpartition("/captures/")[2] if "/captures/" in up else ""


def name_of(headers: Mapping[str, str]) -> str:
    is_whole = all(0 < len(headers.get(header, "")) <= LONGEST_HEADER for header in SIGNED.values())
    return headers[NAME][:200] if is_whole else ""
