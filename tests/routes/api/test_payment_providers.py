"""Payment providers over the API, against a PayPal that listens on this machine."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET, paypal
from portal import keys
from portal.activity import By
from tests.routes.customer.conftest import Running, running

SECRET = "EJ-very-secret-0123456789"
COMPLETE: dict[str, Any] = {
    "name": "PayPal",
    "kind": "paypal",
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "sandbox": True,
}
ALL = ["paypal", "paylater", "sepa", "card"]


@pytest.fixture(scope="module")
def service():
    with paypal() as origin:
        yield origin


@pytest.fixture
async def shop(tmp_path: Path, service: str) -> AsyncIterator[Running]:
    async with running(tmp_path / "data", TRESEN_PAYPAL_API_BASE=service) as tresen:
        async with tresen.house.database.writing() as session:
            key = await keys.add("test", session, By("test", datetime.now(UTC)))
        tresen.client.headers["Authorization"] = f"Bearer {key}"
        yield tresen


async def ask(shop: Running, method: str, path: str = "", **body: Any) -> httpx.Response:
    return await shop.client.request(method, f"/api/v1/payment-providers{path}", json=body if body else None)


async def add(shop: Running, **changes: Any) -> dict:
    answer = await ask(shop, "POST", **(COMPLETE | changes))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_provider_is_told_without_its_secret(shop):
    added = await add(shop, client_secret=SECRET)
    there = await ask(shop, "GET", f"/{added['id']}")
    every = await ask(shop, "GET")

    assert added == {
        "id": added["id"],
        "name": "PayPal",
        "kind": "paypal",
        "active": False,
        "client_id": CLIENT_ID,
        "client_secret_set": True,
        "sandbox": True,
        "methods": [],
    }
    assert there.json() == added
    assert every.json() == {"items": [added], "next_cursor": None}


async def test_a_changed_field_leaves_the_others(shop):
    added = await add(shop, kind="paypal_plus")
    answer = await ask(shop, "PATCH", f"/{added['id']}", name="Anders", methods=["card", "sepa"], active=True)

    assert added["methods"] == ALL
    assert answer.json() == added | {"name": "Anders", "methods": ["card", "sepa"], "active": True}


async def test_null_removes_the_secret(shop):
    added = await add(shop)
    answer = await shop.client.patch(f"/api/v1/payment-providers/{added['id']}", json={"client_secret": None})

    assert answer.json()["client_secret_set"] is False


@pytest.mark.parametrize(
    ("changes", "pointer", "code"),
    [
        ({"name": ""}, "#/name", "too-short"),
        ({"name": None}, "#/name", "wrong-type"),
        ({"kind": "cash"}, "#/kind", "not-allowed"),
        ({"client_id": "a b"}, "#/client_id", "pattern"),
        ({"client_secret": "a\nb"}, "#/client_secret", "pattern"),
        ({"methods": ["gold"], "kind": "paypal_plus"}, "#/methods/0", "not-allowed"),
        ({"methods": ["card", "card"], "kind": "paypal_plus"}, "#/methods", "repeated"),
        ({"active": "yes"}, "#/active", "wrong-type"),
        ({"active": True, "client_secret": None}, "#/active", "credentials-missing"),
        ({"webhook": 1}, "#/webhook", "unknown-field"),
    ],
)
async def test_what_cannot_be_is_refused_where_it_stands(shop, changes, pointer, code):
    answer = await ask(shop, "POST", **(COMPLETE | changes))

    assert answer.status_code == 422, answer.text
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    assert (await ask(shop, "GET")).json()["items"] == []
    assert CLIENT_SECRET not in answer.text


async def test_a_provider_can_be_deleted_once(shop):
    added = await add(shop)

    assert (await ask(shop, "DELETE", f"/{added['id']}")).status_code == 204
    assert (await ask(shop, "DELETE", f"/{added['id']}")).status_code == 404
    assert (await ask(shop, "GET", f"/{added['id']}")).status_code == 404
    assert (await ask(shop, "POST", f"/{added['id']}/checks")).status_code == 404


async def test_a_check_gets_a_token(shop):
    added = await add(shop)
    answer = await ask(shop, "POST", f"/{added['id']}/checks")

    told = answer.json()
    assert answer.status_code == 200
    assert {name: told[name] for name in ("ok", "outcome", "detail", "sandbox")} == {
        "ok": True,
        "outcome": "ok",
        "detail": "",
        "sandbox": True,
    }
    assert 0 <= told["milliseconds"] < 10_000


async def test_a_check_with_wrong_credentials_says_what_paypal_says(shop):
    added = await add(shop, client_secret=SECRET)
    told = (await ask(shop, "POST", f"/{added['id']}/checks")).json()

    assert (told["ok"], told["outcome"]) == (False, "wrong-credentials")
    assert "invalid_client" in told["detail"]


@pytest.mark.parametrize("path", ["", "/1", "/1/checks"])
async def test_without_a_key_nothing_is_told(shop, path):
    del shop.client.headers["Authorization"]
    for method in ("GET", "POST", "PATCH", "DELETE"):
        answer = await ask(shop, method, path)
        assert answer.status_code in (401, 405), (method, path)


async def test_no_log_and_no_answer_holds_the_secret(shop, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        added = await add(shop, client_secret=SECRET)
        answers = [
            await ask(shop, "PATCH", f"/{added['id']}", client_secret=SECRET + "2", active=True),
            await ask(shop, "POST", f"/{added['id']}/checks"),
            await ask(shop, "PATCH", f"/{added['id']}", client_secret=SECRET + "\n", name=""),
            await ask(shop, "GET"),
        ]

    said = capfd.readouterr()
    for text in (caplog.text, said.out, said.err, *(answer.text for answer in answers)):
        assert SECRET not in text
