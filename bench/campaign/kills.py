"""`python -m bench.campaign kills 500`: so many times SIGKILL at a random moment of a mixed workload."""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.campaign import invariants
from bench.campaign.customers import Crowd
from bench.campaign.grounds import Grounds, Running, furnish, laid_out, served
from bench.mails import Sink, running
from demo.paypal_stand_in import StandIn, standing_in

CUSTOMERS = 8
MOST_ANSWERS = 25  # in a round, so that a slow machine does as much in it as a quick one
LONGEST_ROUND = 8.0  # seconds
OF_INVOICES, MOST_INVOICES, LONGEST_WITH_INVOICES = 0.3, 6, 60.0  # the part of the rounds, and how long these may be
DRAINED = 180.0
EVERY = 5  # rounds that are told of


class Letters(Sink):
    """Knows each mail by its Message-ID."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()

    def take(self, to: str, mail: bytes) -> None:
        super().take(to, mail)
        if found := re.search(rb"^Message-ID:\s*(<[^>]+>)", mail, re.IGNORECASE | re.MULTILINE):
            self.ids[found[1].decode()] += 1


_enough = threading.Event()


def fine(rounds: int) -> bool:
    """Whether nothing was wrong; tells what was done. SIGTERM makes the round that runs the last one."""
    signal.signal(signal.SIGTERM, lambda *_: _enough.set())
    seed = int(os.environ.get("SEED", "0")) or time.time_ns() % 10**9
    print(f"Dice: {seed}", flush=True)
    letters = Letters()
    with TemporaryDirectory(prefix="tresen-kills-") as scratch, running(letters), standing_in() as paypal:
        grounds = laid_out(
            Path(scratch) / "data",
            TRESEN_SMTP_URL=f"smtp://127.0.0.1:{letters.port}?tls=none&from=shop@example.org",
            TRESEN_PAYPAL_API_BASE=paypal.ledger.origin,
        )
        with served(grounds):
            furnish(grounds)
        crowd = Crowd(grounds, paypal, CUSTOMERS, seed)
        wrong = _rounds(grounds, crowd, rounds, random.Random(seed))
        crowd.leave()
        wrong += _end(grounds, crowd, paypal, letters)
        wrong += crowd.wrong
        _tell(grounds, crowd)
    for sentence in wrong:
        print(f"WRONG: {sentence}")
    print("Nothing was wrong." if not wrong else f"{len(wrong)} things were wrong.", flush=True)
    return not wrong


def _rounds(grounds: Grounds, crowd: Crowd, rounds: int, dice: random.Random) -> list[str]:
    wrong: list[str] = []
    done, began = 0, time.monotonic()
    for each in range(1, rounds + 1):
        if _enough.is_set():
            break
        done = each
        server = Running(grounds)
        found = invariants.broken(grounds.database, crowd.acknowledged)
        wrong += [f"round {each}: {sentence}" for sentence in found]
        crowd.work()
        _wait(crowd, dice)
        server.kill()
        crowd.rest()
        if each % EVERY == 0:
            took, answers = time.monotonic() - began, crowd.statuses.total()
            print(f"{each} rounds in {took:.0f} s, {len(wrong)} wrong, {answers} answers", flush=True)
    print(f"{done} kills", flush=True)
    return wrong


def _wait(crowd: Crowd, dice: random.Random) -> None:
    """For a moment that nobody chose: after some answers, or after some invoices, which begin with a cold child."""
    if dice.random() < OF_INVOICES:
        counted, more, longest = "invoice", dice.randint(1, MOST_INVOICES), LONGEST_WITH_INVOICES
    else:
        counted, more, longest = "", dice.randint(0, MOST_ANSWERS), LONGEST_ROUND
    until, enough = time.monotonic() + longest, crowd.answers(counted) + more
    while crowd.answers(counted) < enough and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(dice.uniform(0, 0.1))


def _end(grounds: Grounds, crowd: Crowd, paypal: StandIn, letters: Letters) -> list[str]:
    """After a last start all that waits is worked off; then the sums must be right, and the doctor content."""
    with served(grounds):
        crowd.return_all()
        until = time.monotonic() + DRAINED
        while (left := _waiting(grounds)) and time.monotonic() < until:
            time.sleep(0.5)
        wrong = [f"{count} jobs {kind} are not done" for kind, count in left]
        wrong += invariants.broken(grounds.database, crowd.acknowledged)
        wrong += invariants.unsettled(grounds.database, paypal.ledger.orders)
        of_mails, doubled = invariants.mails(grounds.database, letters.ids)
        print(f"{letters.ids.total()} mails, of which {doubled} came again under their own Message-ID")
    wrong += of_mails
    doctor = subprocess.run(
        [sys.executable, "-m", "app", "doctor"],
        env={**os.environ, **grounds.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return wrong + [f"doctor: {line}" for line in doctor.stdout.splitlines() if line.startswith("wrong")]


def _waiting(grounds: Grounds) -> list[tuple[str, int]]:
    """Jobs that could run now, by their kind."""
    with closing(sqlite3.connect(grounds.database, timeout=60)) as connection:
        return connection.execute(
            "SELECT kind, count(*) FROM outbox WHERE done_at IS NULL AND kind IN ('message', 'lost_link') GROUP BY kind"
        ).fetchall()


def _tell(grounds: Grounds, crowd: Crowd) -> None:
    print(f"Answers: {dict(sorted(crowd.statuses.items()))}; cut off: {dict(crowd.broken)}")
    with closing(sqlite3.connect(grounds.database)) as connection:
        for table in ("order", "download", "invoice", "payment", "message"):
            [(count,)] = connection.execute(f'SELECT count(*) FROM "{table}"').fetchall()
            print(f"{table}: {count}")
