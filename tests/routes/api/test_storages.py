"""Storages elsewhere by the API: secrets go in and never come out, and every no names its place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integrations.clouds.servers import PASSWORD, USER, Anybody, anybody
from tests.routes.api.conftest import Shop
from tests.routes.api.pretend import codes

STORAGES = "/api/v1/storages"


@pytest.fixture
def server() -> Iterator[Anybody]:
    with anybody() as found:
        yield found


def a_webdav(server: Anybody, **changes: str) -> dict[str, object]:
    options = {"endpoint": server.origin, "username": USER, "password": PASSWORD} | changes
    return {"name": "Nextcloud", "kind": "webdav", "options": options}


async def test_secrets_are_written_and_never_read(shop: Shop, server: Anybody):
    made = await shop.call.post(STORAGES, json=a_webdav(server))
    address = f"{STORAGES}/{made.json()['id']}"
    answers = [made, await shop.call.get(address), await shop.call.get(STORAGES)]
    renamed = await shop.call.patch(address, json={"options": {"endpoint": server.origin, "username": "max"}})

    assert made.status_code == 201
    assert made.json()["options"] == {"endpoint": server.origin, "username": USER}
    assert made.json()["secrets_set"] == ["password"]
    assert all(PASSWORD not in answer.json().__repr__() for answer in [*answers, renamed])
    assert renamed.json()["secrets_set"] == ["password"], "what is not named stays"


async def test_another_endpoint_needs_the_secret_anew(shop: Shop, server: Anybody):
    address = f"{STORAGES}/{(await shop.call.post(STORAGES, json=a_webdav(server))).json()['id']}"
    other = {"endpoint": "https://elsewhere.example.org", "username": USER}

    refused = await shop.call.patch(address, json={"options": other})
    accepted = await shop.call.patch(address, json={"options": other | {"password": "x"}})

    assert (refused.status_code, codes(refused.json())) == (422, {"#/options/password": "missing"})
    assert accepted.json()["options"] == other


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        ("s3", {}, {"endpoint", "bucket", "access_key_id", "secret_access_key"}),
        ("webdav", {"endpoint": "https://x.example.org"}, {"username", "password"}),
        ("dropbox", {"root": "x"}, {"client_id", "client_secret"}),
        ("gdrive", {"client_id": "a", "client_secret": "b", "endpoint": "https://x.example.org"}, {"endpoint"}),
        ("onedrive", {"client_id": "a\n", "client_secret": "b"}, {"client_id"}),
        ("webdav", {"endpoint": "http://x.example.org", "username": "a", "password": "b"}, {"endpoint"}),
        ("webdav", {"endpoint": "https://169.254.169.254", "username": "a", "password": "b"}, {"endpoint"}),
        ("webdav", {"endpoint": "https://x.example.org", "username": "a", "password": "b", "root": "../x"}, {"root"}),
    ],
)
async def test_every_wrong_option_is_named(shop: Shop, kind: str, options: dict[str, str], expected: set[str]):
    answer = await shop.call.post(STORAGES, json={"name": "x", "kind": kind, "options": options})

    assert answer.status_code == 422
    assert set(codes(answer.json())) == {f"#/options/{name}" for name in expected}
    assert (await shop.call.get(STORAGES)).json()["items"] == []


@pytest.mark.parametrize(
    ("status", "outcome"), [(401, "denied"), (404, "root-missing"), (500, "busy"), (302, "moved"), (200, "unexpected")]
)
async def test_a_check_tells_what_kind_of_trouble_there_is(shop: Shop, server: Anybody, status: int, outcome: str):
    address = f"{STORAGES}/{(await shop.call.post(STORAGES, json=a_webdav(server))).json()['id']}"
    server.answers = lambda ask: ask.say(status)

    check = (await shop.call.post(f"{address}/checks")).json()

    assert (check["ok"], check["outcome"]) == (False, outcome)
    assert check["detail"]
    assert PASSWORD not in check["detail"]


async def test_an_account_that_was_not_agreed_to_yet_says_so(shop: Shop):
    new = {"name": "Cloud", "kind": "dropbox", "options": {"client_id": "a", "client_secret": "b"}}
    address = f"{STORAGES}/{(await shop.call.post(STORAGES, json=new)).json()['id']}"

    check = (await shop.call.post(f"{address}/checks")).json()
    entries = await shop.call.get(f"{address}/entries")

    assert (check["ok"], check["outcome"]) == (False, "not-granted")
    assert entries.status_code == 409
