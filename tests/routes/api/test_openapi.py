"""The API's description: complete, sound, and readable without a key, a script or a foreign request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.routes.api.conftest import Shop

CALLS = """
PUT GET DELETE /orders/{source}/{external_id}
GET /orders
POST /orders/batch
POST /orders/{source}/{external_id}/payments
POST /orders/{source}/{external_id}/portal-link
POST /orders/{source}/{external_id}/allowances
GET /orders/{source}/{external_id}/downloads
GET /orders/{source}/{external_id}/activity
GET /orders/{source}/{external_id}/files
PUT /orders/{source}/{external_id}/invoice
GET /invoices
GET /invoices/{id}
GET /invoices/{id}.pdf
GET /invoices/{id}.xml
GET /invoices/{id}.xrechnung.xml
POST /invoices/{id}/credit-notes
POST /number-gaps
GET PATCH /settings/appearance
GET PATCH /settings/invoices
GET PATCH /settings/invoice-texts
GET PATCH /settings/files
GET PATCH /settings/general
GET PATCH /settings/seller
GET PATCH /settings/mail
GET POST /images
DELETE /images/{image}
GET POST /sources
GET PATCH DELETE /sources/{source}
POST /sources/{source}/webhooks
POST /sources/{source}/checks
GET POST /sources/{source}/runs
GET POST /sources/{source}/imports
GET DELETE /sources/{source}/imports/{import_id}
GET /sources/{source}/imports/{import_id}/report
GET /csv-presets
DELETE /csv-presets/{preset}
GET POST /storages
GET PATCH DELETE /storages/{storage}
POST /storages/{storage}/checks
GET /storages/{storage}/entries
PUT GET DELETE /articles/{sku}
GET /articles
"""


async def test_the_document_lists_every_call_with_what_it_takes_and_gives(shop: Shop):
    document = (await shop.stranger.get("/api/openapi.json")).json()

    listed = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    promised = {
        (method, f"/api/v1{line.split()[-1]}") for line in CALLS.strip().splitlines() for method in line.split()[:-1]
    }
    assert promised <= listed
    assert document["openapi"] == "3.1.0"
    operations = [each for methods in document["paths"].values() for each in methods.values()]
    assert len({each["operationId"] for each in operations}) == len(operations)
    for (method, path), operation in zip(_addresses(document), operations, strict=True):
        assert operation["summary"], path
        assert any(status.startswith("2") for status in operation["responses"]), path
        assert "401" in operation["responses"], path
        assert ("requestBody" in operation) == (method in ("put", "patch") or path.endswith(BODIED)), (method, path)
        named = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
        assert named == set(re.findall("{(.*?)}", path))


BODIED = (
    *("/batch", "/payments", "/allowances", "/credit-notes", "/number-gaps"),
    *("/sources", "/storages", "/images", "/payment-providers", "/message-templates", "/bounces", "/automations"),
    *("/payment-providers/{provider}/webhooks", "/imports", "/automation-runs", "/releases"),
)


def _addresses(document: dict) -> Iterator[tuple[str, str]]:
    for path, methods in document["paths"].items():
        for method in methods:
            yield method, f"{path} (list)" if method == "get" else path


async def test_every_reference_leads_somewhere(shop: Shop):
    document = (await shop.stranger.get("/api/openapi.json")).json()
    schemas = document["components"]["schemas"]

    references = set(_references(document))

    assert references
    assert references == {f"#/components/schemas/{name}" for name in schemas}
    assert all(re.fullmatch("[A-Za-z0-9._-]+", name) for name in schemas)
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


async def test_the_order_is_described_field_by_field(shop: Shop):
    schemas = (await shop.stranger.get("/api/openapi.json")).json()["components"]["schemas"]

    order = schemas["ImportedOrder"]
    assert set(order["required"]) == {"number", "state", "ordered_at", "currency", "lines", "total_gross"}
    assert order["additionalProperties"] is False
    assert schemas["ExportedOrder"]["properties"].keys() - order["properties"].keys() == {
        "source",
        "external_id",
        "payment_state",
        "paid",
        "due",
        "portal_url",
    }


async def test_the_page_tells_every_call_without_script_or_foreign_request(shop: Shop):
    document = (await shop.stranger.get("/api/openapi.json")).json()
    answer = await shop.stranger.get("/api/docs")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    page = answer.text
    for path, methods in document["paths"].items():
        for method in methods:
            assert f"<code>{method.upper()} {path}</code>" in page
    assert "<script" not in page
    assert not re.search(r"style=|<style|https?://(?!tresen\.example)", page)
    links = set(re.findall('href="#([^"]+)"', page))
    assert links <= set(re.findall('id="([^"]+)"', page))


def _references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(reference := value.get("$ref"), str):
            yield reference
        for each in value.values():
            yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)
