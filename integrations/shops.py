"""Services that orders are fetched from, by kind. What speaks to them is imported when the first one is asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from config import ConfigError
from db.sources import SourceKind
from portal.fetching import (
    Access,
    Batch,
    Caller,
    Connector,
    InvoiceReport,
    PaymentReport,
    Reporter,
    Spoken,
)
from portal.sealed_options import OptionsRefused

if TYPE_CHECKING:
    from integrations.billbee.client import Billbee
    from integrations.clouds import Clouds
    from integrations.woocommerce.client import WooCommerce


@dataclass
class Late:
    """Fulfils portal.fetching.Connector without an import until somebody asks."""

    load: Callable[[], Connector]

    @cached_property
    def _inner(self) -> Connector:
        return self.load()

    def refuse(self, options: Mapping[str, str]) -> None:
        self._inner.refuse(options)

    async def count(self, access: Access) -> int:
        return await self._inner.count(access)

    def changed(self, access: Access, since: datetime | None) -> AsyncIterator[Batch]:
        return self._inner.changed(access, since)


@dataclass
class LateCaller:
    """Fulfils portal.fetching.Caller likewise."""

    load: Callable[[], Caller]

    @cached_property
    def _inner(self) -> Caller:
        return self.load()

    def is_ping(self, headers: Mapping[str, str], body: bytes) -> bool:
        return self._inner.is_ping(headers, body)

    def is_genuine(self, headers: Mapping[str, str], body: bytes, secret: str) -> bool:
        return self._inner.is_genuine(headers, body, secret)

    def name_of(self, headers: Mapping[str, str], body: bytes) -> str:
        return self._inner.name_of(headers, body)

    def kept(self, headers: Mapping[str, str]) -> dict[str, str]:
        return self._inner.kept(headers)

    def asks(self, access: Access) -> bool:
        return self._inner.asks(access)

    async def spoken_of(self, access: Access, headers: Mapping[str, str], body: bytes) -> Spoken:
        return await self._inner.spoken_of(access, headers, body)

    def is_here(self, options: Mapping[str, str]) -> bool:
        return self._inner.is_here(options)

    async def register(self, access: Access, url: str, secret: str) -> None:
        await self._inner.register(access, url, secret)


@dataclass
class LateReporter:
    """Fulfils portal.fetching.Reporter likewise."""

    load: Callable[[], Reporter]

    @cached_property
    def _inner(self) -> Reporter:
        return self.load()

    async def report(self, access: Access, external_id: str, report: PaymentReport | InvoiceReport) -> None:
        await self._inner.report(access, external_id, report)


class Shops:
    """All over the one pool of connections that the storages have, too."""

    def __init__(self, clouds: Clouds, billbee_base: str = "") -> None:
        """`billbee_base` replaces Billbee's address, path included. Raises ConfigError."""
        self._clouds = clouds
        self._billbee_base = _checked(billbee_base)

    def connectors(self) -> Mapping[SourceKind, Connector]:
        return {
            SourceKind.BILLBEE: Late(lambda: self.billbee),
            SourceKind.WOOCOMMERCE: Late(lambda: self.woocommerce),
        }

    def callers(self) -> Mapping[SourceKind, Caller]:
        return {
            SourceKind.BILLBEE: LateCaller(self._billbee_calls),
            SourceKind.WOOCOMMERCE: LateCaller(lambda: self.woocommerce),
        }

    def reporters(self) -> Mapping[SourceKind, Reporter]:
        return {SourceKind.BILLBEE: LateReporter(self._billbee_reports)}

    def _billbee_calls(self) -> Caller:
        from integrations.billbee.calls import BillbeeCalls

        return BillbeeCalls(self.billbee)

    def _billbee_reports(self) -> Reporter:
        from integrations.billbee.reports import BillbeeReports

        return BillbeeReports(self.billbee)

    @cached_property
    def billbee(self) -> Billbee:
        from integrations.billbee.client import Billbee

        return Billbee(self._clouds.wire, self._billbee_base)

    @cached_property
    def woocommerce(self) -> WooCommerce:
        from integrations.woocommerce.client import WooCommerce

        return WooCommerce(self._clouds.wire)


def _checked(base: str) -> str:
    """What TRESEN_BILLBEE_API_BASE says; empty where it says nothing. Raises ConfigError."""
    if not base:
        return ""
    from integrations.clouds.addresses import endpoint

    try:
        return endpoint(base)
    except OptionsRefused as error:
        wanted = "an address such as https://api.billbee.io/api/v1, by https but for this very machine"
        raise ConfigError(f"TRESEN_BILLBEE_API_BASE must be {wanted}; not {base}.") from error
