"""An update while customers are there: the new process takes over, and nobody is refused or cut off."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from tests.test_command import SECONDS, Operator
from tests.test_killed_while_downloading import sold

BYTES = os.urandom(1024 * 1024) * 24  # more than the kernel keeps for a client who does not read


class Systemd:
    """Hears what the service tells of itself, as sd_notify(3), and knows which process is the service."""

    def __init__(self, place: Path) -> None:
        self.address = place / "notify"
        self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._channel.bind(str(self.address))
        self._channel.settimeout(2 * SECONDS)

    def hears(self) -> str:
        return self._channel.recv(1024).decode()

    def close(self) -> None:
        self._channel.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    with closing(Systemd(tmp_path)) as systemd:
        yield systemd


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path / "data")


@contextmanager
def ended(pid: int) -> Iterator[None]:
    """That process, which is no child of ours, ends with the block."""
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


@contextmanager
def visited(origin: str) -> Iterator[Callable[[], list[object]]]:
    """Somebody asks again and again, each time on a connection of his own; whatever was no page."""
    failures: list[object] = []
    over = threading.Event()

    def visit() -> None:
        while not over.is_set():
            try:
                answer = httpx.get(f"{origin}/up", timeout=SECONDS)
                if answer.status_code != 200:
                    failures.append(answer.status_code)
            except httpx.HTTPError as error:
                failures.append(error)
            over.wait(0.02)  # two cores are to start a process meanwhile

    visitors = [threading.Thread(target=visit) for _ in range(2)]
    for each in visitors:
        each.start()
    try:
        yield lambda: failures
    finally:
        over.set()
        for each in visitors:
            each.join()


def successor(systemd: Systemd) -> int:
    found = re.fullmatch("MAINPID=([0-9]+)", systemd.hears())
    assert found
    return int(found[1])


def test_a_new_process_takes_over_while_a_download_runs_and_visitors_come(operator: Operator, systemd: Systemd):
    key = operator.types("key", "add", "shop").stdout.split()[-1]
    with operator.serving(NOTIFY_SOCKET=str(systemd.address)) as (process, origin):
        assert systemd.hears() == "READY=1"
        page = sold(origin, key, operator.data, BYTES)
        file = re.search('data-file="([0-9]+)"', httpx.get(origin + page).text)
        assert file
        begun = httpx.post(f"{origin}{page}/files/{file[1]}/downloads").headers["location"]

        with httpx.stream("GET", origin + begun, timeout=SECONDS) as download, visited(origin) as failures:
            pieces = download.iter_raw(64 * 1024)
            received = [next(pieces)]
            process.send_signal(signal.SIGUSR2)
            relieved_by = successor(systemd)
            with ended(relieved_by):
                assert systemd.hears() == "READY=1"
                assert process.poll() is None, "the old one still has its download"
                assert httpx.get(origin + page).status_code == 200
                received += pieces
                assert sha256(b"".join(received)).digest() == sha256(BYTES).digest()
                assert process.wait(SECONDS) == 0
                assert httpx.get(f"{origin}/up").status_code == 200
                assert failures() == []


def test_a_new_process_that_cannot_start_leaves_the_old_one_serving(operator: Operator):
    with operator.serving() as (process, origin):
        httpx.get(f"{origin}/up", timeout=SECONDS).raise_for_status()
        with closing(sqlite3.connect(operator.data / "tresen.sqlite3")) as database, database:
            database.execute("UPDATE alembic_version SET version_num = 'later'")
        process.send_signal(signal.SIGUSR2)
        assert process.stderr is not None
        while "the new process did not get ready" not in (line := process.stderr.readline().lower()):
            assert line, "the old one ended"
        assert httpx.get(f"{origin}/up").status_code == 200


def test_who_stops_the_old_process_meanwhile_gets_no_new_one(operator: Operator, systemd: Systemd):
    with operator.serving(NOTIFY_SOCKET=str(systemd.address)) as (process, origin):
        systemd.hears()
        process.send_signal(signal.SIGUSR2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) == 0
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{origin}/up")
