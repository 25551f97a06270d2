"""Whether PayPal signed a delivery, found out here: RSA over SHA-256, with the certificate that the delivery names."""

from __future__ import annotations

import asyncio
import base64
import binascii
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx

from integrations.paypal.origins import Origins
from integrations.paypal.webhooks import SIGNED
from integrations.paypal.wire import trusted
from portal.paying import Delivery, ProviderTrouble

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

ALGORITHM = "SHA256withRSA"
HOSTS = frozenset({"api.paypal.com", "api-m.paypal.com", "api.sandbox.paypal.com", "api-m.sandbox.paypal.com"})
SIGNERS = ("messageverificationcerts.paypal.com", "messageverificationcerts.sandbox.paypal.com")
LONGEST = 64 * 1024  # bytes of a certificate chain
SECONDS = 10.0
MOST_KEPT = 16
PASSING = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


class Signatures:
    """Fetches each certificate once."""

    def __init__(self, origins: Origins) -> None:
        self._origins = origins
        self._chains: dict[str, Sequence[Certificate]] = {}

    async def is_genuine(self, delivery: Delivery, webhook: str) -> bool:
        """`webhook` is our registered address's id at PayPal, not the event's. Raises ProviderTrouble."""
        told = {name: delivery.headers.get(header, "") for name, header in SIGNED.items()}
        if told["auth_algo"] != ALGORITHM or not self._may_certify(told["cert_url"]):
            return False
        chain = await self._chain(told["cert_url"])
        try:
            signature = base64.b64decode(told["transmission_sig"], validate=True)
        except (binascii.Error, ValueError):
            return False
        signed = f"{told['transmission_id']}|{told['transmission_time']}|{webhook}|{zlib.crc32(delivery.body)}"
        return bool(chain) and await asyncio.to_thread(self._fits, chain, signature, signed.encode(), told["cert_url"])

    def _may_certify(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            is_paypals = parts.scheme == "https" and parts.netloc in HOSTS
        except ValueError:
            return False
        return is_paypals or self._is_the_operators(url)

    def _is_the_operators(self, url: str) -> bool:
        return bool(self._origins.replaced_by) and url.startswith(f"{self._origins.replaced_by}/")

    async def _chain(self, url: str) -> Sequence[Certificate]:
        if known := self._chains.get(url):
            return known
        chain = _read(await _fetched(url))
        if len(self._chains) >= MOST_KEPT:
            self._chains.clear()
        if chain:
            self._chains[url] = chain
        return chain

    def _fits(self, chain: Sequence[Certificate], signature: bytes, signed: bytes, url: str) -> bool:
        """What comes from the operator's own origin is trusted as that origin is."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
        from cryptography.hazmat.primitives.hashes import SHA256

        key = chain[0].public_key()
        if not isinstance(key, RSAPublicKey) or not (self._is_the_operators(url) or _is_paypals(chain)):
            return False
        try:
            key.verify(signature, signed, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True


def _is_paypals(chain: Sequence[Certificate]) -> bool:
    """Whether a root that every browser knows vouches for it, and for PayPal's name."""
    from cryptography.x509 import DNSName
    from cryptography.x509.verification import PolicyBuilder, VerificationError

    policy = PolicyBuilder().store(_roots()).time(datetime.now(UTC))
    for name in SIGNERS:
        try:
            policy.build_server_verifier(DNSName(name)).verify(chain[0], list(chain[1:]))
        except VerificationError:
            continue
        return True
    return False


@cache
def _roots():  # type: ignore[no-untyped-def]  # the class's module is imported when first needed
    import certifi
    from cryptography.x509 import load_pem_x509_certificates
    from cryptography.x509.verification import Store

    return Store(load_pem_x509_certificates(Path(certifi.where()).read_bytes()))


def _read(pem: bytes) -> Sequence[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(pem)
    except ValueError:
        return ()


async def _fetched(url: str) -> bytes:
    """Empty where PayPal has no certificate at that address. Raises ProviderTrouble."""
    verify = await asyncio.to_thread(trusted)
    read = b""
    try:
        async with (
            asyncio.timeout(SECONDS),
            httpx.AsyncClient(follow_redirects=False, trust_env=False, verify=verify) as http,
            http.stream("GET", url) as response,
        ):
            async for piece in response.aiter_bytes():
                read += piece
                if len(read) > LONGEST:
                    raise ProviderTrouble("PayPal's certificate goes on and on.")
            if response.is_client_error and response.status_code not in PASSING:
                return b""
            if not response.is_success:
                raise ProviderTrouble(f"PayPal's certificate cannot be had: HTTP {response.status_code}.")
    except (TimeoutError, httpx.HTTPError, httpx.InvalidURL) as error:
        raise ProviderTrouble(f"PayPal's certificate cannot be had: {type(error).__name__}.") from error
    return read
