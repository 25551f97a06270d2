"""The merchant's orders in HTTP: found, shown as they are, and every click done once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event, func, select

from db.activity import Activity
from db.downloads import Allowance, LinkObservation
from db.merchants import Merchant
from db.messages import Message
from db.orders import Order, State
from portal import order_imports, sessions
from portal.activity import TRESEN, By, entry
from portal.imported import Buyer, ImportedLine, ImportedPayment, PostalAddress
from routes.admin.signed_in import cookie_name
from tests.routes.customer.conftest import BASE, Running, Sale, an_imported_order, sell, tresen
from views.admin import history_words
from views.admin.order import ORDERS

__all__ = ["tresen"]
NOW = datetime.now(UTC)
ROOT = Path(__file__).resolve().parents[3]
TABS = ("overview", "numbers-layouts", "payments", "downloads", "messages", "activity")
HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onfocus='alert(1)' autofocus='",
    "</textarea><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7*7 }}%(number)s",
]


@pytest.fixture
async def office(tresen: Running) -> Office:
    return await Office.of(tresen)


@pytest.fixture
async def sale(tresen: Running) -> Sale:
    return await sell(tresen, "1")


class Office:
    """A signed-in merchant's browser."""

    def __init__(self, tresen: Running, merchant: Merchant) -> None:
        self.tresen = tresen
        self.merchant = merchant

    @staticmethod
    async def of(tresen: Running, email: str = "anna@example.org") -> Office:
        async with tresen.house.database.writing() as session:
            merchant = Merchant(email=email, password_hash="", created_at=NOW, password_set_at=NOW)
            session.add(merchant)
            await session.flush()
            token = await sessions.start(merchant, session, NOW)
        tresen.client.cookies.set(cookie_name(BASE), token)
        tresen.client.headers["Sec-Fetch-Site"] = "same-origin"
        return Office(tresen, merchant)

    async def sees(self, path: str, status: int = 200) -> str:
        answer = await self.tresen.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    async def sends(self, path: str, **fields: object) -> httpx.Response:
        return await self.tresen.client.post(path, data=fields)

    async def lists(self, query: str = "") -> list[str]:
        page = await self.sees(f"{ORDERS}{query}")
        return [unescape(each) for each in re.findall(r'class="row-link" href="[^"]*">([^<]*)<', page)]

    async def sells(self, number: str, **changes: object) -> Order:
        by = By("key:shop", NOW)
        async with self.tresen.house.database.writing() as session:
            key = order_imports.Key("shop", number)
            order, _ = await order_imports.put(key, an_imported_order(**{"number": number, **changes}), session, by)
        return order

    async def count(self, table: type[Allowance | Message | LinkObservation]) -> int:
        async with self.tresen.house.database.reading() as session:
            return (await session.scalars(select(func.count()).select_from(table))).one()


# --- The door


@pytest.mark.parametrize("path", [ORDERS, "/admin/orders/1/overview", "/admin/orders/99/overview", "/admin/activity"])
async def test_a_stranger_is_sent_to_the_door_whether_or_not_there_is_such_an_order(tresen, sale, path):
    answer = await tresen.client.get(path)

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/admin/sign-in")


async def test_a_stranger_renews_no_link(tresen, sale):
    headers = {"Sec-Fetch-Site": "same-origin"}
    answer = await tresen.client.post(
        f"/admin/orders/{sale.order.id}/portal-link", data={"version": 1}, headers=headers
    )

    assert answer.status_code == 401
    assert (await tresen.client.get(sale.link)).status_code == 200


@pytest.mark.parametrize("tab", [*TABS, "as-customer", "invoices/1.pdf"])
@pytest.mark.parametrize("order_id", ["0", "99", "9223372036854775808", "99999999999999999999999", "x", "-1"])
async def test_an_order_that_is_not_there_is_not_found(office, tab, order_id):
    await office.sees(f"/admin/orders/{order_id}/{tab}", 404)


async def test_the_page_of_an_order_begins_with_its_overview(office, sale):
    answer = await office.tresen.client.get(f"/admin/orders/{sale.order.id}")

    assert answer.headers["location"] == f"/admin/orders/{sale.order.id}/overview"


# --- The list


async def test_orders_are_found_by_what_is_typed_and_chosen(office):
    await office.sells("A-100", buyer=Buyer(name="Jürgen Groß"))
    await office.sells("B-200", state=State.ORDERED, paid_at=None)

    assert set(await office.lists()) == {"A-100", "B-200"}
    assert await office.lists("?q=jürgen") == ["A-100"]
    assert await office.lists("?q=200&state=&payment=&source=&concern=") == ["B-200"]
    assert await office.lists("?payment=paid") == ["A-100"]
    assert await office.lists("?state=ordered&source=shop&concern=never-opened") == ["B-200"]


