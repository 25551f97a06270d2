"""Webhooks of a source: verified, stored once, worked on with retries, and set aside to be retried by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy import select

from db.activity import Activity
from db.engine import Database
from db.orders import Order, State
from db.outbox import Job
from db.sources import RunOutcome, Source, SourceKind
from db.webhooks import DeliveryOutcome, WebhookDelivery
from demo.woocommerce_stand_in import CONSUMER_KEY, CONSUMER_SECRET, StandIn, standing_in
from demo.woocommerce_stand_in.hooks import signature
from integrations.asking import Pace
from integrations.clouds.wire import Patience, Wire
from integrations.woocommerce.client import WooCommerce
from portal import outbox, source_runs, sources, webhook_inbox
from portal.activity import By
from portal.connectors import Connectors
from portal.fetching import Access, SourceUnavailable
from portal.jobs import attempt
from portal.outbox import Lane
from portal.refusals import Conflict, NotFound
from portal.source_deliveries import Call, NotGenuine, SourceDeliveries
from portal.sources import NewSource, SourceChange
from portal.vault import Vault
from portal.webhook_inbox import OF_SOURCES, TooMany
from tests.factories import BERLIN, KEYS, NOON
from tests.integrations.test_woocommerce_exchanges import an_order

SECRET = "wh-Garn-und-Nadel"
MINUTE = timedelta(minutes=1)


class FickleWoo(WooCommerce):
    """Does not answer once where it is asked for the order `silent_about`."""

    silent_about = ""

    async def one(self, access: Access, order_id: str) -> object | None:
        if order_id == self.silent_about:
            self.silent_about = ""
            raise SourceUnavailable("HTTP 503.", RunOutcome.BUSY)
        return await super().one(access, order_id)


class Shop:
    """A WooCommerce with a Tresen that it calls. `now` is the clock of both."""

    def __init__(self, database: Database, woo: FickleWoo, stand_in: StandIn) -> None:
        self.woo = woo
        self.database, self.stand_in = database, stand_in
        self.connectors = Connectors({SourceKind.WOOCOMMERCE: woo}, Vault(KEYS), {SourceKind.WOOCOMMERCE: woo})
        self.now = NOON
        self.deliveries = SourceDeliveries(database, self.connectors, BERLIN, clock=lambda: self.now)
        self.sent = 0

    async def connect(self, *, has_key: bool = True) -> Source:
        key = {"consumer_key": CONSUMER_KEY, "consumer_secret": CONSUMER_SECRET} if has_key else {}
        options = {"base_url": self.stand_in.origin, "webhook_secret": SECRET} | key
        async with self.database.writing() as session:
            new = NewSource(name="laden", kind=SourceKind.WOOCOMMERCE, options=options)
            return await sources.add(new, self.connectors, session, By("merchant:1", self.now))

    async def call(
        self, told: object, topic: str = "order.updated", secret: str = SECRET, source: str = "laden", **headers: str
    ) -> None:
        body = told if isinstance(told, bytes) else msgspec.json.encode(told)
        self.sent += 1
        ordinary = {
            "x-wc-webhook-signature": signature(body, secret),
            "x-wc-webhook-topic": topic,
            "x-wc-webhook-delivery-id": f"delivery-{self.sent}",
            "cookie": "not to be kept",
        }
        given = ordinary | {name.replace("_", "-"): value for name, value in headers.items()}
        call = Call(source=source, ip_prefix="192.0.2.0", headers=given, body=body)
        await self.deliveries.accept(SourceKind.WOOCOMMERCE, call)

    async def work(self) -> None:
        """Behind the burst, until nothing is due."""
        while await self.work_once():
            pass

    async def work_once(self) -> bool:
        """One job and what it takes along; whether there was one."""
        lane, then = Lane(OF_SOURCES, source_runs.lane_of(1)), self.now + webhook_inbox.BURST
        deliveries = SourceDeliveries(self.database, self.connectors, BERLIN, clock=lambda: then)
        async with self.database.writing() as session:
            job = await outbox.claim(lane, deliveries.limit, session, then)
        if job is not None:
            await attempt(job, deliveries, self.database.writing, lambda: self.now)
        return job is not None

    async def waiting(self) -> int:
        """Jobs that are neither done nor given up."""
        async with self.database.reading() as session:
            over = (Job.done_at.is_(None), Job.dead_at.is_(None))
            return len(list(await session.scalars(select(Job.id).where(Job.kind == OF_SOURCES, *over))))

    async def exhaust(self) -> None:
        """As often as the outbox tries."""
        for _ in range(outbox.MAX_ATTEMPTS):
            await self.work()
            self.now += timedelta(days=1)

    async def rows(self) -> list[WebhookDelivery]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id)))

    async def outcomes(self) -> list[DeliveryOutcome | None]:
        return [row.outcome for row in await self.rows()]

    async def states(self) -> dict[str, State]:
        async with self.database.reading() as session:
            return {row.external_id: row.state for row in await session.scalars(select(Order))}

    async def notices(self) -> list[str]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(Activity.kind).where(Activity.notice)))


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with standing_in() as found:
        yield found


@pytest.fixture
async def shop(database: Database, stand_in: StandIn) -> AsyncIterator[Shop]:
    wire = Wire(Patience(connect=2, silence=2, whole=5))
    yield Shop(database, FickleWoo(wire, Pace(pauses=())), stand_in)
    await wire.close()


# --- What is let in


async def test_a_signed_delivery_is_stored_as_it_came_with_what_is_needed_of_its_headers(shop: Shop):
    await shop.connect()
    body = b'{"id": 7,  "status":"processing"}'

    await shop.call(body)

    [row] = await shop.rows()
    assert row.delivery.startswith("delivery-1 ")
    assert (row.body, row.outcome) == (body, None)
    assert row.headers == {"x-wc-webhook-topic": "order.updated"}


@pytest.mark.parametrize("wrong", ["", "AAAA", "no base64!", "ümlaut"])
async def test_whoever_does_not_know_the_secret_leaves_nothing(shop: Shop, wrong: str):
    await shop.connect()

    with pytest.raises(NotGenuine):
        await shop.call(an_order(7), secret="another")
    with pytest.raises(NotGenuine):
        await shop.call(an_order(7), x_wc_webhook_signature=wrong)

    assert await shop.rows() == []


async def test_one_byte_that_was_changed_on_the_way_is_noticed(shop: Shop):
    await shop.connect()
    signed = signature(b'{"id": 7}', SECRET)

    with pytest.raises(NotGenuine):
        await shop.call(b'{"id": 8}', x_wc_webhook_signature=signed)


async def test_without_a_secret_nobody_knows_it(shop: Shop):
    row = await shop.connect()
    async with shop.database.writing() as session:
        wanted = SourceChange(options={"base_url": shop.stand_in.origin, "webhook_secret": ""})
        await sources.change(await sources.one(row.id, session), wanted, shop.connectors, session, By("x", NOON))

    with pytest.raises(NotGenuine):
        await shop.call(an_order(7), secret="")


async def test_where_nobody_listens_nothing_is_taken(shop: Shop):
    row = await shop.connect()
    with pytest.raises(NotFound):
        await shop.call(an_order(7), source="another")
    async with shop.database.writing() as session:
        wanted = SourceChange(active=False)
        await sources.change(await sources.one(row.id, session), wanted, shop.connectors, session, By("x", NOON))

    with pytest.raises(NotFound):
        await shop.call(an_order(7))


async def test_a_try_whether_somebody_is_there_is_answered_and_not_kept(shop: Shop):
    await shop.connect()
    headers = {"content-type": "application/x-www-form-urlencoded"}

    call = Call(source="laden", ip_prefix="", headers=headers, body=b"webhook_id=3")
    await shop.deliveries.accept(SourceKind.WOOCOMMERCE, call)

    assert await shop.rows() == []


async def test_the_same_delivery_again_is_stored_once(shop: Shop):
    await shop.connect()

    for _ in range(3):
        await shop.call(an_order(7), x_wc_webhook_delivery_id="same")
        await shop.call(an_order(8), x_wc_webhook_delivery_id="")

    assert len(await shop.rows()) == 2


async def test_what_happened_to_several_orders_within_a_second_bears_one_id_and_is_taken_each(shop: Shop):
    await shop.connect()

    for number in (7, 8, 9):
        await shop.call({"id": number}, "order.deleted", x_wc_webhook_delivery_id="same")

    assert len(await shop.rows()) == 3


async def test_a_flood_fills_no_disk(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(webhook_inbox, "MOST_WAITING", 2)
    await shop.connect()
    await shop.call(an_order(1))
    await shop.call(an_order(2))

    with pytest.raises(TooMany):
        await shop.call(an_order(3))


# --- What comes of it


async def test_the_shop_is_asked_what_is_true_now(shop: Shop):
    """The delivery is an old one: it says pending, and the shop has been paid since."""
    await shop.connect()
    shop.stand_in.till.put(an_order(7, status="processing"))

    await shop.call(an_order(7, status="pending", date_paid_gmt=None))
    await shop.work()

    assert await shop.states() == {"7": State.PAID}
    [row] = await shop.rows()
    assert (row.outcome, row.headers, row.body) == (DeliveryOutcome.APPLIED, {}, b"")


async def test_those_of_one_shop_are_worked_on_together_each_with_its_own_outcome(shop: Shop):
    await shop.connect(has_key=False)
    await shop.call(an_order(7, status="completed", date_modified_gmt="2026-12-01T10:05:00"))
    await shop.call(an_order(7, status="processing", date_modified_gmt="2026-12-01T10:01:00"))
    await shop.call(an_order(8, currency="XYZ"))
    await shop.call({"id": 7}, "order.deleted")
    await shop.call(an_order(9, status="checkout-draft"))
    await shop.call(an_order(10))

    await shop.work_once()

    assert await shop.outcomes() == [
        DeliveryOutcome.APPLIED,
        DeliveryOutcome.STALE,
        DeliveryOutcome.GIVEN_UP,
        DeliveryOutcome.APPLIED,
        DeliveryOutcome.UNKNOWN,
        DeliveryOutcome.APPLIED,
    ]
    assert await shop.states() == {"7": State.DELETED, "10": State.PAID}
    assert await shop.waiting() == 0


async def test_where_the_shop_ends_to_answer_in_the_middle_the_rest_gets_its_own_turn(shop: Shop):
    await shop.connect()
    for number in (1, 2, 3):
        await shop.call(shop.stand_in.till.put(an_order(number), NOON))
    shop.woo.silent_about = "2"

    await shop.work_once()
    worked_on = await shop.outcomes()
    await shop.work()

    assert worked_on == [DeliveryOutcome.APPLIED, None, None]
    assert await shop.outcomes() == [DeliveryOutcome.APPLIED] * 3


async def test_what_was_begun_before_takes_nobody_along(shop: Shop):
    """So that one by which Tresen itself fails spoils no other for long."""
    await shop.connect()
    told = [shop.stand_in.till.put(an_order(number), NOON) for number in (1, 2)]
    shop.stand_in.till.troubles = [(503, "")]
    await shop.call(told[0])
    await shop.work_once()
    shop.now += 2 * MINUTE
    await shop.call(told[1])

    await shop.work_once()

    assert await shop.outcomes() == [DeliveryOutcome.APPLIED, None]


async def test_without_a_key_the_delivery_itself_counts_and_an_older_one_changes_nothing(shop: Shop):
    await shop.connect(has_key=False)

    await shop.call(an_order(7, status="completed", date_modified_gmt="2026-12-01T10:05:00"))
    await shop.call(an_order(7, status="processing", date_modified_gmt="2026-12-01T10:01:00"))
    await shop.work()

    assert await shop.states() == {"7": State.COMPLETED}
    assert await shop.outcomes() == [DeliveryOutcome.APPLIED, DeliveryOutcome.STALE]


async def test_one_wrong_clock_does_not_hide_all_later_news(shop: Shop):
    await shop.connect(has_key=False)

    await shop.call(an_order(7, status="processing", date_modified_gmt="2027-12-01T11:00:00"))
    await shop.work()
    shop.now += MINUTE
    await shop.call(an_order(7, status="cancelled", date_modified_gmt="2026-12-01T11:01:00"))
    await shop.work()

    assert await shop.states() == {"7": State.CANCELLED}
    assert await shop.outcomes() == [DeliveryOutcome.APPLIED] * 2


@pytest.mark.parametrize("has_key", [True, False])
async def test_an_order_that_was_deleted_is_buried_and_a_late_update_revives_it_not(shop: Shop, has_key: bool):
    await shop.connect(has_key=has_key)
    told = shop.stand_in.till.put(an_order(7), NOON)
    await shop.call(told)
    await shop.work()
    shop.stand_in.till.delete(7)

    await shop.call({"id": 7}, "order.deleted")
    await shop.work()
    await shop.call(told, "order.updated")
    await shop.work()

    assert await shop.states() == {"7": State.DELETED}


async def test_no_order_is_gone_because_the_shop_s_own_address_is_not_there_for_a_moment(shop: Shop):
    await shop.connect()
    told = shop.stand_in.till.put(an_order(7), NOON)
    await shop.call(told)
    await shop.work()
    shop.stand_in.till.troubles = [(404, "")]

    await shop.call(told, "order.updated")
    await shop.work()

    assert shop.stand_in.till.troubles == []
    assert await shop.states() == {"7": State.PAID}


async def test_a_topic_that_nobody_signed_deletes_nothing(shop: Shop):
    await shop.connect(has_key=False)
    told = shop.stand_in.till.put(an_order(7), NOON)
    await shop.call(told)
    await shop.work()

    await shop.call(told, "order.deleted")
    await shop.work()

    assert await shop.states() == {"7": State.PAID}


async def test_an_order_that_nobody_knew_can_be_deleted(shop: Shop):
    await shop.connect()

    await shop.call({"id": 99}, "order.deleted")
    await shop.work()

    assert await shop.outcomes() == [DeliveryOutcome.UNKNOWN]


@pytest.mark.parametrize(
    ("told", "topic"), [(an_order(7, status="checkout-draft"), "order.created"), ({"id": 3}, "coupon.created")]
)
async def test_what_is_no_order_is_answered_and_forgotten(shop: Shop, told, topic):
    await shop.connect(has_key=False)

    await shop.call(told, topic)
    await shop.work()

    assert await shop.outcomes() == [DeliveryOutcome.UNKNOWN]
    assert await shop.states() == {}


async def test_while_the_shop_cannot_be_asked_the_delivery_waits(shop: Shop):
    await shop.connect()
    shop.stand_in.till.put(an_order(7))
    shop.stand_in.till.troubles = [(503, "")]
    await shop.call(an_order(7))

    await shop.work()
    assert await shop.outcomes() == [None]
    shop.now += 2 * MINUTE
    await shop.work()

    assert await shop.outcomes() == [DeliveryOutcome.APPLIED]


# --- Set aside, and retried


async def test_what_cannot_be_worked_on_for_days_is_set_aside_with_one_notice(shop: Shop):
    await shop.connect()
    shop.stand_in.till.troubles = [(503, "")] * 99
    await shop.call(an_order(7))
    await shop.call(an_order(8))

    await shop.exhaust()

    assert await shop.outcomes() == [DeliveryOutcome.GIVEN_UP] * 2
    assert await shop.notices() == ["webhook_delivery_failed"]
    async with shop.database.reading() as session:
        found = await webhook_inbox.given_up(session)
    assert [(each.sender, each.error) for each in found] == [("laden", "HTTP 503.")] * 2


async def test_what_nobody_understands_is_set_aside_at_once(shop: Shop):
    await shop.connect(has_key=False)

    await shop.call(an_order(7, currency="XYZ"))
    await shop.call(b"no json at all")
    await shop.work()

    assert await shop.outcomes() == [DeliveryOutcome.GIVEN_UP] * 2
    assert all(row.body and row.error for row in await shop.rows())


async def test_set_aside_it_can_be_retried_by_hand(shop: Shop):
    await shop.connect()
    shop.stand_in.till.put(an_order(7))
    shop.stand_in.till.troubles = [(503, "")] * outbox.MAX_ATTEMPTS
    await shop.call(an_order(7))
    await shop.exhaust()
    [row] = await shop.rows()

    async with shop.database.writing() as session:
        await webhook_inbox.retry(row.id, session, By("merchant:1", shop.now))
    await shop.work()

    assert await shop.outcomes() == [DeliveryOutcome.APPLIED]
    assert await shop.states() == {"7": State.PAID}


async def test_only_what_was_set_aside_is_retried(shop: Shop):
    await shop.connect()
    await shop.call(an_order(7))
    [row] = await shop.rows()

    async with shop.database.writing() as session:
        with pytest.raises(Conflict):
            await webhook_inbox.retry(row.id, session, By("merchant:1", NOON))
        with pytest.raises(NotFound):
            await webhook_inbox.retry(row.id + 1, session, By("merchant:1", NOON))


async def test_a_delivery_of_a_source_that_is_gone_is_gone_with_it(shop: Shop):
    row = await shop.connect()
    await shop.call(an_order(7))
    async with shop.database.writing() as session:
        await sources.remove(await sources.one(row.id, session), session, By("merchant:1", NOON))

    await shop.work()

    assert await shop.rows() == []
