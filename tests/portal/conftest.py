"""A till with a PayPal of its own for every test that asks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from litestar.types import Receive, Scope, Send

from db.engine import Database
from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET, StandIn, serving, stand_in
from tests.cashier import Cashier, opened


class Served:
    """One server for the whole session, behind which every test puts a PayPal that remembers nothing."""

    standing_in: StandIn
    origin: str

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.standing_in(scope, receive, send)


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    found = Served()
    with serving(found) as found.origin:
        yield found


@pytest.fixture
def paypal(served: Served) -> StandIn:
    found = served.standing_in = stand_in({CLIENT_ID: CLIENT_SECRET})
    found.ledger.origin = served.origin
    return found


@pytest.fixture
async def cashier(database: Database, paypal: StandIn) -> AsyncIterator[Cashier]:
    async with opened(database, paypal) as found:
        found.provider = await found.open_account()
        yield found
