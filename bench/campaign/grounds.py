"""The shop that the campaign works on, and a server of it that can be killed and is back soon."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import httpx

import assembly
from bench.processes import free_port
from config import from_environment, with_data_directory
from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET
from portal import keys
from portal.activity import By
from tests.pdfkit import papers

PATIENCE = 120.0
LIMIT = 3  # downloads for each file of an order
SELLER = {"name": "Nähwerk", "street": "Nadelgasse 3", "zip": "50667", "city": "Köln", "vat_id": "DE123456788"}
# Loaded once, in the process from which each server is forked: what is tried is its end, not its beginning.
LOADED = ["app", "assembly", "serving", "uvicorn", "uvloop", "bench.campaign.grounds"]
Serving: TypeAlias = Callable[[dict[str, str], int, str], None]  # environment, port, file of errors
FORKS = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Grounds:
    """A data directory with what goes with it; `environment` is the server's."""

    data: Path
    port: int
    key: str
    environment: dict[str, str]

    @property
    def errors(self) -> Path:
        """Where servers write their log: not on the disk of the data, if that is one of its own."""
        beside = self.data.parent
        return (beside.parent if beside.is_mount() else beside) / "errors.log"

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def shop(self) -> httpx.Client:
        """Speaks to the API."""
        return httpx.Client(
            base_url=f"{self.base}/api/v1", headers={"Authorization": f"Bearer {self.key}"}, timeout=PATIENCE
        )

    @property
    def database(self) -> Path:
        return self.data / "tresen.sqlite3"


def laid_out(data: Path, **environment: str) -> Grounds:
    """An empty shop with a key of its API; `environment` is added to the server's."""
    port = free_port()
    told = {
        "TRESEN_DATA": str(data),
        "TRESEN_BASE_URL": f"http://127.0.0.1:{port}",
        "TRESEN_TRUSTED_PROXIES": "127.0.0.1",
        "TRESEN_LOG_LEVEL": "error",
        **environment,
    }
    return Grounds(data, port, asyncio.run(_key(told)), told)


async def _key(environment: dict[str, str]) -> str:
    config = with_data_directory(from_environment(environment))
    async with assembly.opened(config) as house, house.database.writing() as session:
        return await keys.add("campaign", session, By("campaign", datetime.now(UTC)))


def furnish(grounds: Grounds) -> None:
    """A file to stamp, one that is not, a seller who may issue invoices, and a PayPal. It is being served."""
    files = grounds.data / "files"
    files.mkdir(exist_ok=True)
    papers.book(files / "bente.pdf")
    (files / "film.bin").write_bytes(os.urandom(300_000))
    with grounds.shop() as shop:
        for call, body in (
            ("/settings/seller", SELLER),
            ("/settings/invoices", {"download_enabled": True, "auto_create": True}),
            ("/settings/files", {"limit_per_file": LIMIT, "watermark_text": "{UserName}, {OrderNumber}"}),
        ):
            shop.patch(call, json=body).raise_for_status()
        shop.post(
            "/storages", json={"name": "files", "kind": "local", "options": {"root": str(files)}}
        ).raise_for_status()
        for sku, path in (("PDF", "bente.pdf"), ("FILM", "film.bin")):
            article = {"title": sku, "files": [{"storage": "files", "path": path}]}
            shop.put(f"/articles/{sku}", json=article).raise_for_status()
        shop.post(
            "/payment-providers",
            json={
                "name": "PayPal",
                "kind": "paypal",
                "active": True,
                "client_id": CLIENT_ID,
                "client_secret": CLIENT_SECRET,
                "sandbox": True,
            },
        ).raise_for_status()


def serve(environment: dict[str, str], port: int, errors: str) -> None:
    """In a process of its own."""
    os.environ.update(environment)
    quiet, told = os.open(os.devnull, os.O_WRONLY), os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(quiet, sys.stdout.fileno())
    os.dup2(told, sys.stderr.fileno())

    import app

    sys.exit(app.main(["serve", "--port", str(port)]))


class Running:
    """A server, until somebody ends it."""

    def __init__(self, grounds: Grounds, target: Serving = serve) -> None:
        FORKS.set_forkserver_preload(LOADED)
        self.grounds = grounds
        self.errors = grounds.errors
        self._process = FORKS.Process(
            target=target, args=(grounds.environment, grounds.port, str(self.errors)), daemon=True
        )
        self._process.start()
        _wait_for(f"{grounds.base}/up", self)

    @property
    def pid(self) -> int:
        return self._process.pid or 0

    def is_alive(self) -> bool:
        return self._process.is_alive()

    def kill(self) -> None:
        """As the kernel would when memory is short."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._process.join()

    def end(self) -> None:
        self._process.terminate()
        self._process.join(30)
        self.kill()


@contextmanager
def served(grounds: Grounds, target: Serving = serve) -> Iterator[Running]:
    running = Running(grounds, target)
    try:
        yield running
    finally:
        running.end()


def _wait_for(address: str, running: Running) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(httpx.HTTPError):
            if httpx.get(address, timeout=PATIENCE).status_code == 200:
                return
        if not running.is_alive():
            break
        time.sleep(0.02)
    raise RuntimeError(f"{address} did not answer: {running.errors.read_text()[-2000:]}")
