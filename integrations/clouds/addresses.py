"""Where a storage may stand, and where none does: no metadata service of a cloud is ever asked for its secrets."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpcore
import idna

from portal.mail_servers import is_loopback
from portal.sealed_options import OptionsRefused
from portal.storages import FileMissing

LABEL = re.compile("[A-Za-z0-9_-]{1,63}")  # of a host's name; others cannot even be looked up
# Where clouds tell their machines secrets, besides what is link-local anyway: AWS by IPv6, Alibaba, Azure, Oracle.
METADATA = frozenset(
    ipaddress.ip_address(address) for address in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Door(httpcore.AsyncNetworkBackend):
    """Connects, then looks where it came out: a name may lead anywhere, and somewhere else the next time."""

    def __init__(self) -> None:
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 (httpcore's own signature)
        local_address: str | None = None,
        socket_options: object = None,
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._inner.connect_tcp(host, port, timeout, local_address)
        address, *_ = stream.get_extra_info("server_addr")
        if not may_be_asked(address):
            await stream.aclose()
            raise httpcore.ConnectError(f"{host} leads to {address}, which no storage has.")
        return stream

    async def sleep(self, seconds: float) -> None:
        await self._inner.sleep(seconds)


def may_be_asked(address: str) -> bool:
    """A storage may stand in the same house, but has no link-local address, and none that tells machines secrets."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        found = _meant(found)
    return not (found.is_link_local or found.is_multicast or found.is_unspecified or found in METADATA)


def _meant(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 one stands for, be it mapped or behind NAT64 (RFC 6052) or 6to4, or itself."""
    if address in NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address


def endpoint(text: str) -> str:
    """The address of a storage, without a slash at its end. Raises OptionsRefused."""
    try:
        url = urlsplit(text.strip())
        port = f":{url.port}" if url.port else ""
        host = url.hostname or ""
        name = f"[{host}]" if ":" in host else host if host.isascii() else idna.encode(host, uts46=True).decode()
        is_name = ":" in host or all(LABEL.fullmatch(label) for label in name.removesuffix(".").split("."))
    except (ValueError, idna.IDNAError) as error:
        raise OptionsRefused("endpoint", "This is no address such as https://storage.example.org.") from error
    if url.scheme not in ("https", "http") or not is_name or url.query or url.fragment or url.username is not None:
        raise OptionsRefused("endpoint", "Give an address such as https://storage.example.org, without a password.")
    if url.scheme == "http" and not is_loopback(host):
        raise OptionsRefused("endpoint", "Credentials are sent by https only, except to this very machine.")
    if _is_number(host) and not may_be_asked(host):
        raise OptionsRefused("endpoint", "No storage has this address.")
    return f"{url.scheme}://{name}{port}{url.path.rstrip('/')}"


def segments(path: str) -> list[str]:
    """The parts of a path below a root. Raises FileMissing for one that could lead out, or that no storage has."""
    parts = path.split("/") if path else []
    if any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise FileMissing(path)
    return parts


def root_of(options: Mapping[str, str], name: str) -> list[str]:
    """The folder that stands for the root. Raises OptionsRefused."""
    try:
        return segments(options.get(name, "").strip().strip("/"))
    except FileMissing as error:
        raise OptionsRefused(name, "Give the path of a folder such as muster/pdf.") from error


def _is_number(host: str) -> bool:
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return False
