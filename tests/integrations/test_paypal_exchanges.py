"""What goes over the line: every request and answer of a whole payment fits a schema, ours and PayPal's own.

Ours is strict: nothing goes out that is not meant. PayPal's OpenAPI files are large and lie beside the project where
somebody has put them; they are read there.
"""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import pytest
from msgspec import Meta, Struct

from db.payment_providers import PayMethod
from db.webhooks import Verification
from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET, serving, stand_in
from demo.paypal_stand_in.ledger import Exchange
from integrations.paypal import Origins, PayPal
from portal.paying import Capture, Delivery, RefundWanted, Wanted
from portal.payment_providers import Credentials
from tests.openapi import Spec

BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data" / "paypal"
SPECS = Path(os.environ.get("CORPUS", BESIDE))  # `make corpus` names the folder
ACCOUNT = Credentials(client_id=CLIENT_ID, client_secret=CLIENT_SECRET, sandbox=True)
Text127 = Annotated[str, Meta(min_length=1, max_length=127)]
Url = Annotated[str, Meta(pattern="^https?://[^ ]+$")]
Id = Annotated[str, Meta(pattern="^[A-Z0-9]{17}$")]
REQUEST_ID = r"tresen-[0-9a-f]{32}-(create|capture|refund)"


class Money(Struct, forbid_unknown_fields=True):
    currency_code: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    value: Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]{2})?$")]


class Unit(Struct, forbid_unknown_fields=True):
    reference_id: Literal["default"]
    invoice_id: Text127
    custom_id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    description: Text127
    amount: Money


class Context(Struct, forbid_unknown_fields=True):
    brand_name: Text127
    locale: Annotated[str, Meta(pattern="^[a-z]{2}(-[A-Z]{2})?$")]
    user_action: Literal["PAY_NOW"]
    shipping_preference: Literal["NO_SHIPPING"]
    landing_page: Literal["LOGIN", "GUEST_CHECKOUT", "NO_PREFERENCE"]
    payment_method_preference: Literal["UNRESTRICTED"]
    return_url: Url
    cancel_url: Url


class ByPayPal(Struct, forbid_unknown_fields=True):
    experience_context: Context


class Source(Struct, forbid_unknown_fields=True):
    paypal: ByPayPal


class NewOrder(Struct, forbid_unknown_fields=True):
    intent: Literal["CAPTURE"]
    purchase_units: Annotated[list[Unit], Meta(min_length=1, max_length=1)]
    payment_source: Source


class Empty(Struct, forbid_unknown_fields=True):
    """`{}`"""


class NewRefund(Struct, forbid_unknown_fields=True):
    amount: Money
    custom_id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    note_to_payer: Annotated[str, Meta(max_length=255)] = ""


class EventType(Struct, forbid_unknown_fields=True):
    name: str


class NewWebhook(Struct, forbid_unknown_fields=True):
    url: Url
    event_types: Annotated[list[EventType], Meta(min_length=8, max_length=8)]


class Change(Struct, forbid_unknown_fields=True):
    op: Literal["replace"]
    path: Literal["/url", "/event_types"]
    value: Url | list[EventType]


class Question(Struct, forbid_unknown_fields=True):
    auth_algo: Literal["SHA256withRSA"]
    cert_url: Url
    transmission_id: str
    transmission_sig: str
    transmission_time: str
    webhook_id: Id
    webhook_event: dict[str, object]


SENT = {
    "create": NewOrder,
    "capture": Empty,
    "refund": NewRefund,
    "register": NewWebhook,
    "change": list[Change],
    "verify": Question,
}
PLACES = {
    "create": ("checkout_orders_v2", "/v2/checkout/orders"),
    "look": ("checkout_orders_v2", "/v2/checkout/orders/{id}"),
    "capture": ("checkout_orders_v2", "/v2/checkout/orders/{id}/capture"),
    "refund": ("payments_payment_v2", "/v2/payments/captures/{capture_id}/refund"),
    "register": ("notifications_webhooks_v1", "/v1/notifications/webhooks"),
    "list": ("notifications_webhooks_v1", "/v1/notifications/webhooks"),
    "change": ("notifications_webhooks_v1", "/v1/notifications/webhooks/{webhook_id}"),
    "withdraw": ("notifications_webhooks_v1", "/v1/notifications/webhooks/{webhook_id}"),
    "verify": ("notifications_webhooks_v1", "/v1/notifications/verify-webhook-signature"),
}


@pytest.fixture(scope="module")
def exchanges() -> list[Exchange]:
    return asyncio.run(everything())


