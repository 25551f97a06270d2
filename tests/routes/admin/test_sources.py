"""Einstellungen / Quellen without a browser: connecting, watching, asking, retrying, and secrets that stay ones."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import select

from db.sources import Source, SourceRun
from db.webhooks import DeliveryOutcome, WebhookDelivery
from demo.billbee_stand_in import API_KEY, PASSWORD, USERNAME
from demo.woocommerce_stand_in import CONSUMER_KEY, CONSUMER_SECRET, StandIn, standing_in
from portal import order_imports
from portal.order_imports import Key
from tests.factories import NOON, SHOP, an_imported_order
from tests.integrations.test_woocommerce_exchanges import an_order
from tests.routes.admin.conftest import Browser

LIST = "/admin/settings/sources"


@pytest.fixture(autouse=True)
def woo() -> Iterator[StandIn]:
    """There before Tresen and longer than it, which asks it for webhooks by itself."""
    with standing_in() as found:
        yield found


def keys(woo: StandIn, **more: str) -> dict[str, str]:
    options = {"base_url": woo.origin, "consumer_key": CONSUMER_KEY, "consumer_secret": CONSUMER_SECRET}
    return {"name": "laden", **options, **more}


async def connect(jana: Browser, woo: StandIn) -> str:
    """The address of the new source."""
    answer = await jana.post(f"{LIST}/new/woocommerce", keys(woo))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


async def ended(jana: Browser) -> SourceRun:
    """The newest run, once it is over."""
    for _ in range(200):
        async with jana.tresen.house.database.reading() as session:
            run = await session.scalar(select(SourceRun).order_by(SourceRun.id.desc()).limit(1))
        if run and run.ended_at:
            return run
        await asyncio.sleep(0.02)
    raise AssertionError("the run does not end")


async def stored(jana: Browser) -> Source:
    async with jana.tresen.house.database.reading() as session:
        return (await session.scalars(select(Source))).one()


async def save(jana: Browser, path: str, name: str, text: str, was: str = "") -> httpx.Response:
    """One field, as its form sends it."""
    return await jana.post(path, {name: text, f"was.{name}": was})


# --- Connecting


@pytest.mark.parametrize(("kind", "secrets"), [("woocommerce", 2), ("billbee", 2), ("csv", 0), ("api", 0)])
async def test_each_kind_has_a_form_of_its_own(jana: Browser, kind: str, secrets: int):
    page = await jana.get(f"{LIST}/new/{kind}")

    assert page.status_code == 200
    assert page.text.count('type="password"') == secrets


async def test_a_kind_that_is_none_is_not_found(jana: Browser):
    assert (await jana.get(f"{LIST}/new/shopify")).status_code == 404
    assert (await jana.get(f"{LIST}/7")).status_code == 404
    assert (await jana.post(f"{LIST}/7/runs")).status_code == 404


async def test_a_shop_is_connected_and_its_orders_come(jana: Browser, woo: StandIn):
    woo.till.put(an_order(1))

    path = await connect(jana, woo)
    await ended(jana)
    page = await jana.get(path)

    assert "Eine Bestellung ist gekommen." in page.text
    assert CONSUMER_SECRET not in page.text
    assert "laden" in (await jana.get(LIST)).text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"name": ""}, "Nur Kleinbuchstaben"),
        ({"name": "Mein Laden"}, "nur Kleinbuchstaben"),
        ({"base_url": "http://shop.example.org"}, "Bitte geben Sie eine Adresse wie https://shop.example.org ein"),
        ({"base_url": ""}, "Bitte hier etwas eingeben."),
    ],
)
async def test_what_is_wrong_is_told_at_its_field_and_kept(jana: Browser, woo: StandIn, typed, words):
    answer = await jana.post(f"{LIST}/new/woocommerce", keys(woo) | typed)

    assert answer.status_code == 422
    assert words.lower() in answer.text.lower()
    assert CONSUMER_KEY in answer.text
    assert CONSUMER_SECRET not in answer.text


async def test_a_name_that_is_taken_is_told_so(jana: Browser, woo: StandIn):
    await connect(jana, woo)

    answer = await jana.post(f"{LIST}/new/woocommerce", keys(woo))

    assert answer.status_code == 422
    assert "heißt schon so" in answer.text


# --- Changing


async def test_a_field_saves_itself_and_leaves_the_keys_alone(jana: Browser, woo: StandIn):
    path = await connect(jana, woo)

    answer = await save(jana, path, "consumer_key", "ck_other", CONSUMER_KEY)

    assert answer.status_code == 303
    assert "Gespeichert" in (await jana.get(answer.headers["location"])).text
    row = await stored(jana)
    assert row.options["consumer_key"] == "ck_other"
    assert row.options["consumer_secret"]


async def test_an_empty_secret_stands_for_as_it_is(jana: Browser, woo: StandIn):
    path = await connect(jana, woo)
    before = (await stored(jana)).options

    await save(jana, path, "consumer_secret", "")

    now = (await stored(jana)).options
    assert {name: now[name] for name in before} == before


async def test_another_shop_gets_none_of_the_keys(jana: Browser, woo: StandIn):
    path = await connect(jana, woo)

    await save(jana, path, "base_url", "https://elsewhere.example.org", woo.origin)

    assert (await stored(jana)).options == {"base_url": "https://elsewhere.example.org"}


async def test_a_field_that_somebody_else_has_changed_is_not_overwritten(jana: Browser, woo: StandIn):
    path = await connect(jana, woo)

    answer = await save(jana, path, "consumer_key", "ck_mine", "ck_earlier")

    assert answer.status_code == 422
    assert "Meanwhile" not in answer.text
    assert CONSUMER_KEY in answer.text
    assert "ck_mine" in answer.text


@pytest.mark.parametrize(("name", "text"), [("base_url", "ftp://x"), ("name", "Ä"), ("base_url", "")])
async def test_what_cannot_work_is_refused_at_its_field(jana: Browser, woo: StandIn, name: str, text: str):
    path = await connect(jana, woo)
    row = await stored(jana)
    was = row.name if name == "name" else row.options[name]

    answer = await save(jana, path, name, text, was)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    now = (await stored(jana)).options
    assert {name: now[name] for name in row.options} == row.options  # a secret of ours may have come to them


async def test_with_orders_the_name_stays_and_so_does_the_source(jana: Browser):
    async with jana.tresen.house.database.writing() as session:
        await order_imports.put(Key("etsy", "1"), an_imported_order(), session, SHOP)
    path = f"{LIST}/{(await stored(jana)).id}"

    renamed = await save(jana, path, "name", "amazon", "etsy")
    removed = await jana.post(f"{path}/removals")

    assert (renamed.status_code, removed.status_code) == (422, 409)
    assert "Er bleibt" in renamed.text
    assert "daher bleibt sie" in removed.text


async def test_a_source_without_orders_is_removed(jana: Browser, woo: StandIn):
    path = await connect(jana, woo)
    await ended(jana)

    answer = await jana.post(f"{path}/removals")

    assert (answer.status_code, answer.headers["location"]) == (303, LIST)
    assert (await jana.get(path)).status_code == 404


# --- Watching


async def test_checking_asks_for_real_and_says_what_came_of_it(jana: Browser, woo: StandIn):
    woo.till.put(an_order(1))
    path = await connect(jana, woo)
    good = await jana.get(f"{path}?checked=yes")
    await ended(jana)
    await save(jana, path, "consumer_secret", "cs_wrong")

    bad = await jana.get(f"{path}?checked=yes")

    assert "Eine Bestellung ist zu lesen" in good.text
    assert "lässt Tresen nicht hinein" in bad.text
    assert "cs_wrong" not in bad.text


async def test_fetching_now_runs_once_more(jana: Browser, woo: StandIn):
    path = await connect(jana, woo)
    await ended(jana)
    woo.till.put(an_order(2))

    answer = await jana.post(f"{path}/runs")
    run = await ended(jana)

    assert answer.status_code == 303
    assert run.created == 1


async def test_an_order_that_could_not_be_read_is_listed_with_its_place(jana: Browser, woo: StandIn):
    woo.till.put(an_order(9, currency="XYZ"))

    path = await connect(jana, woo)
    await ended(jana)
    page = await jana.get(path)

    assert "Bestellungen, die nicht übernommen werden konnten" in page.text
    assert "$.currency" in page.text


async def test_trouble_stands_in_the_list(jana: Browser, woo: StandIn):
    woo.till.secret = "another"
    await connect(jana, woo)
    await ended(jana)

    page = await jana.get(LIST)

    assert "Störung" in page.text
    assert "lässt Tresen nicht hinein" in page.text


async def test_the_shop_of_this_machine_can_be_asked_to_call_and_its_changes_come(jana: Browser, woo: StandIn):
    path = await connect(jana, woo)
    woo.hooks.ping = lambda hook: 200  # type: ignore[method-assign]  # this Tresen has no port

    answer = await jana.post(f"{path}/webhooks")
    page = await jana.get(path)

    assert answer.status_code == 303
    assert "meldet der Shop Änderungen selbst an" in page.text
    assert {hook.delivery_url for hook in woo.hooks.kept.values()} == {"http://127.0.0.1:8000/hooks/woocommerce/laden"}
    assert all(hook.secret for hook in woo.hooks.kept.values())


async def test_a_shop_that_takes_no_webhook_is_told_of(jana: Browser, woo: StandIn):
    woo.till.may_write = False
    path = await connect(jana, woo)

    answer = await jana.post(f"{path}/webhooks")

    assert answer.status_code == 409
    assert "HTTP 401" in answer.text


async def test_what_was_set_aside_is_listed_and_tried_once_more(jana: Browser, woo: StandIn):
    await connect(jana, woo)
    await ended(jana)
    woo.till.put(an_order(7))
    async with jana.tresen.house.database.writing() as session:
        row = WebhookDelivery(
            source_id=(await session.scalars(select(Source.id))).one(),
            delivery="d-1",
            received_at=NOON,
            headers={"x-wc-webhook-topic": "order.updated"},
            body=b'{"id": 7}',
            ip_prefix="",
            outcome=DeliveryOutcome.GIVEN_UP,
            error="HTTP 503.",
        )
        session.add(row)
        await session.flush()
    page = await jana.get(LIST)

    for _ in range(2):
        assert (await jana.post(f"{LIST}/deliveries/{row.id}/retries")).status_code == 303

    assert "Meldungen, die nicht verarbeitet werden konnten" in page.text
    assert "HTTP 503." in page.text
    for _ in range(200):
        async with jana.tresen.house.database.reading() as session:
            if (await session.get_one(WebhookDelivery, row.id)).outcome is DeliveryOutcome.APPLIED:
                break
        await asyncio.sleep(0.02)
    assert "HTTP 503." not in (await jana.get(LIST)).text


async def test_the_same_order_through_two_sources_is_told_in_the_list_at_both_and_on_the_order(jana: Browser):
    async with jana.tresen.house.database.writing() as session:
        for name in ("billbee", "laden"):
            row, _ = await order_imports.put(Key(name, "7"), an_imported_order(), session, SHOP)
        other = row.source_id

    listed, one, order = [
        (await jana.get(path)).text for path in (LIST, f"{LIST}/{other}", f"/admin/orders/{row.id}/overview")
    ]

    assert listed.count("bringen dieselben Bestellungen") == 1
    assert "laden und billbee bringen dieselben Bestellungen" in one
    assert "Dieselbe Bestellung ist auch über die Quelle billbee gekommen." in order


async def test_billbee_is_connected_with_what_it_needs(jana: Browser):
    typed = {"name": "billbee", "username": USERNAME, "password": PASSWORD, "api_key": API_KEY}

    missing = await jana.post(f"{LIST}/new/billbee", typed | {"api_key": ""})

    assert missing.status_code == 422
    assert USERNAME in missing.text
    assert PASSWORD not in missing.text


async def test_nobody_comes_in_without_signing_in(stranger: Browser):
    assert (await stranger.get(LIST)).status_code in (303, 401)
    assert (await stranger.post(f"{LIST}/new/api", {"name": "x"})).status_code in (303, 401)
