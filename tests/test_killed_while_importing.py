"""A server that is killed while it imports a file goes on where it was: no order doubled, and nobody mailed twice."""

from __future__ import annotations

import signal
import socket
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from e2e.post import post_office
from tests.pretend_mail import PostOffice
from tests.routes.api.pretend import an_order
from tests.test_command import SECONDS, Operator

ORDERS, EVERY = 600, 50  # one of so many is paid, and its buyer gets a mail
BEFORE = 1  # whose mail proves that mail leaves: no automation may be switched on before
HEADER = "bestell_id;bestelldatum;zahldatum;waehrung;kaeufer_name;email;titel;menge;positionssumme_brutto;steuersatz"
THANKS = {
    "name": "Danke",
    "active": True,
    "trigger": {"kind": "order_paid"},
    "actions": [{"kind": "send_message", "template": "Danke für die Zahlung"}],
}


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path / "data")


def a_file() -> bytes:
    today = datetime.now(UTC).strftime("%d.%m.%Y")
    rows = (
        f"{number};{today};{'' if number % EVERY else today};EUR;Max;max{number}@example.org;Bente;1;24,90;19"
        for number in range(ORDERS)
    )
    return "\n".join([HEADER, *rows]).encode()


def prove_mail(shop: httpx.Client, origin: str, office: PostOffice) -> None:
    """By a customer who has lost her link."""
    shop.put("/orders/laden/1", json=an_order(buyer={"name": "Ada", "email": "ada@example.org"})).raise_for_status()
    httpx.post(f"{origin}/link", data={"email": "ada@example.org"}, headers={"Sec-Fetch-Site": "same-origin"})
    until = time.monotonic() + SECONDS
    while not office.kept and time.monotonic() < until:
        time.sleep(0.1)
    office.kept.clear()


def counted(data: Path, what: str) -> int:
    with closing(sqlite3.connect(data / "tresen.sqlite3", timeout=SECONDS)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {what}").fetchone()[0])


def test_an_import_that_is_killed_goes_on_and_doubles_nothing(operator: Operator):
    key = operator.types("key", "add", "shop").stdout.split()[-1]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
    with post_office() as office, ThreadPoolExecutor(1) as aside:
        environ = {
            "TRESEN_PORT": port,
            "TRESEN_BASE_URL": f"http://127.0.0.1:{port}",
            "TRESEN_SMTP_URL": f"smtp://127.0.0.1:{office.port}?tls=none&from=shop@example.org",
        }
        with operator.serving("--port", port, **environ) as (process, origin):
            shop = httpx.Client(
                base_url=f"{origin}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=SECONDS
            )
            prove_mail(shop, origin, office)
            assert shop.post("/automations", json=THANKS).status_code == 201
            source = shop.post("/sources", json={"name": "messe", "kind": "csv"}).json()["id"]
            headers = {"Content-Type": "text/csv"}
            brought = aside.submit(shop.post, f"/sources/{source}/imports", content=a_file(), headers=headers)
            while counted(operator.data, '"order"') == BEFORE and process.poll() is None:
                pass
            process.send_signal(signal.SIGKILL)
            assert brought.exception(), "it was killed while it was importing"
        survived = counted(operator.data, '"order"')
        assert BEFORE < survived < BEFORE + ORDERS

        with operator.serving("--port", port, **environ):
            until = time.monotonic() + 3 * SECONDS
            while time.monotonic() < until and (
                counted(operator.data, "csv_import WHERE ended_at IS NULL") or len(office.kept) < ORDERS // EVERY
            ):
                time.sleep(0.2)
            time.sleep(1)  # what would be one too many has time to come

        mails = [(mail["To"], mail["Message-ID"]) for mail in office.mails]
    assert counted(operator.data, '"order"') == counted(operator.data, "line") == BEFORE + ORDERS
    assert counted(operator.data, "csv_import WHERE outcome = 'ok'") == 1
    assert counted(operator.data, "activity WHERE kind = 'order_imported'") == BEFORE + ORDERS
    assert len({to for to, _ in mails}) == ORDERS // EVERY
    # A mail that the server had accepted when the process died comes once more, and is known by its id.
    assert len(set(mails)) == ORDERS // EVERY
    assert len(mails) <= ORDERS // EVERY + 1
