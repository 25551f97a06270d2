"""A till that is open: a shop with orders, a provider, and a PayPal on this machine that does what tests tell it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import msgspec
from sqlalchemy import select

from db.activity import Activity
from db.engine import Database
from db.orders import Order
from db.outbox import Job
from db.payment_providers import PaymentProvider, ProviderKind
from db.payments import Payment
from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET, StandIn
from demo.paypal_stand_in.approval import back
from demo.paypal_stand_in.ledger import ToldOrder
from integrations.paypal import Origins, PayPal, Timing
from portal import jobs, order_imports, outbox, payment_attempts, payment_providers, payment_returns, payment_starts
from portal.activity import CUSTOMER, TRESEN, By
from portal.imported import ImportedOrder
from portal.links import Link
from portal.order_facts import of_one
from portal.orders import OrderFacts
from portal.outbox import Lane
from portal.payment_attempts import Attempt
from portal.payment_providers import NewProvider
from portal.payment_returns import Arrival
from portal.payment_settlements import Return
from portal.payment_starts import Asked
from portal.reconciliation import Reconciliation
from portal.signing import Signer
from portal.till import Till
from portal.vault import Vault
from tests.factories import KEYS, NOON, SHOP, an_imported_order

QUICK = Timing(connect=5, answer=0.8, whole=15, pauses=(0.01, 0.01))


@dataclass
class Cashier:
    """`now` moves only when a test moves it."""

    database: Database
    till: Till
    paypal: StandIn
    service: PayPal
    now: datetime = NOON
    provider: PaymentProvider = field(init=False)

    @property
    def customer(self) -> By:
        return By(CUSTOMER, self.now)

    async def open_account(self, **changes: object) -> PaymentProvider:
        complete = {"name": "PayPal", "kind": "paypal", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        new = msgspec.convert({**complete, "active": True, **changes}, NewProvider)
        async with self.database.writing() as session:
            return await payment_providers.add(new, self.till.vault, session, By("merchant:1", self.now))

    async def sell(self, external_id: str = "1", **changes: object) -> Order:
        return await self.take(an_imported_order(**changes), external_id)

    async def take(self, wanted: ImportedOrder, external_id: str = "1") -> Order:
        async with self.database.writing() as session:
            order, _ = await order_imports.put(order_imports.Key("shop", external_id), wanted, session, SHOP)
        return order

    async def begin(self, order: Order, **choice: str) -> str:
        asked = Asked(link=Link(order.id, order.link_version), **choice)
        return (await payment_starts.begin(asked, self.till, self.customer)).url

    def told(self, url: str) -> ToldOrder:
        """PayPal's order behind an address that the customer was sent to."""
        return self.paypal.ledger.orders[parse_qs(urlsplit(url).query)["token"][0]]

    def approve(self, url: str) -> None:
        self.told(url).status = "APPROVED"

    async def come_back(
        self, url: str, *, cancelled: bool = False, token: str | None = None, told: ToldOrder | None = None
    ) -> Arrival:
        """The customer's browser follows PayPal's redirect; `told` is an order that PayPal has forgotten since."""
        told = told or self.told(url)
        address = urlsplit(back(told, "cancel_url" if cancelled else "return_url"))
        found = payment_attempts.read(address.path.rpartition("/")[2], self.till.signer)
        assert found is not None
        reference = told.id if token is None else token
        returned = Return(found.attempt_id, reference, cancelled)
        return await payment_returns.arrive(returned, self.till, self.customer)

    async def pay(self, order: Order, **choice: str) -> str:
        """All of it, without any trouble; the address at PayPal."""
        url = await self.begin(order, **choice)
        self.approve(url)
        await self.come_back(url)
        return url

    async def facts(self, order: Order) -> OrderFacts:
        async with self.database.reading() as session:
            return await of_one(await session.get_one(Order, order.id), session)

    async def money(self, order: Order) -> list[tuple[str, str, int]]:
        """Kind, status and amount of all that moved."""
        async with self.database.reading() as session:
            rows = await session.scalars(select(Payment).where(Payment.order_id == order.id).order_by(Payment.id))
            return [(row.kind.value, row.status.value, row.amount) for row in rows]

    async def attempts(self, order: Order) -> list[Attempt]:
        """Newest first."""
        async with self.database.reading() as session:
            return await payment_attempts.of_order(order.id, session)

    async def attempt(self, order: Order) -> Attempt:
        return (await self.attempts(order))[0]

    async def history(self, order: Order) -> list[str]:
        return [row.kind for row in await self.entries(order)]

    async def notices(self, order: Order) -> list[str]:
        return [row.kind for row in await self.entries(order) if row.notice]

    async def entries(self, order: Order) -> list[Activity]:
        async with self.database.reading() as session:
            chosen = select(Activity).where(Activity.order_id == order.id).order_by(Activity.id)
            return list(await session.scalars(chosen))

    async def later(self, **passed: float) -> None:
        """Time passes, and every look that falls due is taken."""
        end = self.now + timedelta(**passed)
        while (at := await self._next_look()) is not None and at <= end:
            self.now = max(self.now, at)
            await self.work_off("payment_look", Reconciliation(self.till))
        self.now = end

    async def _next_look(self) -> datetime | None:
        async with self.database.reading() as session:
            open_ones = select(Job.run_at).where(Job.kind == "payment_look", Job.done_at.is_(None))
            return (await session.scalars(open_ones.order_by(Job.run_at).limit(1))).first()

    async def work_off(self, kind: str, work: jobs.Work) -> None:
        """As the worker does: whatever of that kind is due."""
        while True:
            async with self.database.writing() as session:
                claimed = await outbox.claim(Lane(kind), jobs.lease(work), session, self.now)
            if claimed is None:
                return
            await jobs.attempt(claimed, work, self.database.writing, lambda: self.now)

    def by_tresen(self) -> By:
        return By(TRESEN, self.now)


@asynccontextmanager
async def opened(database: Database, paypal: StandIn) -> AsyncIterator[Cashier]:
    origin = paypal.ledger.origin
    service = PayPal(origins=Origins(live=origin, sandbox=origin), timing=QUICK)
    services = {ProviderKind.PAYPAL: service, ProviderKind.PAYPAL_PLUS: service}
    cashier: Cashier
    till = Till(
        database=database,
        services=services,
        vault=Vault(KEYS),
        signer=Signer(KEYS),
        base_url="https://portal.example.org",
        hooks_from_here=True,
        clock=lambda: cashier.now,
    )
    cashier = Cashier(database, till, paypal, service)
    yield cashier
    await service.close()