async def test_the_form_holds_what_was_asked_for(office, sale):
    page = await office.sees(f"{ORDERS}?q=%22%3Cb%3E&payment=paid&concern=overdue")

    assert 'value="&#34;&lt;b&gt;"' in page
    assert '<option value="paid" selected>' in page
    assert '<option value="overdue" selected>' in page


@pytest.mark.parametrize(
    "query", ["?after=x", "?after=%00", "?before=-", "?after=99999999999999999999", "?state=no&payment=no&concern=no"]
)
async def test_an_address_that_makes_no_sense_shows_what_it_can(office, sale, query):
    await office.sees(f"{ORDERS}{query}")


async def test_the_pages_of_the_list_keep_the_filters(office):
    for number in range(55):
        await office.sells(f"N{number}", ordered_at=NOW - timedelta(minutes=number))

    page = await office.sees(f"{ORDERS}?q=n&payment=paid")
    (older,) = re.findall(r'class="button" href="([^"]*)">', page.partition('class="pager"')[2])
    rest = await office.lists(older.removeprefix(ORDERS).replace("&amp;", "&"))

    assert "q=n" in older and "payment=paid" in older
    assert rest == [f"N{number}" for number in range(50, 55)]


async def test_an_empty_shop_says_how_orders_come_in(office):
    page = await office.sees(ORDERS)

    assert "/api/docs" in page
    assert '<form class="filters"' not in page


async def test_a_search_that_finds_nothing_offers_the_way_back(office, sale):
    page = await office.sees(f"{ORDERS}?q=nobody")

    assert f'<a class="button" href="{ORDERS}">' in page


async def test_htmx_gets_the_list_alone(office, sale):
    headers = {"HX-Request": "true", "HX-Target": "div#orders"}
    answer = await office.tresen.client.get(ORDERS, headers=headers)

    assert answer.text.lstrip().startswith('<div id="orders">')
    assert "4711" in answer.text


async def test_a_longer_list_asks_no_more_often(office):
    asked: list[str] = []
    engine = office.tresen.house.database._reader.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *about: asked.append(about[2]))
    await office.sells("N0")
    await office.lists()
    asked.clear()
    await office.lists()
    few = len(asked)
    for number in range(1, 30):
        await office.sells(f"N{number}")
    asked.clear()
    assert len(await office.lists()) == 30

    assert len(asked) == few


# --- One order


async def test_every_tab_shows_its_order(office, sale):
    for tab in TABS:
        page = await office.sees(f"/admin/orders/{sale.order.id}/{tab}")
        assert page.count('aria-current="page"') == 1, tab
        assert "4711" in page


async def test_the_overview_says_what_the_customer_can_get_and_why_not(office, sale):
    path = f"/admin/orders/{sale.order.id}/overview"
    assert "data-refusal" not in await office.sees(path)

    cancelled = await office.sells("cancelled", state=State.CANCELLED)

    assert 'data-refusal="cancelled"' in await office.sees(f"/admin/orders/{cancelled.id}/overview")


async def test_the_link_on_the_page_is_the_one_that_opens_the_order(office, sale):
    page = await office.sees(f"/admin/orders/{sale.order.id}/numbers-layouts")

    assert f'value="{sale.link}"' in page
    assert "data:image/svg+xml" in page


async def test_renewing_kills_the_old_link_and_a_second_click_renews_nothing(office, sale):
    path = f"/admin/orders/{sale.order.id}/portal-link"
    first = await office.sends(path, version=sale.order.link_version)
    renewed = re.findall(r'<input readonly[^>]* value="([^"]*)"', await office.sees(first.headers["location"]))

    second = await office.sends(path, version=sale.order.link_version)

    assert (first.status_code, second.status_code) == (303, 303)
    assert second.headers["location"].endswith("changed-meanwhile")
    assert (await office.tresen.client.get(sale.link)).status_code == 404
    assert (await office.tresen.client.get(renewed[0])).status_code == 200


async def test_the_link_is_queued_for_mail_once(office, sale):
    path = f"/admin/orders/{sale.order.id}/messages"
    await office.sends(path, newest=0)
    again = await office.sends(path, newest=0)

    async with office.tresen.house.database.reading() as session:
        (mail,) = await session.scalars(select(Message))
    assert (mail.kind, mail.to_address, mail.order_id) == ("portal_link", "erika@example.org", sale.order.id)
    assert sale.link in mail.text
    assert again.headers["location"].endswith("changed-meanwhile")
    assert mail.subject in unescape(await office.sees(path))


