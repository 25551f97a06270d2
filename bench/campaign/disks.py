"""`python -m bench.campaign disks`: a disk that is full, and one that can only be read. As root: it mounts a small one.

What has to hold: pages are shown all the while, what was acknowledged is there, nothing is half stored, whoever cannot
be served is told so, and all goes on by itself once there is room. A start that cannot be says why in one sentence.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx

from bench.campaign import invariants
from bench.campaign.customers import Acknowledged, order
from bench.campaign.grounds import PATIENCE, Grounds, Running, furnish, laid_out, served
from demo.paypal_stand_in import standing_in

MEGABYTES = 40
BLOCK = 4096
SOLD = 20


def fine(_number: int) -> bool:
    if os.geteuid() != 0:
        print("A disk is mounted by root alone: nothing was tried.")
        return False
    wrong = [*_tried("full", _full), *_tried("read-only", _read_only)]
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    print("Nothing was wrong." if not wrong else f"{len(wrong)} things were wrong.", flush=True)
    return not wrong


class _Shop:
    """A shop on a disk of its own, and what it has said it took."""

    def __init__(self, grounds: Grounds, running: Running) -> None:
        self.grounds, self.running = grounds, running
        self.acknowledged = Acknowledged()
        self.pages: list[str] = []
        self.wrong: list[str] = []
        self.said: list[str] = []
        self._number = 0

    def take(self) -> int:
        """One more order; the status of the answer."""
        self._number += 1
        with self.grounds.shop() as shop:
            answer = shop.put(f"/orders/shop/{self._number}", json=order(self._number, paid=True))
        if answer.is_success:
            self.acknowledged.orders.add(str(self._number))
            self.pages.append(urlsplit(answer.json()["portal_url"]).path)
        return answer.status_code

    def click(self) -> list[int]:
        """What a customer may do: look, begin a download, ask for the invoice."""
        with httpx.Client(base_url=self.grounds.base, timeout=PATIENCE) as customer:
            page = customer.get(self.pages[-1])
            file = page.text.partition('data-file="')[2].partition('"')[0]
            download = customer.post(f"{self.pages[-1]}/files/{file}/downloads")
            invoice = customer.post(f"{self.pages[-1]}/invoices")
        return [page.status_code, download.status_code, invoice.status_code]

    def expect(self, what: str, found: object, holds: bool) -> None:
        self.said.append(f"{what}: {found}")
        if not holds:
            self.wrong.append(f"{what}: {found}")

    def ask_invariants(self) -> None:
        self.wrong += invariants.broken(self.grounds.database, self.acknowledged)


def _tried(name: str, deed: Callable[[Path, _Shop], None]) -> list[str]:
    with TemporaryDirectory(prefix="tresen-disks-") as scratch, standing_in() as paypal:
        disk = Path(scratch) / "disk"
        disk.mkdir()
        with _mounted(disk):
            grounds = laid_out(disk / "data", TRESEN_PAYPAL_API_BASE=paypal.ledger.origin)
            with served(grounds) as running:
                furnish(grounds)
                shop = _Shop(grounds, running)
                for _ in range(SOLD):
                    shop.take()
                deed(disk, shop)
    for sentence in shop.said:
        print(f"{name}: {sentence}")
    return [f"{name}: {sentence}" for sentence in shop.wrong]


@contextmanager
def _mounted(disk: Path) -> Iterator[None]:
    _run("mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m,mode=0700", "tmpfs", str(disk))
    try:
        yield
    finally:
        _run("umount", "-l", str(disk))


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


def _full(disk: Path, shop: _Shop) -> None:
    before = shop.click()
    shop.expect("with room: page, download, invoice", before, before == [200, 303, 303])
    filler = disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(BLOCK)):
            pass
    taken = [shop.take() for _ in range(200)]
    shop.expect("orders while it is full", sorted(set(taken)), set(taken) <= {201, 507})
    shop.expect("the first refusal", next((status for status in taken if status != 201), None), taken[-1] != 201)
    clicks = shop.click()
    shop.expect("page, download, invoice while it is full", clicks, clicks[0] == 200 and 500 not in clicks)
    shop.expect("the server goes on", shop.running.is_alive(), shop.running.is_alive())
    filler.unlink()
    after = [shop.take(), *shop.click()]
    shop.expect("after room was made: order, page, download, invoice", after, after == [201, 200, 303, 303])
    shop.ask_invariants()


def _read_only(disk: Path, shop: _Shop) -> None:
    shop.click()
    # What has files open for writing keeps a disk from it, so that the server is told by a second view of it.
    shop.running.end()
    _run("mount", "-o", "remount,ro", str(disk))
    for words in (["serve", "--port", str(shop.grounds.port)], ["doctor"], ["backup", str(disk / "x.tar.gz")]):
        ended = subprocess.run(
            [sys.executable, "-m", "app", *words],
            env={**os.environ, **shop.grounds.environment},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        told = ended.stderr.strip().splitlines()
        shop.expect(f"{words[0]} ends with", (ended.returncode, told[-1:]), ended.returncode in {1, 2})
        shop.expect(f"{words[0]} tells it in sentences", len(told), "Traceback" not in ended.stderr and bool(told))
    _run("mount", "-o", "remount,rw", str(disk))
    with served(shop.grounds):
        after = [shop.take(), *shop.click()]
        shop.expect("once it can be written: order, page, download, invoice", after, after == [201, 200, 303, 303])
        shop.ask_invariants()