async def everything() -> list[Exchange]:
    """A payment by each method: refused, approved, captured twice, refunded; a webhook, twice, and a delivery."""
    standing_in = stand_in({CLIENT_ID: CLIENT_SECRET})
    with serving(standing_in) as origin:
        standing_in.ledger.origin = origin
        service = PayPal(origins=Origins(live=origin, sandbox=origin))
        for number, method in enumerate([None, *PayMethod]):
            approval = await service.begin(wanted(f"{number:032x}", method), ACCOUNT)
            await service.capture(approval.reference, f"{number:032x}", ACCOUNT)
            standing_in.ledger.orders[approval.reference].status = "APPROVED"
            for _ in range(2):
                captured = await service.capture(approval.reference, f"{number:032x}", ACCOUNT)
            await service.look(approval.reference, ACCOUNT)
        assert isinstance(captured, Capture)
        back = RefundWanted(capture=captured.id, key="f" * 32, amount=500, currency="EUR", note="Entschuldigung")
        await service.refund(back, ACCOUNT)
        await service.look(approval.reference, ACCOUNT)
        await service.look("0AB12345CD678901E", ACCOUNT)
        url = "https://portal.example.org/hooks/paypal/1"
        webhook = await service.register(url, "", ACCOUNT)
        assert await service.register(url, webhook, ACCOUNT) == webhook
        standing_in.ledger.events[webhook] = ["PAYMENT.CAPTURE.COMPLETED"]
        assert await service.register(f"{url}0", webhook, ACCOUNT) == webhook
        body = json.dumps({"event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": {"id": captured.id}}).encode()
        headers = standing_in.hooks.signed(webhook, body)
        delivery = Delivery(headers=headers, body=body)
        assert await service.is_genuine(delivery, webhook, Verification.POSTBACK, ACCOUNT)
        assert await service.is_genuine(delivery, webhook, Verification.OFFLINE, ACCOUNT)
        for _ in range(2):
            await service.withdraw(webhook, ACCOUNT)
        await service.close()
    return list(standing_in.ledger.exchanges)


def wanted(mark: str, method: PayMethod | None) -> Wanted:
    return Wanted(
        mark=mark,
        label="RE-2026-0815",
        amount=11900,
        currency="EUR",
        method=method,
        locale="de-DE",
        brand="Töpferei Grün",
        return_url="https://portal.example.org/payments/abc",
        cancel_url="https://portal.example.org/payments/abc?cancelled=yes",
    )


def test_every_operation_was_asked_for(exchanges):
    assert {each.operation for each in exchanges} == {"token", *PLACES}


def test_every_request_holds_what_is_meant_and_nothing_else(exchanges):
    for each in exchanges:
        if each.operation in SENT:
            msgspec.json.decode(each.body, type=SENT[each.operation])


def test_every_request_that_moves_something_bears_an_id_that_makes_it_one(exchanges):
    moving = [each for each in exchanges if each.operation in ("create", "capture", "refund")]

    assert moving
    for each in moving:
        assert msgspec.convert(each.headers["paypal-request-id"], Annotated[str, Meta(pattern=f"^{REQUEST_ID}$")])
        assert each.headers["content-type"] == "application/json"
        assert each.headers["user-agent"].startswith("Tresen/")


def test_no_request_but_that_for_a_token_holds_the_secret(exchanges):
    said = [str(each.headers) + each.body.decode() for each in exchanges if each.operation != "token"]

    assert said
    assert not any(CLIENT_SECRET in text or CLIENT_ID in text for text in said)


# The list of what landing_page may be holds GUEST_CHECKOUT, which is longer than the same schema allows.
PAYPALS_OWN_FAULT = "/payment_source/paypal/experience_context/landing_page has 14 characters"

if (SPECS / "checkout_orders_v2.json").is_file():
    FILES = {name: Spec(SPECS / f"{name}.json") for name in {file for file, _ in PLACES.values()}}

    @pytest.mark.parametrize("operation", SENT)
    def test_every_request_fits_paypal_s_own_description(exchanges, operation):
        file, path = PLACES[operation]
        found = [
            fault
            for each in exchanges
            if each.operation == operation
            for fault in FILES[file].faults(
                json.loads(each.body),
                FILES[file].request(path, each.method.lower()),
                strict=operation != "verify",
            )
        ]

        assert [fault for fault in found if fault != PAYPALS_OWN_FAULT] == []

    @pytest.mark.parametrize("operation", PLACES)
    def test_every_answer_fits_paypal_s_own_description(exchanges, operation):
        file, path = PLACES[operation]
        found: list[str] = []
        for each in exchanges:
            if each.operation == operation and each.answer:
                schema = FILES[file].answer(path, each.method.lower(), each.status)
                found += FILES[file].faults(json.loads(each.answer), schema)

        assert found == []
