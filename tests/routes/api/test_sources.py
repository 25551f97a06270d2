"""Sources by the API: what is set up, what is asked, and what is never told."""

from __future__ import annotations

import pytest

from tests.routes.api.conftest import Shop
from tests.routes.api.pretend import an_order, codes

SOURCES = "/api/v1/sources"
WOO = {
    "name": "laden",
    "kind": "woocommerce",
    "options": {
        "base_url": "https://shop.example.org",
        "consumer_key": "ck_1",
        "consumer_secret": "cs_geheim",
        "webhook_secret": "wh_geheim",
    },
    "active": False,
}
OF_WOO_ALONE = ("base_url", "consumer_key", "consumer_secret")


async def test_secrets_are_written_and_never_read(shop: Shop):
    made = await shop.call.post(SOURCES, json=WOO)
    address = f"{SOURCES}/{made.json()['id']}"
    answers = [made, await shop.call.get(address), await shop.call.get(SOURCES)]

    assert made.status_code == 201
    assert made.json() == {
        "id": made.json()["id"],
        "name": "laden",
        "kind": "woocommerce",
        "options": {"base_url": "https://shop.example.org", "consumer_key": "ck_1"},
        "secrets_set": ["consumer_secret", "webhook_secret"],
        "waiver_needs_text": False,
        "invoices_elsewhere": False,
        "active": False,
    }
    assert all("geheim" not in answer.text for answer in answers)


async def test_another_address_needs_the_secrets_anew(shop: Shop):
    address = f"{SOURCES}/{(await shop.call.post(SOURCES, json=WOO)).json()['id']}"

    moved = await shop.call.patch(
        address, json={"options": {"base_url": "https://elsewhere.example.org", "consumer_key": "ck_1"}}
    )

    assert moved.json()["secrets_set"] == []


async def test_a_switch_is_thrown_without_naming_the_options(shop: Shop):
    address = f"{SOURCES}/{(await shop.call.post(SOURCES, json=WOO)).json()['id']}"

    changed = await shop.call.patch(address, json={"waiver_needs_text": True, "invoices_elsewhere": True})

    assert (changed.json()["waiver_needs_text"], changed.json()["invoices_elsewhere"]) == (True, True)
    assert changed.json()["secrets_set"] == ["consumer_secret", "webhook_secret"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "Mein Laden"}, {"#/name"}),
        ({"kind": "shopify"}, {"#/kind"}),
        ({"options": {"consumer_key": "ck_1"}}, {"#/options/base_url"}),
        ({"options": {"base_url": "https://shop.example.org", "colour": "blue"}}, {"#/options/colour"}),
        ({"colour": "blue"}, {"#/colour"}),
        ({"kind": "billbee"}, {f"#/options/{name}" for name in (*OF_WOO_ALONE, "username", "password", "api_key")}),
    ],
)
async def test_every_wrong_place_is_named_and_nothing_is_stored(shop: Shop, change, expected):
    answer = await shop.call.post(SOURCES, json=WOO | change)

    assert answer.status_code == 422
    assert set(codes(answer.json())) == expected
    assert (await shop.call.get(SOURCES)).json()["items"] == []


async def test_a_name_is_given_once(shop: Shop):
    await shop.call.post(SOURCES, json=WOO)

    assert (await shop.call.post(SOURCES, json=WOO)).status_code == 409


async def test_a_script_s_source_makes_itself_and_is_listed(shop: Shop):
    await shop.put(an_order())

    [source] = (await shop.call.get(SOURCES)).json()["items"]

    assert (source["name"], source["kind"], source["active"]) == ("etsy", "api", True)


async def test_a_source_with_orders_stays_and_can_be_switched_off(shop: Shop):
    await shop.put(an_order())
    [source] = (await shop.call.get(SOURCES)).json()["items"]
    address = f"{SOURCES}/{source['id']}"

    assert (await shop.call.delete(address)).status_code == 409
    assert (await shop.call.patch(address, json={"name": "amazon"})).status_code == 409
    assert (await shop.call.patch(address, json={"active": False})).status_code == 200
    assert (await shop.put(an_order(number="1002"))).status_code == 409
    assert (await shop.order())["number"] == "1001"


async def test_a_source_without_orders_is_removed(shop: Shop):
    address = f"{SOURCES}/{(await shop.call.post(SOURCES, json=WOO)).json()['id']}"

    assert (await shop.call.delete(address)).status_code == 204
    assert (await shop.call.get(address)).status_code == 404


async def test_a_run_is_asked_for_once_and_told_of(shop: Shop):
    shop.house.worker.stop(0)  # so that it waits
    made = (await shop.call.post(SOURCES, json=WOO | {"active": True})).json()
    address = f"{SOURCES}/{made['id']}/runs"

    first, second = await shop.call.post(address), await shop.call.post(address)
    [run] = (await shop.call.get(address)).json()["items"]

    assert (first.status_code, first.json()["id"]) == (202, second.json()["id"])
    assert run == first.json()
    assert (run["cause"], run["outcome"], run["created"]) == ("changed", None, 0)


@pytest.mark.parametrize("kind", ["api", "csv"])
async def test_where_orders_are_brought_there_is_nobody_to_ask(shop: Shop, kind):
    made = (await shop.call.post(SOURCES, json={"name": "datei", "kind": kind})).json()

    assert (await shop.call.post(f"{SOURCES}/{made['id']}/runs")).status_code == 409
    check = await shop.call.post(f"{SOURCES}/{made['id']}/checks")
    assert (check.json()["ok"], check.json()["outcome"]) == (False, "incomplete")


@pytest.mark.parametrize("path", ["/7", "/x", "/7/runs", "/7/checks"])
async def test_what_is_not_there_is_not_found(shop: Shop, path):
    method = "POST" if path.endswith("checks") else "GET"

    assert (await shop.call.request(method, SOURCES + path)).status_code == 404


async def test_a_stranger_learns_nothing(shop: Shop):
    assert (await shop.stranger.get(SOURCES)).status_code == 401


async def test_where_invoices_are_written_elsewhere_none_is_made_here(shop: Shop):
    await shop.call.post(SOURCES, json={"name": "etsy", "kind": "api", "invoices_elsewhere": True})
    await shop.put(an_order(state="paid"))

    answer = await shop.call.post("/api/v1/orders/etsy/1/invoices")

    assert (answer.status_code, answer.json()["detail"]) == (409, "invoice-elsewhere")
