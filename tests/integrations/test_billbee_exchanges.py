"""Billbee, asked for real over HTTP: envelopes, limits, and the hour that comes twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from config import ConfigError
from db.sources import RunOutcome
from demo.billbee_stand_in import API_KEY, PASSWORD, USERNAME, StandIn, standing_in
from integrations.asking import Pace, retry_after
from integrations.billbee.client import Billbee, naive
from integrations.clouds import Clouds
from integrations.clouds.wire import Answer, Patience, Wire
from integrations.shops import Shops
from portal.fetching import Access, Fetched, SourceUnavailable, Unreadable
from tests.factories import BERLIN, NOON
from tests.integrations.test_billbee_orders import an_order

MINUTE = timedelta(minutes=1)
OPTIONS = {"username": USERNAME, "password": PASSWORD, "api_key": API_KEY}


@pytest.fixture
def service() -> Iterator[StandIn]:
    with standing_in() as found:
        found.account.is_limited = False
        yield found


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    wire = Wire(Patience(connect=2, silence=2, whole=5))
    yield wire
    await wire.close()


@pytest.fixture
def billbee(wire: Wire, service: StandIn) -> Billbee:
    return Billbee(wire, service.base, Pace(pauses=(0.0, 0.0)))


def access(**options: str) -> Access:
    return Access(name="billbee", options=OPTIONS | options, zone=BERLIN)


async def everything(billbee: Billbee, since: datetime | None = None) -> list[Fetched | Unreadable]:
    return [each async for batch in billbee.changed(access(), since) for each in batch.orders]


async def test_all_pages_are_read(billbee: Billbee, service: StandIn):
    for number in range(1, 251):
        service.account.put(an_order(BillBeeOrderId=number))

    found = await everything(billbee)

    assert sorted(int(each.external_id) for each in found) == list(range(1, 251))
    assert len(service.account.asked) == 3


async def test_only_what_has_changed_since_then_is_asked_for_on_the_merchants_clock(billbee: Billbee, service: StandIn):
    service.account.put(an_order(BillBeeOrderId=1), NOON)
    service.account.put(an_order(BillBeeOrderId=2), NOON + MINUTE)

    batches = [batch async for batch in billbee.changed(access(), NOON + MINUTE)]

    assert [each.external_id for batch in batches for each in batch.orders] == ["2"]
    assert batches[0].changed_at == NOON + MINUTE
    assert "modifiedAtMin=2026-12-01T12%3A01%3A00" in service.account.asked[0]


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "2026-10-25T02:00:00"),  # 02:30 for the first time
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "2026-10-25T02:00:00"),  # 02:30 for the second time
        (datetime(2026, 10, 25, 2, 30, tzinfo=UTC), "2026-10-25T03:30:00"),
        (datetime(2026, 3, 29, 1, 30, tzinfo=UTC), "2026-03-29T03:30:00"),
    ],
)
def test_the_hour_that_comes_twice_is_asked_for_from_its_beginning(at, told):
    assert naive(at, BERLIN) == told


async def test_an_order_that_nobody_understands_hides_no_other(billbee: Billbee, service: StandIn):
    service.account.put(an_order(BillBeeOrderId=1, Currency="XYZ"))
    service.account.put(an_order(BillBeeOrderId=2, OrderItems="none"))
    service.account.put(an_order(BillBeeOrderId=3))

    found = {each.external_id: type(each) for each in await everything(billbee)}

    assert found == {"1": Unreadable, "2": Unreadable, "3": Fetched}


async def test_two_calls_a_second_are_never_too_many(wire: Wire, service: StandIn):
    """The stand-in counts as Billbee does, and would answer the third within a second with 429."""
    service.account.is_limited = True
    for number in range(1, 401):
        service.account.put(an_order(BillBeeOrderId=number))

    found = await everything(Billbee(wire, service.base))

    assert len(found) == 400
    assert len(service.account.asked) == 4


async def test_whoever_is_told_to_wait_waits_and_asks_again(billbee: Billbee, service: StandIn):
    service.account.put(an_order(BillBeeOrderId=1))
    service.account.troubles = [(429, "1")]

    assert len(await everything(billbee)) == 1
    assert len(service.account.asked) == 2


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("1", RunOutcome.DENIED),
        ("17", RunOutcome.DENIED),
        ("8", RunOutcome.BUSY),
        ("11", RunOutcome.UNEXPECTED),
        ("page", RunOutcome.BUSY),
    ],
)
async def test_an_error_that_comes_with_http_200_is_an_error(billbee: Billbee, service: StandIn, code, outcome):
    service.account.troubles = [(200, code)]

    with pytest.raises(SourceUnavailable) as refused:
        await everything(billbee)

    assert refused.value.outcome is outcome


@pytest.mark.parametrize("wrong", [{"password": "x"}, {"api_key": "x"}])
async def test_wrong_credentials_are_told_so(billbee: Billbee, wrong: dict[str, str]):
    with pytest.raises(SourceUnavailable) as refused:
        await billbee.count(access(**wrong))

    assert refused.value.outcome is RunOutcome.DENIED


async def test_a_check_counts_the_orders(billbee: Billbee, service: StandIn):
    service.account.put(an_order(BillBeeOrderId=1))

    assert await billbee.count(access()) == 1


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), ("", 0.0), ("soon", 0.0), ("-3", 0.0), ("Tue, 01 Dec 2026 11:00:30 GMT", 30.0)],
)
def test_retry_after_is_a_number_or_a_date(text, seconds):
    assert retry_after(Answer(429, {"retry-after": text}), NOON) == seconds


@pytest.mark.parametrize("base", ["http://api.example.org/api/v1", "ftp://127.0.0.1", "api.billbee.io"])
def test_an_address_that_no_password_may_be_sent_to_stops_the_start(base):
    with pytest.raises(ConfigError, match="TRESEN_BILLBEE_API_BASE"):
        Shops(Clouds(), base)
