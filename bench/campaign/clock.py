"""`python -m bench.campaign clock`: a server whose clock jumps a year ahead while it runs, and back after a restart.

No library is put before the system's and no clock of this machine is set: in the server's own process the modules that
tell the time have a `datetime` that adds the jump. SQLite's own clock stays, and so does that of the child that draws.
"""

from __future__ import annotations

import datetime as real
import sqlite3
import time
from contextlib import closing
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx

from bench.campaign import invariants
from bench.campaign.customers import Acknowledged, order
from bench.campaign.grounds import PATIENCE, Grounds, furnish, laid_out, serve, served
from bench.mails import Sink, running
from demo.paypal_stand_in import standing_in

AHEAD = real.timedelta(days=400)
# Where the time is looked at for what is asked for and done; all others are given it.
TELL_THE_TIME = ("assembly", "portal.jobs", "routes.customer.archives", "routes.customer.downloads", "routes.given")
MAILED = 60.0  # seconds that a mail may take


class _Kind(type):
    """Every instant is one of these, whoever made it."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, real.datetime)


class _Shifted(real.datetime, metaclass=_Kind):
    @classmethod
    def now(cls, tz: real.tzinfo | None = None) -> real.datetime:  # type: ignore[override]  # typed as of any subclass
        return real.datetime.now(tz) + AHEAD


def serve_ahead(environment: dict[str, str], port: int, errors: str) -> None:
    """As `serve`, by a clock that is ahead. In a process of its own."""
    for name in TELL_THE_TIME:
        import_module(name).datetime = _Shifted  # type: ignore[attr-defined]  # modules know no types
    serve(environment, port, errors)


def fine(_number: int) -> bool:
    letters = Sink()
    with TemporaryDirectory(prefix="tresen-clock-") as scratch, running(letters), standing_in() as paypal:
        grounds = laid_out(
            Path(scratch) / "data",
            TRESEN_SMTP_URL=f"smtp://127.0.0.1:{letters.port}?tls=none&from=shop@example.org",
            TRESEN_PAYPAL_API_BASE=paypal.ledger.origin,
        )
        acknowledged, said = Acknowledged(), dict[str, tuple[object, object]]()
        with served(grounds):
            furnish(grounds)
            said["before"] = _sold(grounds, 1, acknowledged), [201, 200, 303, 303]
            said["mail before"] = _mailed(grounds, 1, letters), True
        with served(grounds, serve_ahead):
            said["ahead"] = _sold(grounds, 2, acknowledged), [201, 200, 303, 303]
            said["an order of before, ahead"] = _page(grounds, 1), 200
            said["mail ahead"] = _mailed(grounds, 2, letters), True
            ahead = _newest(grounds)
            said["the clock was ahead"] = ahead > f"{real.datetime.now(real.UTC) + AHEAD / 2:%Y-%m-%d}", True
        with served(grounds):
            said["back"] = _sold(grounds, 4, acknowledged), [201, 200, 303, 303]
            said["an order of ahead, back"] = _page(grounds, 2), 200
            said["mail back"] = _mailed(grounds, 4, letters), True
            # The third waits for the merchant (docs/invoices.md): the newest one bears a day that has not come yet.
            said["invoices issued"] = _issued(grounds), 2
            said["jobs that wait for a year"] = _stuck(grounds), 0
            said["invariants"] = invariants.broken(grounds.database, acknowledged), []
    for what, (found, wanted) in said.items():
        print(f"{what}: {found}{'' if found == wanted else f', WRONG, should be {wanted}'}", flush=True)
    return all(found == wanted for found, wanted in said.values())


def _sold(grounds: Grounds, number: int, acknowledged: Acknowledged) -> list[int]:
    """Order, page, download and invoice of a new order: their statuses."""
    with grounds.shop() as shop:
        answer = shop.put(f"/orders/shop/{number}", json=order(number, paid=True))
    acknowledged.orders.add(str(number))
    if not answer.is_success:
        raise RuntimeError(f"{answer.status_code}: {answer.text}; {grounds.errors.read_text()[-2000:]}")
    path = urlsplit(answer.json()["portal_url"]).path
    with httpx.Client(base_url=grounds.base, timeout=PATIENCE) as customer:
        page = customer.get(path)
        file = page.text.partition('data-file="')[2].partition('"')[0]
        download = customer.post(f"{path}/files/{file}/downloads")
        invoice = customer.post(f"{path}/invoices")
    return [answer.status_code, page.status_code, download.status_code, invoice.status_code]


def _page(grounds: Grounds, number: int) -> int:
    with grounds.shop() as shop:
        url = shop.get(f"/orders/shop/{number}").raise_for_status().json()["portal_url"]
        return shop.get(url).status_code


def _mailed(grounds: Grounds, number: int, letters: Sink) -> bool:
    """Whether a mail that is asked for comes."""
    before = len(letters.came)
    form, headers = {"email": f"kunde{number}@example.org"}, {"Origin": grounds.base}
    httpx.post(f"{grounds.base}/link", data=form, headers=headers, timeout=PATIENCE)
    until = time.monotonic() + MAILED
    while len(letters.came) == before and time.monotonic() < until:
        time.sleep(0.1)
    return len(letters.came) > before


def _newest(grounds: Grounds) -> str:
    with closing(sqlite3.connect(grounds.database, timeout=PATIENCE)) as connection:
        [(newest,)] = connection.execute("SELECT max(started_at) FROM download").fetchall()
        return str(newest)


def _issued(grounds: Grounds) -> int:
    with closing(sqlite3.connect(grounds.database, timeout=PATIENCE)) as connection:
        [(count,)] = connection.execute("SELECT count(*) FROM invoice").fetchall()
        return int(count)


def _stuck(grounds: Grounds) -> int:
    """Jobs, and kinds that come again and again, which a wrong clock has put off."""
    limit = f"{real.datetime.now(real.UTC) + AHEAD / 2:%Y-%m-%d}"
    time.sleep(10)  # the worker has looked by then
    with closing(sqlite3.connect(grounds.database, timeout=PATIENCE)) as connection:
        [(count,)] = connection.execute(
            "SELECT (SELECT count(*) FROM outbox WHERE done_at IS NULL AND dead_at IS NULL AND run_at > ?1)"
            " + (SELECT count(*) FROM due_time WHERE due_at > ?1)",
            (limit,),
        ).fetchall()
        return int(count)
