"""Orders over the API: what is stored, what is kept, what is told back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from sqlalchemy import event, func, select

from db.orders import Line, Order
from db.payments import Payment, PaymentOrigin
from tests.routes.api.conftest import Shop
from tests.routes.api.pretend import a_line, a_payment, an_order, codes

EARLY, LATE = "2026-10-25T10:00:00Z", "2026-10-25T11:00:00Z"


async def test_a_new_order_is_created_and_told_back_as_it_was_sent(shop: Shop):
    sent = an_order(
        paid_at="2026-10-25T03:31:02+02:00",
        updated_at=EARLY,
        payment_method="paypal",
        billing={"name": "Erika", "line1": "Heidestraße 17", "zip": "51147", "city": "Köln", "country": "DE"},
        waiver={"accepted": True, "at": EARLY, "text": "Ja"},
        lines=[a_line(tax_rate="7", unit_gross=2490, digital=True), a_line(id="s", kind="shipping", line_gross=0)],
        payments=[a_payment()],
        invoice={"number": "RE-1", "date": "2026-10-26"},
        tags=["vip", "a"],
        custom={"k": "v"},
        note="Zeile 1\nZeile 2",
    )
    answer = await shop.put(sent)

    assert answer.status_code == 201
    told = answer.json()
    assert told["result"] == "created"
    assert told["portal_url"] == told["order"]["portal_url"]
    assert told["portal_url"].startswith("http://127.0.0.1:8000/o/")
    order = told["order"]
    assert order == await shop.order()
    assert (order["source"], order["external_id"], order["payment_state"]) == ("etsy", "1", "paid")
    assert (order["paid"], order["due"]) == (True, 0)
    assert order["paid_at"] == "2026-10-25T01:31:02Z"
    assert [line["tax_rate"] for line in order["lines"]] == ["7.00", "19.00"]
    assert order["lines"][0] == a_line(
        tax_rate="7.00",
        unit_gross=2490,
        digital=True,
        kind="item",
        quantity="1",
        unit="",
        discount_gross=0,
        tax_category="S",
        refunded_quantity="0",
    )
    assert order["payments"] == [a_payment(kind="payment", status="completed")]
    for name in ("number", "updated_at", "waiver", "invoice", "tags", "custom", "note", "total_gross"):
        assert order[name] == sent[name], name
    assert order["billing"] | sent["billing"] == order["billing"]


async def test_the_same_order_again_is_unchanged_and_a_changed_one_is_updated(shop: Shop):
    await shop.put(an_order())

    again = await shop.put(an_order(dunning_level=0))
    changed = await shop.put(an_order(state="shipped"))

    assert (again.status_code, again.json()["result"]) == (200, "unchanged")
    assert (changed.status_code, changed.json()["result"]) == (200, "updated")
    assert changed.json()["order"]["state"] == "shipped"


async def test_what_the_source_said_earlier_is_stale(shop: Shop):
    await shop.put(an_order(updated_at=LATE, state="shipped"))

    answer = await shop.put(an_order(updated_at=EARLY, state="ordered"))

    assert (answer.status_code, answer.json()["result"]) == (200, "stale")
    assert answer.json()["order"]["state"] == "shipped"


async def test_unchanged_news_make_older_news_stale(shop: Shop):
    await shop.put(an_order(updated_at=EARLY))
    await shop.put(an_order(updated_at="2026-10-25T12:00:00Z"))

    assert (await shop.put(an_order(updated_at=LATE, state="cancelled"))).json()["result"] == "stale"


async def test_without_a_timestamp_the_content_alone_decides(shop: Shop):
    await shop.put(an_order(updated_at=LATE))

    assert (await shop.put(an_order())).json()["result"] == "unchanged"
    assert (await shop.put(an_order(state="shipped"))).json()["result"] == "updated"
    assert (await shop.put(an_order(updated_at=EARLY))).json()["result"] == "stale"


async def test_a_tombstone_can_be_set_again_and_only_something_newer_revives(shop: Shop):
    created = (await shop.put(an_order(updated_at=EARLY))).json()
    for _ in range(2):
        assert (await shop.call.delete("/api/v1/orders/etsy/1")).status_code == 204
    assert (await shop.order())["state"] == "deleted"

    assert (await shop.put(an_order(updated_at=EARLY))).json()["result"] == "stale"
    revived = (await shop.put(an_order(updated_at=LATE))).json()

    assert (revived["result"], revived["order"]["state"]) == ("updated", "ordered")
    assert revived["portal_url"] == created["portal_url"]


async def test_an_import_never_takes_back_what_others_booked(shop: Shop):
    await shop.put(an_order(payments=[a_payment(transaction_id="shop", amount=100)]))
    await shop.call.post("/api/v1/orders/etsy/1/payments", json=a_payment(transaction_id="api", amount=200))
    async with shop.house.database.writing() as session:
        order = (await session.scalars(select(Order))).one()
        portal = Payment(
            order_id=order.id,
            provider="paypal",
            transaction_id="portal",
            amount=300,
            currency="EUR",
            at=datetime.now(UTC),
            origin=PaymentOrigin.PORTAL,
            recorded_at=datetime.now(UTC),
        )
        session.add(portal)

    answer = await shop.put(an_order(payments=[], note="changed"))

    left = {payment["transaction_id"] for payment in answer.json()["order"]["payments"]}
    assert left == {"api", "portal"}
    assert (answer.json()["order"]["payment_state"], answer.json()["order"]["due"]) == ("partially_paid", 1990)


async def test_a_payment_is_booked_once(shop: Shop):
    await shop.put(an_order())

    first = await shop.call.post("/api/v1/orders/etsy/1/payments", json=a_payment())
    second = await shop.call.post("/api/v1/orders/etsy/1/payments", json=a_payment())
    other = await shop.call.post("/api/v1/orders/etsy/1/payments", json=a_payment(amount=1))

    assert (first.status_code, second.status_code, other.status_code) == (201, 200, 409)
    assert (first.json()["order"]["paid"], first.json()["order"]["due"]) == (True, 0)
    assert second.json()["order"] == first.json()["order"]


async def test_a_payment_in_another_currency_is_refused(shop: Shop):
    await shop.put(an_order())

    answer = await shop.call.post("/api/v1/orders/etsy/1/payments", json=a_payment(currency="USD"))

    assert (answer.status_code, codes(answer.json())) == (422, {"#/currency": "other-currency"})
    assert (await shop.order())["payments"] == []


async def test_the_day_an_order_was_first_seen_paid_is_stored_once(shop: Shop):
    await shop.put(an_order())
    assert await _first_seen(shop) is None

    await shop.call.post("/api/v1/orders/etsy/1/payments", json=a_payment())
    first = await _first_seen(shop)
    await shop.put(an_order(state="paid"))

    assert first is not None
    assert await _first_seen(shop) == first


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({"state": "paid"}, True),
        ({"state": "shipped"}, True),
        ({"state": "shipped", "payment_method": "invoice"}, False),
        ({"state": "ordered"}, False),
        ({"state": "ordered", "paid_at": EARLY}, True),
    ],
)
async def test_every_way_of_being_paid_is_seen(shop: Shop, changes: dict[str, object], seen: bool):
    await shop.put(an_order(**changes))

    assert (await _first_seen(shop) is not None) is seen


async def test_a_looser_rule_makes_orders_paid_on_that_day(shop: Shop):
    await shop.call.patch("/api/v1/settings/general", json={"paid_rule": "strict"})
    ways = [
        {"state": state, "payment_method": method}
        for state in ("ordered", "packed", "in_fulfilment", "shipped", "completed", "complaint")
        for method in (None, "paypal", "invoice", "cash_on_delivery", "prepayment")
    ]
    for number, way in enumerate(ways):
        await shop.put(an_order(**way), f"etsy/{number}")

    await shop.call.patch("/api/v1/settings/general", json={"paid_rule": "pipeline"})

    paid = {order["external_id"] for order in await _all(shop) if order["paid"]}
    async with shop.house.database.reading() as session:
        seen = set(await session.scalars(select(Order.external_id).where(Order.first_seen_paid_at.is_not(None))))
    assert seen == paid
    assert len(paid) == 8


async def test_renewing_the_link_gives_another_one(shop: Shop):
    before = (await shop.put(an_order())).json()["portal_url"]

    answer = await shop.call.post("/api/v1/orders/etsy/1/portal-link")

    assert answer.status_code == 200
    assert answer.json()["portal_url"] != before
    assert (await shop.order())["portal_url"] == answer.json()["portal_url"]


async def test_lines_keep_their_row_as_long_as_their_id_lives(shop: Shop):
    await shop.put(an_order(lines=[a_line(line_gross=0), a_line(id="2")]))
    before = await _line_ids(shop)

    await shop.put(an_order(lines=[a_line(id="3", line_gross=0), a_line(id="2")]))

    after = await _line_ids(shop)
    assert after["2"] == before["2"]
    assert set(after) == {"2", "3"}


async def test_an_order_cannot_become_a_credit(shop: Shop):
    await shop.put(an_order())

    credit = an_order(kind="credit", total_gross=-2490, lines=[a_line(line_gross=-2490)])

    assert (await shop.put(credit)).status_code == 409
    assert (await shop.order())["kind"] == "order"


async def test_a_credit_reduces_what_is_due(shop: Shop):
    await shop.put(an_order())
    credit = an_order(kind="credit", refers_to="1", total_gross=-490, lines=[a_line(line_gross=-490)])
    await shop.put(credit, "etsy/2")
    await shop.put({**credit, "refers_to": "1", "state": "cancelled"}, "etsy/3")
    await shop.put(credit, "ebay/2")

    assert (await shop.order())["due"] == 2000


@pytest.mark.parametrize(
    "external_id",
    ["#1001/2", "100% Baumwolle", "a%2Fb", "Ünï cödé", "';--", "..", "a+b&c=d", "x" * 200, '"', "日本", "%", "?"],
)
async def test_any_id_of_a_source_works_in_the_address(shop: Shop, external_id: str):
    address = f"etsy/{quote(external_id, safe='')}"
    if external_id == "..":
        address = "etsy/%2E%2E"
    created = await shop.put(an_order(), address)

    assert created.status_code == 201, created.text
    assert created.json()["order"]["external_id"] == external_id
    assert (await shop.call.get(f"/api/v1/orders/{address}/files")).status_code == 200
    assert (await shop.put(an_order(), address)).json()["result"] == "unchanged"


@pytest.mark.parametrize("address", ["Etsy/1", "a_b/1", f"{'x' * 65}/1", f"etsy/{'x' * 201}", "etsy/a%00b"])
async def test_an_odd_source_or_id_is_refused(shop: Shop, address: str):
    assert (await shop.put(an_order(), address)).status_code == 422
    assert (await shop.call.get(f"/api/v1/orders/{address}")).status_code == 404


async def test_texts_of_every_kind_survive(shop: Shop):
    odd = '\'; DROP TABLE "order"; -- \u202e👩\u200d👩\u200d👧 ﬀ \u0301 <script>\t\\'

    await shop.put(an_order(note=odd, buyer={"name": odd}, lines=[a_line(sku="%_'", title=odd)], custom={odd: odd}))

    order = await shop.order()
    assert (order["note"], order["custom"]) == (odd, {odd: odd})


async def test_fifty_at_once_make_one_order(shop: Shop):
    answers = await asyncio.gather(*(shop.put(an_order(note=str(number))) for number in range(50)))

    results = sorted(answer.json()["result"] for answer in answers)
    assert results == ["created"] + ["updated"] * 49
    async with shop.house.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Order)) == 1
        assert await session.scalar(select(func.count()).select_from(Line)) == 1


async def test_orders_are_found_by_source_number_mail_and_time(shop: Shop):
    await shop.put(an_order(number="A", buyer={"email": "Erika@Example.org"}), "etsy/1")
    between = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    await shop.put(an_order(number="B"), "ebay/2")

    async def found(**query: str) -> list[str]:
        answer = await shop.call.get("/api/v1/orders", params=query)
        return [order["external_id"] for order in answer.json()["items"]]

    assert await found() == ["1", "2"]
    assert await found(source="ebay") == ["2"]
    assert await found(number="A") == ["1"]
    assert await found(email="ERIKA@example.org", number="A") == ["1"]
    assert await found(updated_after=between) == ["2"]
    assert await found(source="nobody") == []


async def test_pages_skip_nothing_while_orders_come_in(shop: Shop):
    for number in range(5):
        await shop.put(an_order(), f"etsy/{number}")
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await shop.call.get("/api/v1/orders", params={"limit": "2", "cursor": cursor})).json()
        seen += [order["external_id"] for order in page["items"]]
        if page["next_cursor"] is None:
            break
        if len(seen) == 2:
            await shop.put(an_order(note="late"), "etsy/0")
            await shop.put(an_order(), "etsy/new")
        cursor = page["next_cursor"]

    assert seen == ["0", "1", "2", "3", "4", "0", "new"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("limit=0", "#/limit"),
        ("limit=201", "#/limit"),
        ("limit=x", "#/limit"),
        ("limit=1.5", "#/limit"),
        ("limit=99999999999999999999", "#/limit"),
        ("cursor=x", "#/cursor"),
        ("cursor=%C3%A4", "#/cursor"),
        ("cursor=W10", "#/cursor"),
        ("cursor=WzEsOTk5OTk5OTk5OTk5OTk5OTk5OTk5OV0", "#/cursor"),
        ("updated_after=2026-10-25T10:00:00", "#/updated_after"),
        ("updated_afer=2026-10-25T10:00:00Z", "#/updated_afer"),
    ],
)
async def test_a_wrong_query_is_refused(shop: Shop, query: str, pointer: str):
    answer = await shop.call.get(f"/api/v1/orders?{query}")

    assert (answer.status_code, list(codes(answer.json()))) == (422, [pointer])


async def test_a_list_takes_the_same_number_of_statements_however_long_it_is(shop: Shop):
    counts = []
    for number in range(6):
        await shop.put(an_order(payments=[a_payment(transaction_id=str(number))], tags=["x"]), f"etsy/{number}")
        counts.append(await _statements(shop, "/api/v1/orders"))

    assert len(set(counts)) == 1


async def _statements(shop: Shop, address: str) -> int:
    seen: list[str] = []
    engine = shop.house.database._reader.sync_engine

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        assert (await shop.call.get(address)).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


async def _first_seen(shop: Shop) -> datetime | None:
    async with shop.house.database.reading() as session:
        return await session.scalar(select(Order.first_seen_paid_at))


async def _line_ids(shop: Shop) -> dict[str, int]:
    async with shop.house.database.reading() as session:
        return {line.external_id: line.id for line in await session.scalars(select(Line))}


async def _all(shop: Shop) -> list[dict[str, object]]:
    return list((await shop.call.get("/api/v1/orders", params={"limit": "200"})).json()["items"])
