"""A mixed crowd: orders come in, files and invoices are fetched, payments made, mails asked for, all at once."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import httpx

from bench.campaign.grounds import Grounds
from demo.paypal_stand_in import StandIn
from demo.paypal_stand_in.approval import back

PAID, OPEN = "paid", "ordered"
NEWEST = 60  # orders that are clicked on: the older ones have spent what they had


@dataclass
class Acknowledged:
    """What the server has said it did: none of it may be gone later. Sets of ids as the outside knows them."""

    orders: set[str] = field(default_factory=set)
    downloads: set[str] = field(default_factory=set)  # their addresses
    invoices: set[int] = field(default_factory=set)


class Crowd:
    """Customers and a script, each a thread; they stop while nobody is served, and go on afterwards."""

    def __init__(self, grounds: Grounds, paypal: StandIn, size: int, seed: int) -> None:
        self.grounds, self.paypal = grounds, paypal
        self.acknowledged = Acknowledged()
        self.statuses: Counter[tuple[str, int]] = Counter()
        self.broken: Counter[str] = Counter()
        self.wrong: list[str] = []
        self._paid: list[str] = []  # paths of portal pages
        self._open: list[str] = []
        self._returns: list[str] = []
        self._number = 0
        self._lock = threading.Lock()
        self._served, self._over = threading.Event(), threading.Event()
        self._threads = [
            threading.Thread(target=self._live, args=(random.Random(seed + each),), daemon=True) for each in range(size)
        ]
        for thread in self._threads:
            thread.start()

    def work(self) -> None:
        self._served.set()

    def answers(self, deed: str = "") -> int:
        """How many there were to that deed, or to all."""
        with self._lock:
            return sum(count for (of, _), count in self.statuses.items() if deed in {"", of})

    def rest(self) -> None:
        self._served.clear()

    def leave(self) -> None:
        self._over.set()
        self._served.set()
        for thread in self._threads:
            thread.join()

    def return_all(self) -> None:
        """Everybody who approved a payment comes back from PayPal once more."""
        with httpx.Client(timeout=60) as client:
            for address in list(self._returns):
                client.get(address)

    def _live(self, dice: random.Random) -> None:
        deeds: dict[Callable[[httpx.Client, random.Random], None], int] = {
            self._order: 3, self._look: 3, self._download: 6, self._invoice: 3, self._pay: 4, self._mail: 2,
        }  # fmt: skip
        choices = [deed for deed, weight in deeds.items() for _ in range(weight)]
        client = httpx.Client(base_url=self.grounds.base, timeout=60)
        while self._served.wait() and not self._over.is_set():
            deed = dice.choice(choices)
            try:
                deed(client, dice)
            except httpx.HTTPError as error:
                self.broken[type(error).__name__] += 1
                client.close()
                client = httpx.Client(base_url=self.grounds.base, timeout=60)
                self._over.wait(0.02)
        client.close()

    def _noted(self, deed: str, answer: httpx.Response) -> httpx.Response:
        with self._lock:
            self.statuses[deed, answer.status_code] += 1
            if answer.status_code >= 500:
                self.wrong.append(f"{deed}: {answer.status_code} {answer.headers.get('x-request-id')}")
        return answer

    def _order(self, client: httpx.Client, dice: random.Random) -> None:
        """A new one, or an older one once more."""
        with self._lock:
            if self._number < NEWEST or dice.random() < 0.7:
                self._number += 1
                number = self._number
            else:
                number = dice.randint(1, self._number)
        paid = number % 3 != 0
        key = {"Authorization": f"Bearer {self.grounds.key}"}
        answer = client.put(f"/api/v1/orders/shop/{number}", json=order(number, paid=paid), headers=key)
        if self._noted("order", answer).is_success:
            path = urlsplit(answer.json()["portal_url"]).path
            with self._lock:
                self.acknowledged.orders.add(str(number))
                known = self._paid if paid else self._open
                if path not in known:
                    known.append(path)

    def _of(self, paths: list[str], dice: random.Random) -> str | None:
        with self._lock:
            return dice.choice(paths[-NEWEST:]) if paths else None

    def _look(self, client: httpx.Client, dice: random.Random) -> None:
        if path := self._of(self._paid, dice):
            self._noted("look", client.get(path))

    def _download(self, client: httpx.Client, dice: random.Random) -> None:
        """Without an attempt each click is one of its own; now and then the bytes are fetched."""
        if not (path := self._of(self._paid, dice)):
            return
        page = self._noted("look", client.get(path))
        if not (files := re.findall('data-file="([0-9]+)"', page.text)):
            return
        answer = self._noted("download", client.post(f"{path}/files/{dice.choice(files)}/downloads"))
        if answer.status_code == 303:
            address = urlsplit(answer.headers["location"]).path
            self.acknowledged.downloads.add(address)
            if dice.random() < 0.5:
                self._noted("bytes", client.get(address))

    def _invoice(self, client: httpx.Client, dice: random.Random) -> None:
        if path := self._of(self._paid, dice):
            answer = self._noted("invoice", client.post(f"{path}/invoices"))
            if found := re.search(r"/invoices/([0-9]+)", answer.headers.get("location", "")):
                self.acknowledged.invoices.add(int(found[1]))

    def _pay(self, client: httpx.Client, dice: random.Random) -> None:
        """Begins, approves at PayPal, and comes back; or comes back a second time."""
        if self._returns and dice.random() < 0.3:
            self._noted("return", client.get(dice.choice(self._returns[-NEWEST:])))
            return
        if not (path := self._of(self._open, dice)):
            return
        answer = self._noted("pay", client.post(f"{path}/payments"))
        token = parse_qs(urlsplit(answer.headers.get("location", "")).query).get("token", [""])[0]
        if told := self.paypal.ledger.orders.get(token):
            with suppress(KeyError):
                if told.status == "PAYER_ACTION_REQUIRED":
                    told.status = "APPROVED"
            address = back(told, "return_url")
            self._returns.append(address)
            self._noted("return", client.get(address))

    def _mail(self, client: httpx.Client, dice: random.Random) -> None:
        """From one network each time: so many letters would not be asked for by one."""
        number = dice.randint(1, max(1, self._number))
        network = ".".join(str(dice.randint(1, 220)) for _ in range(4))
        headers = {"X-Forwarded-For": network, "Origin": self.grounds.base}
        self._noted("mail", client.post("/link", data={"email": f"kunde{number}@example.org"}, headers=headers))


def order(number: int, *, paid: bool) -> dict[str, object]:
    """In the API's words."""
    skus = ("PDF", "FILM") if number % 2 else ("FILM",)
    lines = [
        {"id": sku, "title": sku, "sku": sku, "line_gross": 1190, "tax_rate": "19", "digital": True} for sku in skus
    ]
    return {
        "number": f"B-{number}",
        "platform": "Campaign",
        "state": PAID if paid else OPEN,
        "ordered_at": "2026-11-01T09:30:00Z",
        "paid_at": "2026-11-01T09:31:00Z" if paid else None,
        "currency": "EUR",
        "payment_method": "paypal" if paid else "prepayment",
        "buyer": {"name": f"Kunde {number}", "email": f"kunde{number}@example.org"},
        "lines": lines,
        "total_gross": 1190 * len(lines),
    }
