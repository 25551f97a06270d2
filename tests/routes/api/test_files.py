"""Storages, articles and what orders may download of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy import func, select

from db.articles import ArticleFile
from db.orders import Order
from portal import downloads
from portal.downloads import Address, Attempt
from portal.links import Link
from tests.pdfkit import papers
from tests.routes.api.conftest import Shop
from tests.routes.api.pretend import an_order, codes


async def test_a_storage_is_connected_checked_listed_changed_and_removed(shop: Shop):
    storage = await shop.storage()
    (shop.files / "sub").mkdir()
    (shop.files / "sub" / "ü.pdf").write_bytes(b"x" * 7)
    address = f"/api/v1/storages/{storage}"

    shown = (await shop.call.get(address)).json()
    check = (await shop.call.post(f"{address}/checks")).json()
    root = (await shop.call.get(f"{address}/entries")).json()["items"]
    below = (await shop.call.get(f"{address}/entries", params={"path": "sub"})).json()["items"]
    renamed = await shop.call.patch(address, json={"name": "Anders"})
    listed = (await shop.call.get("/api/v1/storages")).json()

    options = {"root": str(shop.files)}
    assert shown == {"id": storage, "name": "Ordner", "kind": "local", "options": options, "secrets_set": []}
    assert (check["ok"], check["detail"], check["entries"]) == (True, "", 1)
    assert root == [{"path": "sub", "name": "sub", "is_folder": True, "size": 0}]
    assert below == [{"path": "sub/ü.pdf", "name": "ü.pdf", "is_folder": False, "size": 7}]
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Anders")
    assert listed == {"items": [{**shown, "name": "Anders"}], "next_cursor": None}
    assert (await shop.call.delete(address)).status_code == 204
    assert (await shop.call.get(address)).status_code == 404


async def test_a_folder_outside_the_allowed_roots_is_refused(shop: Shop):
    (shop.files / "link").symlink_to("/etc")
    for root in ("/etc", str(shop.files / ".."), str(shop.files / "link"), "relative", "/etc/😀", "", "/" + "x" * 300):
        new = {"name": "x", "kind": "local", "options": {"root": root}}
        answer = await shop.call.post("/api/v1/storages", json=new)
        assert (answer.status_code, codes(answer.json())) == (422, {"#/options/root": "unusable"}), root
    assert (await shop.call.get("/api/v1/storages")).json()["items"] == []


async def test_two_storages_cannot_bear_one_name(shop: Shop):
    await shop.storage()
    again = {"name": "Ordner", "kind": "local", "options": {"root": str(shop.files)}}

    assert (await shop.call.post("/api/v1/storages", json=again)).status_code == 409


async def test_no_path_leads_out_of_a_storage(shop: Shop):
    storage = await shop.storage()
    (shop.files / "leak.pdf").symlink_to("/etc/passwd")
    for path in ("../tresen.sqlite3", "/etc/passwd", "leak.pdf", "a/../../x", "a\\..\\b", "x" * 1000, "."):
        link = {"files": [{"storage": storage, "path": path}]}
        answer = await shop.call.put("/api/v1/articles/A", json=link)
        assert (answer.status_code, codes(answer.json())) == (422, {"#/files/0/path": "file-missing"}), path
        listing = await shop.call.get(f"/api/v1/storages/{storage}/entries", params={"path": path})
        assert listing.status_code == (200 if path == "." else 404), path


async def test_a_protected_file_is_released_by_who_knows_how_many_pages_it_has(shop: Shop):
    await shop.storage()
    papers.protected(shop.files / "a.pdf", owner="secret")
    body = {"files": [{"storage": "Ordner", "path": "a.pdf"}]}
    (file,) = (await shop.call.put("/api/v1/articles/A", json=body)).json()["files"]
    place, seen = f"/api/v1/articles/A/files/{file['id']}/releases", {"version": file["version"], "pages": 1}

    wrong = [
        await shop.call.post(place, json=seen | {"pages": 2}),
        await shop.call.post(place, json=seen | {"version": "old"}),
        await shop.call.post("/api/v1/articles/A/files/99/releases", json=seen),
        await shop.call.post("/api/v1/articles/B/files/1/releases", json=seen),
        await shop.call.post(place, json={"pages": 1}),
    ]
    released = await shop.call.post(place, json=seen)
    again = await shop.call.post(place, json=seen)

    assert (file["inspection"]["encrypted"], file["awaits_release"]) == ("owner", True)
    assert [each.status_code for each in wrong] == [409, 409, 404, 404, 422]
    assert (released.status_code, released.json()["files"][0]["awaits_release"]) == (201, False)
    assert again.status_code == 409


async def test_files_that_forbid_changes_need_no_release_where_all_of_them_are_let_out(shop: Shop):
    await shop.storage()
    papers.protected(shop.files / "a.pdf", owner="secret")
    body = {"files": [{"storage": "Ordner", "path": "a.pdf"}]}
    await shop.call.put("/api/v1/articles/A", json=body)

    await shop.call.patch("/api/v1/settings/files", json={"deliver_protected": True})

    (file,) = (await shop.call.get("/api/v1/articles/A")).json()["files"]
    assert file["awaits_release"] is False


async def test_a_check_tells_the_truth_when_the_folder_is_gone(shop: Shop):
    folder = shop.files / "gone"
    folder.mkdir()
    new = {"name": "x", "kind": "local", "options": {"root": str(folder)}}
    storage = (await shop.call.post("/api/v1/storages", json=new)).json()["id"]
    folder.rmdir()

    check = await shop.call.post(f"/api/v1/storages/{storage}/checks")
    link = {"files": [{"storage": storage, "path": "a.pdf"}]}
    article = await shop.call.put("/api/v1/articles/A", json=link)

    assert (check.status_code, check.json()["ok"], check.json()["detail"] != "") == (200, False, True)
    assert (article.status_code, codes(article.json())) == (422, {"#/files/0/storage": "storage-unavailable"})


async def test_an_article_is_stored_shown_and_removed_with_its_files(shop: Shop):
    storage = await shop.storage()
    (shop.files / "a.zip").write_bytes(b"PK123")
    body = {"title": "Bente", "files": [{"storage": "Ordner", "path": "./a.zip", "title": "Alles"}]}

    created = await shop.call.put("/api/v1/articles/PDF%2FBENTE%20ü", json=body)
    again = await shop.call.put("/api/v1/articles/PDF%2FBENTE%20ü", json=body)
    shown = await shop.call.get("/api/v1/articles/PDF%2FBENTE%20ü")

    assert (created.status_code, again.status_code) == (201, 200)
    assert shown.json() == {
        "sku": "PDF/BENTE ü",
        "title": "Bente",
        "files": [
            {
                "id": created.json()["files"][0]["id"],
                "storage": storage,
                "path": "a.zip",
                "title": "Alles",
                "name": "a.zip",
                "size": 5,
                "version": created.json()["files"][0]["version"],
                "inspection": {"kind": "other", "stampable": True},
                "missing_since": None,
                "awaits_release": False,
            }
        ],
    }
    assert (await shop.call.delete(f"/api/v1/storages/{storage}")).status_code == 409
    assert (await shop.call.delete("/api/v1/articles/PDF%2FBENTE%20ü")).status_code == 204
    assert (await shop.call.get("/api/v1/articles/PDF%2FBENTE%20ü")).status_code == 404
    assert (await shop.call.get("/api/v1/articles")).json()["items"] == []


async def test_every_wrong_file_of_an_article_is_named_and_none_is_linked(shop: Shop):
    await shop.storage()
    (shop.files / "a.zip").write_bytes(b"PK")
    files = [
        {"storage": "Ordner", "path": "a.zip"},
        {"storage": "Ordner", "path": "./a.zip"},
        {"storage": "Ordner", "path": "b.zip"},
        {"storage": 77, "path": "a.zip"},
    ]
    answer = await shop.call.put("/api/v1/articles/A", json={"files": files})

    assert (answer.status_code, codes(answer.json())) == (
        422,
        {
            "#/files/1/path": "repeated",
            "#/files/2/path": "file-missing",
            "#/files/3/storage": "unknown-storage",
        },
    )
    async with shop.house.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(ArticleFile)) == 0


async def test_articles_come_in_pages(shop: Shop):
    for sku in ("B", "A", "C"):
        await shop.call.put(f"/api/v1/articles/{sku}", json={})

    first = (await shop.call.get("/api/v1/articles?limit=2")).json()
    second = (await shop.call.get("/api/v1/articles", params={"limit": 2, "cursor": first["next_cursor"]})).json()

    assert [each["sku"] for each in first["items"] + second["items"]] == ["A", "B", "C"]
    assert second["next_cursor"] is None


async def test_an_order_tells_its_files_and_why_they_are_not_to_be_had(shop: Shop):
    file = await shop.file()
    await shop.call.patch("/api/v1/settings/files", json={"limit_per_file": 2, "window_days": 3650})
    await shop.put(an_order())
    unpaid = (await shop.call.get("/api/v1/orders/etsy/1/files")).json()["items"]
    await shop.put(an_order(paid_at="2026-10-25T10:00:00Z"))

    paid = (await shop.call.get("/api/v1/orders/etsy/1/files")).json()["items"]

    told = {"id": file, "name": "bente.zip", "downloads_left": 2}
    assert unpaid == [{**told, "refusal": "not-paid", "until": None}]
    assert [each | {"until": None} for each in paid] == [{**told, "refusal": None, "until": None}]
    assert paid[0]["until"] > "2036-10-01"


async def test_an_allowance_adds_downloads_and_is_remembered(shop: Shop):
    file = await shop.file()
    await shop.call.patch("/api/v1/settings/files", json={"limit_per_file": 1})
    await shop.put(an_order(state="paid"))

    given = await shop.call.post(
        "/api/v1/orders/etsy/1/allowances", json={"file": file, "downloads": 3, "reason": "Rechner neu"}
    )
    wrong = await shop.call.post("/api/v1/orders/etsy/1/allowances", json={"file": 99, "downloads": 0, "reason": ""})
    foreign = await shop.call.post("/api/v1/orders/etsy/1/allowances", json={"file": 99, "downloads": 1, "reason": "x"})

    assert given.status_code == 201
    assert given.json()["given_by"] == "key:test"
    assert codes(wrong.json()) == {"#/downloads": "out-of-range", "#/reason": "too-short"}
    assert (foreign.status_code, codes(foreign.json())) == (422, {"#/file": "unknown-file"})
    assert (await shop.call.get("/api/v1/orders/etsy/1/files")).json()["items"][0]["downloads_left"] == 4
    history = (await shop.call.get("/api/v1/orders/etsy/1/activity")).json()["items"]
    assert history[0]["kind"] == "allowance_given"
    assert history[0]["actor"] == "key:test"
    assert history[-1]["kind"] == "order_imported"


async def test_spent_downloads_are_told_with_what_became_of_them(shop: Shop):
    file = await shop.file(content=b"PK" * 500)
    created = (await shop.put(an_order(state="paid"))).json()
    clicked = f"{created['portal_url']}/files/{file}/downloads"
    headers = {"sec-fetch-site": "same-origin"}

    answer = await shop.stranger.post(clicked, data={"attempt": "a1"}, headers=headers)
    content = await shop.stranger.get(answer.headers["location"])
    await asyncio.sleep(0)

    assert len(content.content) == 1000
    (told,) = (await shop.call.get("/api/v1/orders/etsy/1/downloads")).json()["items"]
    assert told["started_at"].endswith("Z")
    assert {name: told[name] for name in told.keys() - {"started_at", "ip_prefix"}} == {
        "file": file,
        "name": "bente.zip",
        "attempt": "a1",
        "bytes_served": 1000,
        "finished": True,
        "given_back": False,
        "handed_off": False,
    }


async def test_a_download_that_we_failed_is_given_back(shop: Shop):
    file = await shop.file()
    order = (await shop.put(an_order(state="paid"))).json()
    async with shop.house.database.reading() as session:
        row = (await session.scalars(select(Order))).one()
    spent = await shop.house.counter.start(row.id, file, Attempt(mark="", ip_prefix="", at=datetime.now(UTC)))
    (shop.files / "bente.zip").unlink()

    location = (await shop.stranger.get(f"{order['portal_url']}")).status_code
    token = downloads.token(Address(spent.id, Link(row.id, row.link_version)), shop.house.signer)
    answer = await shop.stranger.get(f"/d/{token}/bente.zip")

    assert (location, answer.status_code) == (200, 410)
    (told,) = (await shop.call.get("/api/v1/orders/etsy/1/downloads")).json()["items"]
    assert (told["given_back"], told["finished"], told["bytes_served"]) == (True, False, 0)
