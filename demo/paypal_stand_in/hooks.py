"""Webhooks: registering an address, what is sent there and how it is signed, and the question whether it was."""

from __future__ import annotations

import asyncio
import base64
import binascii
import zlib
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import httpx
import msgspec

from demo.paypal_stand_in.ledger import Json, Ledger, ToldOrder, new_id, now

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SIGNER = "messageverificationcerts.sandbox.paypal.com"
TRIES = (0.0, 0.5, 2.0, 5.0)  # seconds before each; PayPal itself goes on for three days


class Hooks:
    """Sends in the background, with a key of its own that lives as long as the stand-in."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._sending: set[asyncio.Task[None]] = set()

    def about_order(self, order: ToldOrder) -> None:
        resource: Json = {"id": order.id, "status": order.status, "purchase_units": order.wanted["purchase_units"]}
        self._send("CHECKOUT.ORDER.APPROVED", "checkout-order", resource)

    def about_capture(self, order: ToldOrder) -> None:
        assert order.capture is not None  # noqa: S101 (asked by all callers)
        names = {"COMPLETED": "COMPLETED", "PENDING": "PENDING", "DECLINED": "DENIED", "REFUNDED": "REVERSED"}
        related = {"supplementary_data": {"related_ids": {"order_id": order.id}}}
        self._send(f"PAYMENT.CAPTURE.{names[str(order.capture['status'])]}", "capture", {**order.capture, **related})

    def about_refund(self, _order: ToldOrder, refund: Json) -> None:
        self._send("PAYMENT.CAPTURE.REFUNDED", "refund", refund)

    def about_reversal(self, reversal: Json) -> None:
        """Of a part of a capture."""
        self._send("PAYMENT.CAPTURE.REVERSED", "refund", reversal)

    def _send(self, name: str, kind: str, resource: Json) -> None:
        if not self._ledger.calls_webhooks:
            return
        body = msgspec.json.encode(
            {
                "id": f"WH-{new_id()}",
                "event_version": "1.0",
                "create_time": now(),
                "resource_type": kind,
                "resource_version": "2.0",
                "event_type": name,
                "summary": f"{name} at the stand-in",
                "resource": resource,
            }
        )
        for webhook, url in self._ledger.webhooks.items():
            task = asyncio.get_running_loop().create_task(self._delivered(webhook, url, body))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _delivered(self, webhook: str, url: str, body: bytes) -> None:
        headers = await asyncio.to_thread(self.signed, webhook, body)
        async with httpx.AsyncClient(trust_env=False, timeout=10) as http:
            for pause in TRIES:
                await asyncio.sleep(pause)
                try:
                    if (await http.post(url, content=body, headers=headers)).is_success:
                        return
                except httpx.HTTPError:
                    continue

    def signed(self, webhook: str, body: bytes) -> dict[str, str]:
        """The headers that PayPal would send with that body to that webhook."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        transmission, at = f"{new_id()}-{new_id()}".lower(), now()
        text = f"{transmission}|{at}|{webhook}|{zlib.crc32(body)}"
        return {
            "content-type": "application/json",
            "paypal-auth-algo": "SHA256withRSA",
            "paypal-cert-url": f"{self._ledger.origin}/v1/notifications/certs/CERT-stand-in",
            "paypal-transmission-id": transmission,
            "paypal-transmission-sig": base64.b64encode(self._key.sign(text.encode(), PKCS1v15(), SHA256())).decode(),
            "paypal-transmission-time": at,
        }

    def is_genuine(self, asked: Json, event: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.hashes import SHA256

        text = f"{asked['transmission_id']}|{asked['transmission_time']}|{asked['webhook_id']}|{zlib.crc32(event)}"
        try:
            signature = base64.b64decode(str(asked["transmission_sig"]), validate=True)
            self._key.public_key().verify(signature, text.encode(), PKCS1v15(), SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return str(asked["webhook_id"]) in self._ledger.webhooks

    @cached_property
    def certificate(self) -> bytes:
        """PEM; signed by itself, so that nobody trusts it who does not trust this origin."""
        from cryptography import x509
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.serialization import Encoding
        from cryptography.x509.oid import NameOID

        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, SIGNER)])
        today = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(today - timedelta(days=1))
            .not_valid_after(today + timedelta(days=30))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(SIGNER)]), critical=False)
            .sign(self._key, SHA256())
            .public_bytes(Encoding.PEM)
        )

    @cached_property
    def _key(self) -> RSAPrivateKey:
        from cryptography.hazmat.primitives.asymmetric import rsa

        return rsa.generate_private_key(public_exponent=65537, key_size=2048)
