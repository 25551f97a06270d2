"""The `tresen` command as an operator types it: what it prints, and with which status it ends."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from pdfkit.outcome import Style
from portal.links import Link
from tests.factories import KEYS
from tests.pdfkit import papers
from tests.pdfkit.reading import TEXT, assert_in_place
from tests.portal.selling import KEY, Shop

ROOT = Path(__file__).parents[1]
SECONDS = 30  # a slow machine with much else to do


class Operator:
    """Types commands, with this data directory in the environment."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.program = [sys.executable, "-m", "app"]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TRESEN_")}
        self.environ = {**kept, "PYTHONPATH": str(ROOT), "TRESEN_DATA": str(data)}

    def types(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.program, *words],
            env={**self.environ, **environ},
            cwd=self.data.parent,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    @contextmanager
    def serving(self, *words: str, **environ: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
        """A running `tresen serve` and the origin that it announced."""
        with subprocess.Popen(
            [*self.program, "serve", "--port", "0", *words],
            env={**self.environ, **environ},
            cwd=self.data.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stdout is not None
                announced = process.stdout.readline()
                yield process, announced.removeprefix("Tresen serves ").strip()
            finally:
                process.kill()


@pytest.fixture
def operator(tmp_path):
    return Operator(tmp_path / "data")


def assert_one_sentence(said: str) -> None:
    assert said.count("\n") == 1, said
    assert said.endswith(".\n")
    assert "Traceback" not in said


# --- Wrong use


def test_an_unknown_name_in_the_environment_is_wrong_use(operator):
    ended = operator.types("version", TRESEN_BASEURL="https://portal.example.org")

    assert ended.returncode == 2
    assert "TRESEN_BASEURL" in ended.stderr
    assert_one_sentence(ended.stderr)
    assert not operator.data.exists(), "nothing is done before everything is understood"


@pytest.mark.parametrize("words", [(), ("key", "add"), ("serve", "--port", "x")])
def test_what_is_no_command_is_wrong_use(operator, words):
    ended = operator.types(*words)

    assert ended.returncode == 2
    assert "usage:" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_data_directory_that_cannot_be_is_wrong_use(operator):
    operator.data.write_text("a file")
    ended = operator.types("key", "add", "shop")

    assert ended.returncode == 2
    assert_one_sentence(ended.stderr)


# --- Versions, keys, links


def test_stamp_writes_a_copy_with_the_text_where_it_was_asked_for(operator, tmp_path):
    source, target = papers.book(tmp_path / "in.pdf", pages=3), tmp_path / "out.pdf"

    place = ("--size", "14", "--x", "30", "--y", "20.5")
    ended = operator.types("stamp", str(source), str(target), "--text", TEXT, *place)

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"{target}: 3 pages bear the text.\n"
    for page in range(3):
        assert_in_place(target, Style(font_size_pt=14, x_mm=30, y_mm=20.5), page=page)


def test_stamp_tells_what_to_know_of_a_copy(operator, tmp_path):
    source = papers.signed(tmp_path / "in.pdf")

    ended = operator.types("stamp", str(source), str(tmp_path / "out.pdf"), "--text", "Max \U0001f600")

    assert ended.returncode == 0
    assert "No font has some characters" in ended.stdout
    assert "It was signed" in ended.stdout


@pytest.mark.parametrize(
    ("make", "words", "status", "told"),
    [
        (papers.html, (), 1, "cannot be stamped: it is no PDF"),
        (papers.truncated, (), 1, "cannot be stamped: it is damaged"),
        (lambda path: path, (), 1, "was not stamped: No such file"),
        (papers.sheet, ("--text", "\u200b"), 2, "shows nothing"),
        (papers.sheet, ("--size", "0"), 2, "0 is not within 1 to 200 points"),
        (papers.sheet, ("--x", "nan"), 2, "nan is not within 0 to 2000 mm"),
    ],
)
def test_stamp_says_why_not_and_leaves_nothing(operator, tmp_path, make, words, status, told):
    source, target = make(tmp_path / "in.pdf"), tmp_path / "out.pdf"

    ended = operator.types("stamp", str(source), str(target), "--text", TEXT, *words)

    assert ended.returncode == status
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not target.exists()


def test_stamp_does_not_write_over_the_original(operator, tmp_path):
    source = papers.sheet(tmp_path / "in.pdf")

    ended = operator.types("stamp", str(source), str(source), "--text", TEXT)

    assert ended.returncode == 2
    assert "another name" in ended.stderr


def test_version_names_everything_that_a_report_of_a_bug_needs(operator):
    ended = operator.types("version")

    assert ended.returncode == 0
    assert re.fullmatch(r"Tresen \d+\.\d+\.\d+\S*, Python 3\.\d+\.\d+, SQLite 3\.[\d.]+, schema \d{4}\n", ended.stdout)


def test_a_new_key_stands_alone_on_the_last_line_and_only_its_hash_is_kept(operator):
    ended = operator.types("key", "add", "shop")

    assert ended.returncode == 0, ended.stderr
    key = ended.stdout.splitlines()[-1]
    assert re.fullmatch(r"tresen_[A-Za-z0-9_-]{43}", key)
    assert ended.stdout.count(key) == 1
    assert key not in ended.stderr
    kept = b"".join(place.read_bytes() for place in operator.data.iterdir() if place.is_file())
    assert key.encode() not in kept


def test_the_link_of_an_order_nobody_knows_is_a_failure(operator):
    operator.types("key", "add", "shop")

    ended = operator.types("link", "etsy", "4711")

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert "4711" in ended.stderr
    assert_one_sentence(ended.stderr)


def test_whoever_asks_for_a_link_where_no_shop_is_makes_none(operator):
    ended = operator.types("link", "etsy", "4711")

    assert ended.returncode == 1
    assert "There is no shop" in ended.stderr
    assert not operator.data.exists()
    assert_one_sentence(ended.stderr)


@pytest.mark.parametrize("words", [("link", "a\udcff", "b"), ("key", "add", "a\nb\udcff")])
def test_a_word_that_is_no_text_is_wrong_use(operator, words):
    ended = operator.types(*words)

    assert ended.returncode == 2
    assert_one_sentence(ended.stderr)


def test_a_shop_whose_keys_are_lost_is_not_given_others(operator):
    """With a new key, no link that was sent would open, and the doctor would find nothing wrong."""
    operator.types("key", "add", "shop")
    keys = operator.data / "secret-keys"
    kept = keys.read_bytes()
    keys.unlink()

    lost = operator.types("key", "add", "another")
    keys.write_bytes(b"\xff\xfe\x00 no text")
    damaged = operator.types("key", "add", "another")
    keys.write_bytes(kept)

    assert (lost.returncode, damaged.returncode) == (2, 2)
    assert "secret-keys is missing" in lost.stderr
    assert_one_sentence(damaged.stderr)
    assert operator.types("key", "add", "another").returncode == 0


def test_what_is_made_is_for_its_user_alone(operator):
    operator.types("key", "add", "shop")

    made = [path for path in (operator.data, *operator.data.rglob("*")) if path.stat().st_mode & 0o077]
    assert made == []


def test_a_stamped_copy_without_a_folder_says_that_the_folder_is_missing(operator, tmp_path):
    papers.sheet(tmp_path / "a.pdf")

    ended = operator.types("stamp", str(tmp_path / "a.pdf"), str(tmp_path / "none" / "b.pdf"), "--text", "Max")

    assert ended.returncode == 1
    assert str(tmp_path / "none") in ended.stderr
    assert_one_sentence(ended.stderr)


async def test_the_link_of_an_order_is_printed_alone_and_is_that_of_the_api(operator, database, house):
    order_id = await Shop(house).is_ordered()
    ended = operator.types(
        "link", KEY.source, KEY.external_id, TRESEN_SECRET_KEYS=KEYS[0], TRESEN_BASE_URL=house.base_url
    )

    link = house.links.url(Link(order_id, house.glance.at(order_id).link_version))
    assert (ended.returncode, ended.stdout) == (0, f"{link}\n")


# --- Databases


@pytest.mark.parametrize("words", [("link", "etsy", "1"), ("serve", "--port", "0")])
def test_a_database_of_a_newer_tresen_is_a_failure(operator, fresh_database, words):
    operator.data.mkdir()
    (operator.data / "secret-keys").write_text("0123456789abcdef\n")
    shutil.copyfile(fresh_database, operator.data / "tresen.sqlite3")
    with closing(sqlite3.connect(operator.data / "tresen.sqlite3")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")

    ended = operator.types(*words, TRESEN_BASE_URL="http://127.0.0.1:8000")

    assert ended.returncode == 1
    assert "newer Tresen" in ended.stderr
    assert_one_sentence(ended.stderr)


def test_a_file_that_is_no_database_is_a_failure(operator):
    operator.data.mkdir()
    (operator.data / "tresen.sqlite3").write_bytes(b"these are holiday pictures" * 100)
    (operator.data / "secret-keys").write_text("0123456789abcdef\n")

    ended = operator.types("serve", "--port", "0", TRESEN_BASE_URL="http://127.0.0.1:8000")

    assert ended.returncode == 1
    assert_one_sentence(ended.stderr)


# --- The doctor


def test_the_doctor_finds_a_shop_that_was_just_set_up_sound_and_makes_none_where_there_is_none(operator):
    absent = operator.types("doctor")
    assert (absent.returncode, operator.data.exists()) == (1, False)
    assert "tresen serve" in absent.stdout

    operator.types("key", "add", "shop")
    sound = operator.types("doctor")

    assert (sound.returncode, sound.stderr) == (0, ""), sound.stdout
    assert {line.split()[0] for line in sound.stdout.splitlines()} == {"ok", "note"}


def test_what_the_doctor_finds_wrong_is_a_failure_told_in_one_sentence(operator):
    operator.types("key", "add", "shop")
    (operator.data / "secret-keys").chmod(0o644)
    ended = operator.types("doctor")

    assert ended.returncode == 1
    assert re.search("^wrong +data directory: .*chmod 600", ended.stdout, re.M)
    assert_one_sentence(ended.stderr)


# --- Serving


@pytest.mark.parametrize("words", [["doctor"], ["version"], ["--help"]], ids=" ".join)
def test_nobody_who_reads_what_is_printed_is_no_failure_of_ours(operator, words):
    read, write = os.pipe()
    os.close(read)
    try:
        ended = subprocess.run(
            [*operator.program, *words],
            env={**operator.environ, "PYTHONUNBUFFERED": ""},  # as it is for an operator
            cwd=operator.data.parent,
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    finally:
        os.close(write)

    assert (ended.returncode, ended.stderr) == (128 + signal.SIGPIPE, "")


def test_serving_answers_us_and_nobody_else_and_ends_in_good_order(operator):
    with operator.serving() as (process, origin):
        up = httpx.get(f"{origin}/up")
        assert (up.status_code, up.json()["status"]) == (200, "ok")
        assert httpx.get(f"{origin}/up", headers={"Host": "anybody.example"}).status_code == 200
        assert httpx.get(f"{origin}/o/x", headers={"Host": "anybody.example"}).status_code == 421
        assert httpx.get(f"{origin}/o/x", headers={"Host": "localhost:1"}).status_code == 421
        assert httpx.get(f"{origin}/o/x".replace("127.0.0.1", "localhost")).status_code == 404
        assert httpx.get(f"{origin}/o/x").status_code == 404

        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr is not None
        told = process.stderr.read()
    assert "TRESEN_BASE_URL is not set" in told
    assert "Traceback" not in told


def test_a_reader_who_stalls_does_not_hold_up_the_end_for_more_than_ten_seconds(operator):
    with operator.serving() as (process, origin):
        assert httpx.get(f"{origin}/up").status_code == 200
        host, port = origin.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as stalled:
            stalled.sendall(b"GET /up HTTP/1.1\r\nHost: ")
            process.send_signal(signal.SIGINT)
            assert process.wait(12) == 0


def test_a_host_that_is_nowhere_is_a_failure(operator):
    ended = operator.types("serve", "--host", "nowhere.invalid", "--port", "0")

    assert ended.returncode == 1
    assert "--host" in ended.stderr
    assert_one_sentence(ended.stderr)


def test_a_port_that_is_taken_is_a_failure(operator):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = operator.types(
            "serve", "--port", str(taken.getsockname()[1]), TRESEN_BASE_URL="https://portal.example.org"
        )

    assert ended.returncode == 1
    assert "(Address already in use)" in ended.stderr
    assert "--port" in ended.stderr
    assert_one_sentence(ended.stderr)


HANDED_OVER = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": os.environ["HANDED"], "LISTEN_FDNAMES": "tresen.socket"}
os.execv(sys.executable, [sys.executable, "-m", "app", "serve"])
"""


@pytest.fixture
def socket_unit(operator):
    """A port that somebody else holds, as systemd does, and hands over at each start."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        start = [sys.executable, "-c", HANDED_OVER, str(listener.fileno())]

        @contextmanager
        def started(handed: str = "1") -> Iterator[subprocess.Popen[str]]:
            with subprocess.Popen(
                start,
                env={**operator.environ, "HANDED": handed},
                pass_fds=(listener.fileno(),),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process:
                try:
                    yield process
                finally:
                    process.kill()

        yield listener.getsockname()[1], started


def test_a_socket_that_systemd_holds_is_served_and_who_comes_between_two_starts_is_not_refused(socket_unit):
    port, started = socket_unit
    with started() as first:
        assert first.stdout.readline() == f"Tresen serves http://127.0.0.1:{port}\n"
        assert httpx.get(f"http://127.0.0.1:{port}/up").status_code == 200
        first.send_signal(signal.SIGTERM)
        assert first.wait(SECONDS) == 0

    with socket.create_connection(("127.0.0.1", port), timeout=SECONDS) as waiting:
        waiting.sendall(b"GET /up HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with started():
            assert waiting.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_two_sockets_are_a_failure_as_nobody_says_which_is_meant(socket_unit):
    _, started = socket_unit
    with started("2") as process:
        assert process.wait(SECONDS) == 1
        assert_one_sentence(process.stderr.read())


def test_a_socket_that_was_meant_for_the_process_before_is_none_of_ours(operator):
    with operator.serving(LISTEN_PID="1", LISTEN_FDS="1") as (_, origin):
        assert httpx.get(f"{origin}/up").status_code == 200


def test_serving_after_a_kill_finds_everything_and_needs_no_help(operator):
    with operator.serving() as (process, origin):
        assert httpx.get(f"{origin}/up").status_code == 200
        process.kill()
        process.wait(10)

    with operator.serving() as (_, origin):
        assert httpx.get(f"{origin}/up").status_code == 200


# --- What it tells


def test_the_most_talkative_log_tells_nothing_that_is_written_to_the_database(operator):
    said = operator.types("key", "add", "Wortreich", TRESEN_LOG_LEVEL="debug")

    assert said.returncode == 0
    assert "Wortreich" not in said.stderr
    assert "INSERT" not in said.stderr
