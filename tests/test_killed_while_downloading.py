"""A server that is killed during a download: the rest comes after the next start, and it is still one download."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.test_command import SECONDS, Operator

BYTES = os.urandom(1024 * 1024) * 8


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path / "data")


def sold(origin: str, key: str, data: Path, content: bytes = BYTES) -> str:
    """The path of the portal page of an order that has bought one file."""
    (data / "files" / "film.bin").write_bytes(content)
    with httpx.Client(base_url=f"{origin}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=SECONDS) as shop:
        storage = {"name": "files", "kind": "local", "options": {"root": str(data / "files")}}
        shop.post("/storages", json=storage).raise_for_status()
        shop.put("/articles/FILM", json={"files": [{"storage": "files", "path": "film.bin"}]}).raise_for_status()
        shop.patch("/settings/files", json={"limit_per_file": 3}).raise_for_status()
        order = {
            "number": "1",
            "state": "paid",
            "ordered_at": "2026-11-01T09:30:00Z",
            "paid_at": "2026-11-01T09:31:00Z",
            "currency": "EUR",
            "lines": [{"id": "1", "title": "Film", "sku": "FILM", "line_gross": 2490, "tax_rate": "19"}],
            "total_gross": 2490,
        }
        return httpx.URL(shop.put("/orders/shop/1", json=order).raise_for_status().json()["portal_url"]).path


def left(origin: str, page: str) -> str:
    found = re.search('data-downloads-left="([0-9]*)"', httpx.get(origin + page).text)
    assert found
    return found[1]


def test_a_download_goes_on_with_curl_after_the_server_was_killed_and_is_still_one(operator: Operator, tmp_path: Path):
    key = operator.types("key", "add", "shop").stdout.split()[-1]
    target = tmp_path / "fetched.bin"
    with operator.serving() as (process, origin):
        page = sold(origin, key, operator.data)
        file = re.search('data-file="([0-9]+)"', httpx.get(origin + page).text)
        assert file
        address = httpx.post(f"{origin}{page}/files/{file[1]}/downloads").headers["location"]
        slow = ["curl", "-sS", "--limit-rate", "500k", "-o", str(target), origin + address]
        with subprocess.Popen(slow, stderr=subprocess.DEVNULL) as curl:
            while curl.poll() is None and not (target.exists() and target.stat().st_size):
                time.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            assert curl.wait(SECONDS) != 0, "half a file must not look like a whole one"
    begun = target.stat().st_size
    assert 0 < begun < len(BYTES)

    with operator.serving() as (_, origin):
        subprocess.run(["curl", "-sSf", "-C", "-", "-o", str(target), origin + address], check=True, timeout=SECONDS)
        again = left(origin, page)

    assert target.read_bytes() == BYTES
    assert again == "2"
