"""The attacker's list: what somebody tries who has no link, an old one, a neighbour's, or another origin."""

from __future__ import annotations

import asyncio

import pytest

from db.orders import Order
from portal import links, order_imports
from portal.activity import By
from portal.signing import Signer
from tests.routes.customer.conftest import BASE, Running, Sale, sell

NOWHERE = [
    "",
    "x",
    "WzEsMV0.AAAA",
    "WzEsMV0",
    "null",
    "../../etc/passwd",
    "%00",
    "a" * 5000,
    "WzEsMV0." + "A" * 43,
]


def the_link(sale: Sale) -> str:
    return sale.link.removeprefix(BASE)


async def renew(tresen: Running, sale: Sale) -> None:
    async with tresen.house.database.writing() as session:
        order = await session.get_one(Order, sale.order.id)
        await links.renew(order, session, By("test", order.created_at))


@pytest.mark.parametrize("token", NOWHERE)
async def test_a_token_that_is_none_opens_nothing(tresen: Running, token: str):
    for path in (f"/o/{token}", f"/o/{token}/invoices/1.pdf", f"/d/{token}/x.pdf"):
        assert (await tresen.client.get(path)).status_code == 404


async def test_forged_renewed_and_unknown_links_show_the_very_same_page(tresen: Running, sale: Sale):
    token = the_link(sale).rpartition("/")[2]
    stranger = Signer(["another secret key of another shop"]).sign("order", [sale.order.id, sale.order.link_version])
    unknown = tresen.house.signer.sign("order", [999_999, 1])
    for_files = tresen.house.signer.sign("download", [sale.order.id, sale.order.link_version])
    await renew(tresen, sale)

    pages = [await tresen.client.get(f"/o/{each}") for each in (token, stranger, unknown, for_files, token[:-2], "x")]

    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    headers = [sorted(item for item in page.headers.items() if item[0] != "x-request-id") for page in pages]
    assert all(each == headers[0] for each in headers)


async def test_a_link_signed_with_an_older_key_still_opens(tresen: Running, sale: Sale):
    newer = Signer(["a newer key, sixteen and more", *tresen.config.secret_keys])

    assert newer.read("order", the_link(sale).rpartition("/")[2]) == [sale.order.id, sale.order.link_version]


async def test_a_deleted_order_says_that_it_is_gone(tresen: Running, sale: Sale):
    async with tresen.house.database.writing() as session:
        order = await session.get_one(Order, sale.order.id)
        await order_imports.bury(order, session, By("test", order.created_at))

    assert (await tresen.client.get(the_link(sale))).status_code == 410


async def test_nobody_reaches_a_neighbours_invoice_or_files(tresen: Running, sale: Sale):
    other = await sell(tresen, "2", lines=[], total_gross=0)

    invoice = await tresen.client.get(f"{other.link}/invoices/{sale.invoice.id}.pdf")
    download = await tresen.client.post(f"{other.link}/files/{sale.pattern}/downloads")

    assert (invoice.status_code, download.status_code) == (404, 404)


@pytest.mark.parametrize("document", ["1", "1.exe", "1.pdf.pdf", "0.pdf", "-1.pdf", "1.xml", "9999.pdf", "a.pdf"])
async def test_a_document_that_is_none_is_unknown(tresen: Running, sale: Sale, document: str):
    assert (await tresen.client.get(f"{sale.link}/invoices/{document}")).status_code == 404


async def test_renewing_the_link_ends_the_addresses_that_were_made_from_it(tresen: Running, sale: Sale):
    started = await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads")
    address = started.headers["location"]
    assert (await tresen.client.get(address)).status_code == 200

    await renew(tresen, sale)

    assert (await tresen.client.get(address)).status_code == 410


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:8001"},
        {"Origin": "http://127.0.0.1.evil.example:8000"},
        {"Origin": "http://evil.example@127.0.0.1:8000"},
        {"Origin": "http://127.0.0.1:8000/evil"},
        {"Origin": "http://["},
    ],
)
async def test_a_foreign_page_cannot_spend_a_download(tresen: Running, sale: Sale, headers: dict[str, str]):
    answer = await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads", headers=headers)

    assert answer.status_code == 403


@pytest.mark.parametrize("origin", [None, BASE, "http://localhost:8000"])
async def test_the_portals_own_forms_are_let_through(tresen: Running, sale: Sale, origin: str | None):
    headers = {"Origin": origin} if origin else {}

    answer = await tresen.client.post(f"{sale.link}/files/{sale.extras}/downloads", headers=headers)

    assert answer.status_code == 303


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1:9", "127.0.0.1.evil.example", "", "127.0.0.1:8000:1"])
async def test_another_host_is_misdirected(tresen: Running, sale: Sale, host: str):
    answer = await tresen.client.get(the_link(sale), headers={"Host": host})

    assert answer.status_code == 421
    assert (await tresen.client.get("/up", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example@127.0.0.1:8000", "127.0.0.1:8000/evil", "127.0.0.1:8000?evil", "127.0.0.1:8000#", "["]
)
async def test_what_is_more_or_less_than_a_host_is_misdirected(tresen: Running, host: str):
    answer = await tresen.client.get("/link", headers={"Host": host})

    assert answer.status_code == 421
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/o/x", 405), ("GET", "/up", 200), ("GET", "/api/v1/orders", 401)],
)
async def test_every_answer_is_protected(tresen: Running, method: str, path: str, status: int):
    answer = await tresen.client.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-security-policy"].startswith(
        "default-src 'none'; script-src 'self'; style-src 'self'"
    )
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-robots-tag"] == "noindex"
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_two_hundred_clicks_without_an_attempt_spend_exactly_the_limit(tresen: Running, sale: Sale):
    answers = await asyncio.gather(
        *(tresen.client.post(f"{sale.link}/files/{sale.pattern}/downloads", timeout=60) for _ in range(200))
    )

    assert sorted(answer.status_code for answer in answers) == [303] * 5 + [409] * 195


async def test_two_hundred_clicks_with_one_attempt_spend_one(tresen: Running, sale: Sale):
    form = {"attempt": "the same"}
    answers = await asyncio.gather(
        *(tresen.client.post(f"{sale.link}/files/{sale.pattern}/downloads", data=form, timeout=60) for _ in range(200))
    )

    assert len({answer.headers.get("location") for answer in answers}) == 1
    page = await tresen.client.get(the_link(sale))
    assert f'data-file="{sale.pattern}"' in page.text
    assert 'data-downloads-left="4"' in page.text


@pytest.mark.parametrize(
    "vector",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "'><svg/onload=alert(1)>",
        "javascript:alert(1)",
        "{{7*7}}",
        "{UserName}<b>",
    ],
)
async def test_what_an_order_says_never_becomes_markup(tresen: Running, vector: str):
    from portal.imported import Buyer, ImportedLine

    sale = await sell(
        tresen,
        "xss",
        number=vector[:200],
        platform=vector,
        shop_name=vector,
        buyer=Buyer(name=vector, company=vector, email="x@example.org"),
        lines=[ImportedLine(id="1", title=vector, sku="PDF-BENTE", unit=vector, line_gross=2490, tax_rate="19")],
    )

    page = (await tresen.client.get(the_link(sale))).text

    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert "<svg/onload" not in page
    assert "49</" not in page.replace(" ", "")
