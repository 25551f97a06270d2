"""What happened with an order elsewhere, written into Billbee by what its API has for it.

There is no call that adds a payment. Of the invoice only a tag tells: a number in Billbee's own field would be one of
Billbee's series, and come back as an invoice that somebody else has written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from integrations.billbee import answers
from integrations.billbee.answers import BillbeeRefused
from integrations.billbee.client import ORDERS, Billbee, naive, unavailable, unreadable
from integrations.billbee.shapes import Order
from integrations.tolerant import NotUnderstood
from portal.fetching import Access, InvoiceReport, PaymentReport

PAID = 3
WAIT_FOR_MONEY = frozenset({1, 2, 11, 12, 15})  # ordered, confirmed, dunned; every other state says more than "paid"
METHODS = {"paypal": 3, "bank_transfer": 1}
WHOLE, PART, INVOICE = "Tresen: bezahlt", "Tresen: teilweise bezahlt", "Tresen: Rechnung"


@dataclass(frozen=True)
class BillbeeReports:
    """Fulfils portal.fetching.Reporter. What stands there already is left as it is."""

    billbee: Billbee

    async def report(self, access: Access, external_id: str, report: PaymentReport | InvoiceReport) -> None:
        at = InBillbee(self.billbee, access, f"{ORDERS}/{quote(external_id, safe='')}")
        try:
            await _reported(at, report)
        except BillbeeRefused as error:
            raise unavailable(error) from error
        except NotUnderstood as error:
            raise unreadable(error) from error


@dataclass(frozen=True)
class InBillbee:
    """One order, by its address. Everything here raises SourceUnavailable, BillbeeRefused, NotUnderstood."""

    billbee: Billbee
    access: Access
    path: str

    async def order(self) -> Order:
        return answers.single(await self.billbee.call(self.access, "GET", self.path))

    async def patchable(self) -> frozenset[str]:
        return answers.names(await self.billbee.call(self.access, "GET", f"{ORDERS}/PatchableFields"))

    async def write(self, method: str, path: str, told: Mapping[str, object]) -> None:
        content = msgspec.json.encode(told)
        answers.taken(await self.billbee.call(self.access, method, f"{self.path}{path}", content))


async def _reported(at: InBillbee, report: PaymentReport | InvoiceReport) -> None:
    order = await at.order()
    if isinstance(report, InvoiceReport):
        await _tag(at, order, f"{INVOICE} {report.number}")
        return
    if report.is_whole:
        await _mark_paid(at, order, report)
    await _tag(at, order, WHOLE if report.is_whole else PART)


async def _mark_paid(at: InBillbee, order: Order, report: PaymentReport) -> None:
    """The date first: whoever waits for the state finds it there."""
    if not order.payed_at:
        fields: dict[str, object] = {"PayedAt": naive(report.at, at.access.zone)}
        if method := METHODS.get(report.provider):
            fields["PaymentMethod"] = method
        allowed = await at.patchable()
        if wanted := {name: value for name, value in fields.items() if name in allowed}:
            await at.write("PATCH", "", wanted)
    if order.state in WAIT_FOR_MONEY:
        await at.write("PUT", "/orderstate", {"NewStateId": PAID})


async def _tag(at: InBillbee, order: Order, tag: str) -> None:
    if tag not in order.tags:
        await at.write("POST", "/tags", {"Tags": [tag]})
