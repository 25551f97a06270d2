"""Paying: what beginning costs at PayPal, and whether customers notice fifty payments that a slow PayPal keeps waiting.

`python -m bench.payments` measures this alone.
"""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import httpx

import assembly
from bench.processes import Server, free_port, pressed, tresen
from bench.results import Goal
from config import from_environment, with_data_directory
from db.orders import PaymentMethod, State
from db.payment_providers import ProviderKind
from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET, Fault, StandIn, standing_in
from portal import order_imports, payment_providers
from portal.activity import By
from portal.imported import ImportedLine, ImportedOrder
from portal.links import Link
from portal.payment_providers import NewProvider

IN_FLIGHT = 50
SLOW_SECONDS = 5.0
PRESSED_SECONDS = 1.0
ROUNDS = 3


@dataclass(frozen=True)
class Counter:
    """A shop with open orders; `links` are their paths."""

    links: list[str]


def measured(place: Path) -> list[Goal]:
    with standing_in() as paypal, ExitStack() as stack:
        paypal.ledger.calls_webhooks = False
        data, port = place / "paying", free_port()
        shop = asyncio.run(_made(data))
        server = stack.enter_context(tresen(data, port, TRESEN_PAYPAL_API_BASE=paypal.ledger.origin))
        calls = _calls_of_a_beginning(shop, server, paypal)
        idle = median(_p99(shop, server) for _ in range(ROUNDS))
        busy = _while_waiting(shop, server, paypal)
    return [
        Goal("calls to PayPal when a payment begins, the token kept", calls, "", 1, at_least=False),
        Goal("page p99, nobody paying", idle, "ms"),
        Goal(f"page p99, {IN_FLIGHT} payments waiting for a PayPal that takes 5 s", busy, "ms", 100, at_least=False),
    ]


async def _made(data: Path) -> Counter:
    config = with_data_directory(from_environment({"TRESEN_DATA": str(data)}))
    by = By("bench", datetime.now(UTC))
    new = NewProvider(
        name="PayPal", kind=ProviderKind.PAYPAL, active=True, client_id=CLIENT_ID, client_secret=CLIENT_SECRET
    )
    async with assembly.opened(config) as house:
        async with house.database.writing() as session:
            await payment_providers.add(new, house.vault, session, by)
            orders = [
                (await order_imports.put(order_imports.Key("bench", str(each)), _order(each, by), session, by))[0]
                for each in range(ROUNDS * IN_FLIGHT + 2)
            ]
        return Counter([f"/o/{house.links.token(Link(order.id, order.link_version))}" for order in orders])


def _order(number: int, by: By) -> ImportedOrder:
    return ImportedOrder(
        number=f"B-{number}",
        state=State.ORDERED,
        ordered_at=by.at,
        currency="EUR",
        payment_method=PaymentMethod.PREPAYMENT,
        lines=[ImportedLine(id="1", title="Muster", line_gross=2490, tax_rate="19")],
        total_gross=2490,
    )


def _begun(shop: Counter, server: Server, number: int) -> None:
    answer = httpx.post(f"http://127.0.0.1:{server.port}{shop.links[number]}/payments", timeout=30)
    if answer.status_code != 303:
        raise RuntimeError(f"A payment could not be begun: {answer.status_code}.")


def _calls_of_a_beginning(shop: Counter, server: Server, paypal: StandIn) -> int:
    _begun(shop, server, 0)  # it fetches the token
    before = len(paypal.ledger.exchanges)
    _begun(shop, server, 1)
    return len(paypal.ledger.exchanges) - before


def _p99(shop: Counter, server: Server) -> float:
    return float(pressed(server, [shop.links[0]], seconds=PRESSED_SECONDS)["p99"])


def _while_waiting(shop: Counter, server: Server, paypal: StandIn) -> float:
    """The median of a few waves of payments, each of which is still on its way when the measurement ends."""
    paypal.faults.slow_seconds = SLOW_SECONDS
    waves = [shop.links[2 + wave * IN_FLIGHT :][:IN_FLIGHT] for wave in range(ROUNDS)]
    return median(asyncio.run(_wave(paths, shop, server, paypal)) for paths in waves)


async def _wave(paths: list[str], shop: Counter, server: Server, paypal: StandIn) -> float:
    paypal.faults.switch("create", Fault.SLOW, times=IN_FLIGHT)
    base, limits = f"http://127.0.0.1:{server.port}", httpx.Limits(max_connections=IN_FLIGHT)
    async with httpx.AsyncClient(base_url=base, timeout=60, limits=limits) as client:
        paying = [asyncio.create_task(client.post(f"{path}/payments")) for path in paths]
        while paypal.faults.waiting["create"]:  # noqa: ASYNC110 (another thread takes them off)
            await asyncio.sleep(0.02)
        p99 = await asyncio.to_thread(_p99, shop, server)
        waiting = sum(not task.done() for task in paying)
        statuses = {answer.status_code for answer in await asyncio.gather(*paying)}
    if statuses != {303} or waiting < IN_FLIGHT * 0.9:
        raise RuntimeError(f"{waiting} of {IN_FLIGHT} payments were waiting; they ended with {sorted(statuses)}.")
    return p99


def main() -> None:
    began = time.monotonic()
    with TemporaryDirectory(prefix="tresen-bench-") as scratch:
        for goal in measured(Path(scratch)):
            print(f"{goal.name}: {goal.value:.3g} {goal.unit} {goal.wanted} {goal.verdict}")
    print(f"it took {time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
