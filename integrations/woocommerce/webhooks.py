"""What WooCommerce calls us with: how it is signed, what it is about, and how it is asked to call."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping

from integrations.tolerant import NotUnderstood, parsed

TOPICS = ("order.created", "order.updated", "order.deleted", "order.restored")
PING = re.compile(rb"webhook_id=[0-9]{1,20}")
KEPT_HEADERS = ("x-wc-webhook-topic", "x-wc-webhook-id", "x-wc-webhook-source")
LONGEST_HEADER = 300


def is_ping(headers: Mapping[str, str], body: bytes) -> bool:
    """What is sent when a webhook is made: a form with its number, unsigned."""
    return "x-wc-webhook-signature" not in headers and PING.fullmatch(body.strip()) is not None


def is_genuine(headers: Mapping[str, str], body: bytes, secret: str) -> bool:
    """`X-WC-Webhook-Signature` is the HMAC-SHA256 of the very bytes, in base64."""
    told = headers.get("x-wc-webhook-signature", "").strip()
    try:
        signature = base64.b64decode(told, validate=True)
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(signature, hmac.new(secret.encode(), body, hashlib.sha256).digest())


def name_of(headers: Mapping[str, str], body: bytes) -> str:
    """The delivery's own id with the content; where there is none, the same content is the same delivery.

    WooCommerce makes the id of the webhook and the second alone (`WC_Webhook::get_new_delivery_id`): what happens to
    several orders at once bears one and the same.
    """
    content = hashlib.sha256(headers.get("x-wc-webhook-topic", "").encode() + b"\n" + body).hexdigest()
    told = headers.get("x-wc-webhook-delivery-id", "").strip()
    return f"{told[:LONGEST_HEADER]} {content}" if told and told.isprintable() else content


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """What is needed later on."""
    return {name: headers[name][:LONGEST_HEADER] for name in KEPT_HEADERS if name in headers}


def order_id(headers: Mapping[str, str], body: bytes) -> str:
    """The order it is about; empty where it is about something else. Raises NotUnderstood."""
    if headers.get("x-wc-webhook-topic", "").partition(".")[0] not in ("order", ""):
        return ""
    told = parsed(body)
    if not isinstance(told, dict) or not re.fullmatch("[0-9]{1,20}", str(told.get("id", ""))):
        raise NotUnderstood("$.id", "There is no order's id.")
    return str(told["id"])


def is_farewell(headers: Mapping[str, str], body: bytes) -> bool:
    """Whether it says that the order is gone. Nobody signs the topic: the body must say so too, by its id alone."""
    told = parsed(body)
    return headers.get("x-wc-webhook-topic", "") == "order.deleted" and isinstance(told, dict) and set(told) == {"id"}
