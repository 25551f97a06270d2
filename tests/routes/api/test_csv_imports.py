"""CSV files by the API."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from portal import csv_presets
from portal.activity import By
from portal.csv_mappings import CsvMapping
from tests.routes.api.conftest import Shop
from tests.routes.api.pretend import codes

HEADER = "order_id,order_date,currency,title,quantity,line_gross,tax_rate"
TYPE = {"Content-Type": "text/csv"}


def a_table(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def a_row(external_id: object, gross: str = "24.90") -> str:
    return f"{external_id},2026-10-20,EUR,Kleid,1,{gross},19"


async def source(shop: Shop, **fields: object) -> str:
    made = await shop.call.post("/api/v1/sources", json={"name": "messe", "kind": "csv"} | fields)
    assert made.status_code == 201, made.text
    return f"/api/v1/sources/{made.json()['id']}/imports"


async def test_a_file_is_imported_and_the_answer_tells_what_came(shop: Shop):
    address = await source(shop)

    made = await shop.call.post(
        f"{address}?name=messe.csv", content=a_table(a_row(1), a_row(2, '"1,234"')), headers=TYPE
    )

    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["file"], told["layout"], told["outcome"]) == ("messe.csv", "own", "ok")
    assert (told["created"], told["failed"]) == (1, 1)
    assert told["report"][0] == {
        "line": 3,
        "external_id": "2",
        "result": "failed",
        "column": "line_gross",
        "code": "ambiguous-number",
        "value": "1,234",
    }
    assert (await shop.call.get("/api/v1/orders/messe/1")).json()["total_gross"] == 2490
    assert (await shop.call.get("/api/v1/orders/messe/2")).status_code == 404


async def test_a_dry_run_stores_no_order(shop: Shop):
    address = await source(shop)

    made = await shop.call.post(f"{address}?dry_run=true", content=a_table(a_row(1)), headers=TYPE)

    assert (made.json()["dry_run"], made.json()["created"], made.json()["outcome"]) == (True, 1, "ok")
    assert (await shop.call.get("/api/v1/orders/messe/1")).status_code == 404


async def test_what_a_number_means_can_be_said_with_the_call(shop: Shop):
    address = await source(shop)

    content = a_table("1,2026-10-20,EUR,Kleid,1,1.234,19")
    made = await shop.call.post(f"{address}?decimal_sign=,", content=content, headers=TYPE)

    assert made.json()["created"] == 1, made.text
    assert (await shop.call.get("/api/v1/orders/messe/1")).json()["total_gross"] == 123400


async def test_the_report_is_read_page_by_page(shop: Shop):
    address = await source(shop)
    made = await shop.call.post(address, content=a_table(*(a_row(n) for n in range(7))), headers=TYPE)
    report = f"{address}/{made.json()['id']}/report"

    lines: list[int] = []
    cursor = ""
    while cursor is not None:
        page = (await shop.call.get(report, params={"limit": "3", "cursor": cursor})).json()
        lines += [row["line"] for row in page["items"]]
        cursor = page["next_cursor"]

    assert lines == [2, 3, 4, 5, 6, 7, 8]
    assert [each["id"] for each in (await shop.call.get(address)).json()["items"]] == [made.json()["id"]]


async def test_a_saved_mapping_is_named_or_found_by_its_columns(shop: Shop):
    address = await source(shop)
    mapping = CsvMapping(
        name="",
        columns={"order_id": "Nr", "order_date": "Tag", "title": "Ware", "line_gross": "Preis"},
        constants={"currency": "EUR", "tax_rate": "19"},
    )
    async with shop.house.database.writing() as session:
        await csv_presets.keep("Markt", mapping, session, By("test", datetime.now(UTC)))
    content = b"Nr;Tag;Ware;Preis\n7;20.10.2026;Kleid;5,00\n"

    found = await shop.call.post(address, content=content, headers=TYPE)
    named = await shop.call.post(f"{address}?preset=Markt", content=content, headers=TYPE)
    unknown = await shop.call.post(f"{address}?preset=Messe", content=content, headers=TYPE)

    assert (found.json()["mapping"], found.json()["created"]) == ("Markt", 1)
    assert named.json()["unchanged"] == 1
    assert codes(unknown.json()) == {"#/preset": "unfit"}
    [preset] = (await shop.call.get("/api/v1/csv-presets")).json()["items"]
    assert (preset["name"], preset["constants"]) == ("Markt", {"currency": "EUR", "tax_rate": "19"})
    assert (await shop.call.delete(f"/api/v1/csv-presets/{preset['id']}")).status_code == 204
    refused = await shop.call.post(address, content=content, headers=TYPE)
    assert codes(refused.json()) == {"#/file": "format-unknown"}


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "empty"), (b"PK\x03\x04\x14\0", "spreadsheet"), (b"nur eine Spalte\n1\n", "no-header")],
)
async def test_what_is_no_csv_is_refused_with_what_to_do(shop: Shop, content: bytes, code: str):
    refused = await shop.call.post(await source(shop), content=content, headers=TYPE)

    assert (refused.status_code, codes(refused.json())) == (422, {"#/file": code})


async def test_another_kind_of_body_or_question_is_refused(shop: Shop):
    address = await source(shop)

    assert (await shop.call.post(address, json={})).status_code == 415
    assert (await shop.call.post(f"{address}?dry_run=maybe", content=a_table(), headers=TYPE)).status_code == 422
    assert (await shop.call.post(f"{address}?dryrun=true", content=a_table(), headers=TYPE)).status_code == 422
    too_long = {**TYPE, "Content-Length": str(300 * 1024**2)}
    assert (await shop.call.post(address, content=b"a;b", headers=too_long)).status_code == 413


async def test_a_source_that_is_fetched_or_switched_off_takes_no_file(shop: Shop):
    options = {"username": "jana", "password": "x", "api_key": "y"}
    billbee = await source(shop, name="bb", kind="billbee", options=options, active=False)
    off = await source(shop, name="aus", active=False)

    for address in (billbee, off):
        assert (await shop.call.post(address, content=a_table(a_row(1)), headers=TYPE)).status_code == 409


async def test_an_import_is_seen_by_its_own_source_and_with_a_key_alone(shop: Shop):
    address, other = await source(shop), await source(shop, name="laden")
    made = (await shop.call.post(address, content=a_table(a_row(1)), headers=TYPE)).json()["id"]

    assert (await shop.call.get(f"{other}/{made}")).status_code == 404
    assert (await shop.call.delete(f"{other}/{made}")).status_code == 404
    assert (await shop.stranger.get(f"{address}/{made}")).status_code == 401
    assert (await shop.stranger.post(address, content=a_table(a_row(1)), headers=TYPE)).status_code == 401
    assert (await shop.call.delete(f"{address}/{made}")).status_code == 204
    assert (await shop.call.get(f"{address}/{made}")).json()["cancelled_at"] is None
