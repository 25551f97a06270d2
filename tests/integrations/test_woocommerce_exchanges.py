"""WooCommerce, asked for real over HTTP: pages, keys, limits, and what a shop does while it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from db.sources import RunOutcome
from demo.woocommerce_stand_in import CONSUMER_KEY, CONSUMER_SECRET, StandIn, standing_in
from integrations.asking import Pace
from integrations.clouds.wire import Patience, Wire
from integrations.woocommerce.client import WooCommerce
from portal.fetching import Access, Fetched, SourceUnavailable, Unreadable
from portal.sealed_options import OptionsRefused
from tests.factories import BERLIN, NOON

AT_ONCE = Pace(pauses=(0.0, 0.0))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop() -> Iterator[StandIn]:
    with standing_in() as found:
        yield found


@pytest.fixture
async def woo() -> AsyncIterator[WooCommerce]:
    wire = Wire(Patience(connect=2, silence=2, whole=5))
    yield WooCommerce(wire, AT_ONCE)
    await wire.close()


def access(shop: StandIn, **options: str) -> Access:
    ordinary = {"base_url": shop.origin, "consumer_key": CONSUMER_KEY, "consumer_secret": CONSUMER_SECRET}
    return Access(name="laden", options=ordinary | options, zone=BERLIN)


def an_order(number: int, **told: object) -> dict[str, object]:
    item = {"id": 1, "name": "Schnitt", "product_id": 7, "quantity": 1, "total": "20.92", "total_tax": "3.98"}
    order: dict[str, object] = {
        "id": number,
        "number": str(number),
        "status": "processing",
        "currency": "EUR",
        "total": "24.90",
        "date_created_gmt": "2026-11-30T09:00:00",
        "date_paid_gmt": "2026-11-30T09:01:00",
        "line_items": [item],
    }
    return order | told


async def everything(woo: WooCommerce, at: Access, since: datetime | None = None) -> list[Fetched | Unreadable]:
    return [each async for batch in woo.changed(at, since) for each in batch.orders]


def ids(found: list[Fetched | Unreadable]) -> list[str]:
    return sorted((each.external_id for each in found), key=int)


async def test_all_pages_are_read(woo: WooCommerce, shop: StandIn):
    for number in range(1, 251):
        shop.till.put(an_order(number), NOON + number * MINUTE)

    found = await everything(woo, access(shop))

    assert ids(found) == [str(number) for number in range(1, 251)]


async def test_only_what_has_changed_since_then_is_asked_for(woo: WooCommerce, shop: StandIn):
    shop.till.put(an_order(1), NOON)
    shop.till.put(an_order(2), NOON + MINUTE)

    batches = [batch async for batch in woo.changed(access(shop), NOON)]

    assert [each.external_id for batch in batches for each in batch.orders] == ["2"]
    assert batches[0].changed_at == NOON + MINUTE
    assert "dates_are_gmt=true" in shop.till.asked[0]


async def test_an_order_that_slipped_over_an_edge_meanwhile_is_read_all_the_same(woo: WooCommerce, shop: StandIn):
    """One of the first page is gone, so that the first of the second page moves up to where nobody looks again."""
    for number in range(1, 151):
        shop.till.put(an_order(number), NOON + number * MINUTE)

    found: list[str] = []
    async for batch in woo.changed(access(shop), None):
        found += [each.external_id for each in batch.orders]
        if len(found) == 100:
            del shop.till.orders[150]

    assert {str(number) for number in range(1, 150)} <= set(found)
    assert len(found) == len(set(found))


async def test_what_changes_meanwhile_comes_as_it_is_now(woo: WooCommerce, shop: StandIn):
    for number in range(1, 151):
        shop.till.put(an_order(number), NOON + number * MINUTE)

    seen: list[Fetched | Unreadable] = []
    async for batch in woo.changed(access(shop), None):
        seen += batch.orders
        if len(seen) == 100:
            shop.till.put(an_order(1, status="completed"), NOON + timedelta(days=1))

    assert {each.external_id for each in seen} >= {str(number) for number in range(2, 151)}


async def test_refunds_and_products_are_asked_for_beside_the_order(woo: WooCommerce, shop: StandIn):
    shop.till.put(an_order(1, refunds=[{"id": 5, "total": "-24.90"}]))
    item = {"quantity": -1, "meta_data": [{"key": "_refunded_item_id", "value": "1"}]}
    shop.till.refunds[1] = [{"id": 5, "date_created_gmt": "2026-12-01T10:00:00", "line_items": [item]}]
    shop.till.products[7] = {"id": 7, "downloadable": True}

    [found] = await everything(woo, access(shop))

    assert isinstance(found, Fetched)
    assert found.order is not None
    assert (found.order.lines[0].digital, found.order.lines[0].refunded_quantity) == (True, "1")
    assert found.order.payments[1].at == datetime(2026, 12, 1, 10, tzinfo=UTC)


async def test_a_variation_decides_and_not_its_product(woo: WooCommerce, shop: StandIn):
    item = {"id": 1, "product_id": 7, "variation_id": 71, "quantity": 1, "total": "20.92", "total_tax": "3.98"}
    shop.till.put(an_order(1, line_items=[item]))
    shop.till.products |= {7: {"id": 7, "downloadable": False}, 71: {"id": 71, "parent_id": 7, "downloadable": True}}

    [found] = await everything(woo, access(shop))

    assert isinstance(found, Fetched)
    assert found.order is not None
    assert found.order.lines[0].digital is True


async def test_each_product_is_asked_for_once(woo: WooCommerce, shop: StandIn):
    for number in range(1, 151):
        shop.till.put(an_order(number), NOON + number * MINUTE)
    shop.till.products[7] = {"id": 7, "downloadable": True}

    await everything(woo, access(shop))

    assert len([asked for asked in shop.till.asked if "/products" in asked]) == 1


async def test_drafts_are_ignored_and_what_is_no_order_hides_no_other(woo: WooCommerce, shop: StandIn):
    shop.till.put(an_order(1, status="checkout-draft"))
    shop.till.put(an_order(2, currency="XYZ"))
    shop.till.put(an_order(3, line_items="none"))
    shop.till.put(an_order(4))

    found = {each.external_id: each for each in await everything(woo, access(shop))}

    assert found["1"] == Fetched("1", None)
    assert isinstance(found["2"], Unreadable)
    assert isinstance(found["3"], Unreadable)
    assert isinstance(found["4"], Fetched)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_trouble_that_passes_is_waited_for(woo: WooCommerce, shop: StandIn, status: int):
    shop.till.put(an_order(1))
    shop.till.troubles = [(status, "0")]

    assert ids(await everything(woo, access(shop))) == ["1"]


@pytest.mark.parametrize(
    ("troubles", "outcome"),
    [([(503, "")] * 3, RunOutcome.BUSY), ([(429, "86400")], RunOutcome.BUSY), ([(403, "")], RunOutcome.DENIED)],
)
async def test_trouble_that_stays_is_told_by_its_kind(woo: WooCommerce, shop: StandIn, troubles, outcome):
    shop.till.troubles = troubles

    with pytest.raises(SourceUnavailable) as refused:
        await everything(woo, access(shop))

    assert refused.value.outcome is outcome
    assert shop.till.troubles == [], "nobody is asked more often than that"


async def test_a_wrong_key_is_told_so(woo: WooCommerce, shop: StandIn):
    with pytest.raises(SourceUnavailable) as refused:
        await woo.count(access(shop, consumer_secret="cs_other"))

    assert refused.value.outcome is RunOutcome.DENIED
    assert "cs_other" not in str(refused.value)


async def test_a_check_counts_the_orders(woo: WooCommerce, shop: StandIn):
    shop.till.put(an_order(1))
    shop.till.put(an_order(2))

    assert await woo.count(access(shop)) == 2


async def test_where_no_shop_is_nobody_answers(woo: WooCommerce, shop: StandIn):
    with pytest.raises(SourceUnavailable) as refused:
        await woo.count(access(shop, base_url="http://127.0.0.1:1"))

    assert refused.value.outcome is RunOutcome.UNREACHABLE


async def test_one_order_is_shown_as_it_is_now_and_not_from_the_bin(woo: WooCommerce, shop: StandIn):
    shop.till.put(an_order(1))
    shop.till.put(an_order(2, status="trash"))

    assert await woo.one(access(shop), "1") is not None
    assert await woo.one(access(shop), "2") is None
    assert await woo.one(access(shop), "3") is None


@pytest.mark.parametrize(
    "options",
    [
        {"base_url": "http://shop.example.org"},
        {"base_url": "https://169.254.169.254"},
        {"base_url": "https://jana:geheim@shop.example.org"},
        {"base_url": "shop.example.org"},
    ],
)
def test_an_address_that_no_key_may_be_sent_to_is_refused(options):
    with pytest.raises(OptionsRefused) as refused:
        WooCommerce(Wire()).refuse(options)

    assert refused.value.option == "base_url"


# --- Being called


async def test_every_topic_is_registered_once_however_often_it_is_asked_for(woo: WooCommerce, shop: StandIn):
    shop.hooks.ping = lambda hook: 200  # type: ignore[method-assign]  # nobody listens at that address
    for _ in range(2):
        await woo.register(access(shop), "https://portal.example.org/hooks/woocommerce/laden", "geheim")

    assert sorted(hook.topic for hook in shop.hooks.kept.values()) == [
        "order.created",
        "order.deleted",
        "order.restored",
        "order.updated",
    ]
    assert {hook.secret for hook in shop.hooks.kept.values()} == {"geheim"}


async def test_a_webhook_that_the_shop_switched_off_is_switched_on_again(woo: WooCommerce, shop: StandIn):
    shop.hooks.ping = lambda hook: 200  # type: ignore[method-assign]
    await woo.register(access(shop), "https://portal.example.org/hooks/woocommerce/laden", "geheim")
    shop.hooks.kept[1].status = "disabled"

    await woo.register(access(shop), "https://portal.example.org/hooks/woocommerce/laden", "neu")

    assert (shop.hooks.kept[1].status, shop.hooks.kept[1].secret) == ("active", "neu")


async def test_a_key_that_may_only_read_cannot_register(woo: WooCommerce, shop: StandIn):
    shop.till.may_write = False

    with pytest.raises(SourceUnavailable) as refused:
        await woo.register(access(shop), "https://portal.example.org/hooks/woocommerce/laden", "geheim")

    assert refused.value.outcome is RunOutcome.DENIED