async def test_without_a_mail_server_no_button_promises_a_mail(office, sale):
    page = await office.sees(f"/admin/orders/{sale.order.id}/numbers-layouts")

    assert f'action="/admin/orders/{sale.order.id}/messages"' not in page


async def test_given_downloads_count_at_once_and_only_once(office, sale):
    path = f"/admin/orders/{sale.order.id}"
    before = await office.sees(f"{path}/downloads")
    form = {"file": sale.pattern, "given": 0, "downloads": "2", "reason": "Drucker kaputt"}

    first = await office.sends(f"{path}/allowances", **form)
    second = await office.sends(f"{path}/allowances", **form)

    assert first.headers["location"].endswith("done=given")
    assert second.headers["location"].endswith("changed-meanwhile")
    assert f'data-file="{sale.pattern}" data-downloads-left="5"' in before
    assert f'data-file="{sale.pattern}" data-downloads-left="7"' in await office.sees(f"{path}/downloads")
    assert "Drucker kaputt" in await office.sees(f"{path}/activity")
    assert "anna@example.org" in await office.sees(f"{path}/activity")


@pytest.mark.parametrize("wrong", ["0", "-1", "1000001", "", "zwei", "1.5", "9" * 5000])
async def test_a_number_that_does_not_fit_is_told_and_what_was_typed_stays(office, sale, wrong):
    form = {"file": sale.pattern, "given": 0, "downloads": wrong, "reason": "<b>weil"}
    answer = await office.sends(f"/admin/orders/{sale.order.id}/allowances", **form)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert "&lt;b&gt;weil" in answer.text
    assert await office.count(Allowance) == 0


async def test_a_reason_has_to_be_given(office, sale):
    form = {"file": sale.pattern, "given": 0, "downloads": 1, "reason": "  "}
    answer = await office.sends(f"/admin/orders/{sale.order.id}/allowances", **form)

    assert answer.status_code == 422
    assert f'id="reason-{sale.pattern}-error"' in answer.text


async def test_no_order_is_given_downloads_of_another_ones_file(office, sale):
    other = await office.sells(
        "other", lines=[ImportedLine(id="1", title="Mug", line_gross=1, tax_rate="19")], total_gross=1
    )
    form = {"file": sale.pattern, "given": 0, "downloads": 1, "reason": "x"}
    await office.sends(f"/admin/orders/{other.id}/allowances", **form)

    assert await office.count(Allowance) == 0


async def test_the_log_tells_of_a_download(office, sale):
    address = (await office.tresen.client.post(f"{sale.link}/files/{sale.pattern}/downloads")).headers["location"]
    await office.tresen.client.get(address)

    page = await office.sees(f"/admin/orders/{sale.order.id}/downloads")

    assert "127.0.0.0/24" in page
    assert 'data-downloads-left="4"' in page


async def test_looking_as_the_customer_shows_the_page_and_observes_nothing(office, sale):
    answer = await office.tresen.client.get(f"/admin/orders/{sale.order.id}/as-customer")
    await office.tresen.house.observations.write()

    assert 'data-order-state="paid"' in answer.text
    assert '<fieldset class="as-customer" disabled>' in answer.text
    assert "form-action 'none'" in answer.headers["content-security-policy"]
    assert await office.count(LinkObservation) == 0


async def test_the_merchant_reads_every_document(office, sale):
    answer = await office.tresen.client.get(f"/admin/orders/{sale.order.id}/invoices/{sale.invoice.id}.pdf")

    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    await office.sees(f"/admin/orders/{sale.order.id}/invoices/{sale.invoice.id}.exe", 404)


async def test_a_removed_order_has_no_link_and_no_customers_page(office):
    order = await office.sells("gone", state=State.DELETED)

    assert "copy-field" not in (await office.sees(f"/admin/orders/{order.id}/numbers-layouts")).partition("<main")[2]
    await office.sees(f"/admin/orders/{order.id}/as-customer", 404)


@pytest.mark.parametrize("evil", HOSTILE)
async def test_whatever_an_order_brings_in_stays_text_on_every_screen(office, evil):
    order = await office.sells(
        "evil",
        buyer=Buyer(name=evil, company=evil, email=evil, phone=evil, customer_number=evil, reference=evil),
        platform=evil,
        shop_name=evil,
        note=evil,
        tags=[evil],
        custom={evil[:60]: evil},
        billing=PostalAddress(name=evil, line1=evil, city=evil),
        payments=[
            ImportedPayment(provider=evil[:40], transaction_id=evil, amount=1, currency="EUR", at=NOW),
        ],
        lines=[ImportedLine(id=evil, title=evil, sku=evil, unit=evil, line_gross=2490, tax_rate="19")],
    )
    async with office.tresen.house.database.writing() as session:
        details = {"refusal": evil, "file": evil, "error": evil, "old": {evil: evil}, "new": {evil: evil}}
        for kind in ("download_failed", "message_failed", evil):
            session.add(entry(By(TRESEN, NOW), kind, order.id, details, notice=True))

    pages = [f"/admin/orders/{order.id}/{tab}" for tab in (*TABS, "as-customer")]
    for path in (*pages, ORDERS, f"{ORDERS}?q=evil", "/admin/activity", "/admin/activity?all"):
        page = await office.sees(path)
        for forbidden in ("<script>alert", "<img src=x", "<svg/onload", "' onfocus='alert", 'href="javascript', "49%"):
            assert forbidden not in page, path


# --- Notices and history


async def test_notices_are_counted_until_they_are_seen_by_each_merchant_alone(office):
    async with office.tresen.house.database.writing() as session:
        session.add(entry(By(TRESEN, NOW), "mail_failing", details={"error": "full"}, notice=True))
        session.add(entry(By(TRESEN, NOW), "key_added", details={"name": "shop"}))
    page = await office.sees("/admin/activity")
    (newest,) = re.findall(r'name="up_to" value="(\d+)"', page)
    assert page.count('class="timeline"') == 1 and "shop" not in page.partition("<main")[2]

    await office.sends("/admin/activity/sightings", up_to=newest)

    assert 'name="up_to"' not in await office.sees("/admin/activity")
    assert "shop" in (await office.sees("/admin/activity?all")).partition("<main")[2]
    other = await Office.of(office.tresen, "berta@example.org")
    assert 'name="up_to"' in await other.sees("/admin/activity")


async def test_what_comes_while_the_merchant_reads_stays_unseen(office):
    async with office.tresen.house.database.writing() as session:
        session.add(entry(By(TRESEN, NOW), "mail_failing", details={"error": "one"}, notice=True))
    (newest,) = re.findall(r'name="up_to" value="(\d+)"', await office.sees("/admin/activity"))
    async with office.tresen.house.database.writing() as session:
        session.add(entry(By(TRESEN, NOW), "mail_failing", details={"error": "two"}, notice=True))

    await office.sends("/admin/activity/sightings", up_to=newest)

    assert (await office.sees("/admin/activity")).count('<span class="badge" data-tone="wait">') >= 2
    for nonsense in ("", "x", "-1", "9" * 30):
        assert (await office.sends("/admin/activity/sightings", up_to=nonsense)).status_code == 303


async def test_a_changed_setting_shows_old_and_new_but_no_secret(office):
    old, new = {"limit_per_file": 3, "smtp_password": "old-one"}, {"limit_per_file": 5, "smtp_password": "new-one"}
    async with office.tresen.house.database.writing() as session:
        details: dict[str, object] = {"section": "file_settings", "old": old, "new": new}
        session.add(entry(By(f"merchant:{office.merchant.id}", NOW), "settings_changed", details=details))

    page = await office.sees("/admin/activity?all")

    assert "<del>3</del>" in page and "<ins>5</ins>" in page
    assert "old-one" not in page and "new-one" not in page


def test_whatever_is_noted_has_words_for_the_history():
    rooms = [path for room in ("portal", "routes") for path in (ROOT / room).rglob("*.py")]
    noted = re.findall(r'entry\((?:By\(.*?\)|by), "([a-z_]+)"', "".join(path.read_text() for path in rooms))

    assert len(noted) > 20
    assert set(noted) - history_words.SENTENCES.keys() == set()


async def test_a_long_history_turns_its_pages(office):
    async with office.tresen.house.database.writing() as session:
        session.add_all(Activity(at=NOW, actor=TRESEN, kind=f"entry_{number:02}") for number in range(60))

    first = await office.sees("/admin/activity?all")
    (older,) = re.findall(r'href="(/admin/activity\?all&amp;before=\d+)"', first)

    assert "entry 59" in first and "entry 09" not in first
    assert "entry 09" in await office.sees(older.replace("&amp;", "&"))
