"""The newest Tresen over the data directory of the first one: tests/first_shop, which stays as it was."""

from __future__ import annotations

import hashlib
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest

import assembly
from command_line import Failure
from config import from_environment, with_data_directory
from db import migrate as migrations
from db.migrate import current, newest
from tests.test_command import Operator, assert_one_sentence

FIRST = Path(__file__).with_name("first_shop")
SENT = "/o/WzEsMV0.RSvtm5v4YuubPFvEwwr6cD8_yYTpf-gPfVm_gk-W6uQ"  # in some customer's mailbox
COUNTED = ('"order"', "line", "payment", "invoice", "download", "allowance", "file", "waiver_text", "activity", "image")
BROKEN = '''
"""A migration that finds something it did not expect."""
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    op.execute("DELETE FROM payment")
    raise RuntimeError("order 3 has no lines")
'''


@pytest.fixture
def operator(tmp_path):
    """Has the first shop on the disk, and a newer Tresen in hand."""
    data = tmp_path / "data"
    shutil.copytree(FIRST / "files", data / "files")
    data.chmod(0o700)
    shutil.copyfile(FIRST / "secret-keys", data / "secret-keys")
    (data / "secret-keys").chmod(0o600)
    told = (FIRST / "tresen.sql").read_text(encoding="utf-8").replace("/srv/tresen/files", str(data / "files"))
    with closing(sqlite3.connect(data / "tresen.sqlite3")) as database:
        database.executescript(told)
    (data / "tresen.sqlite3").chmod(0o600)
    return Operator(data)


@pytest.mark.parametrize(
    "variable", ["TRESEN_SMTP_URL=foo", "TRESEN_PAYPAL_API_BASE=foo", "TRESEN_BILLBEE_API_BASE=foo"]
)
def test_a_variable_that_is_wrong_is_refused_before_the_database_is_touched(operator, variable):
    """The Tresen of before could not go on with a database that was migrated."""
    name, value = variable.split("=")
    before = current(database_of(operator))

    ended = operator.types("serve", "--port", "0", **{name: value})

    assert ended.returncode == 2
    assert_one_sentence(ended.stderr)
    assert current(database_of(operator)) == before != newest()


def database_of(operator: Operator) -> Path:
    return operator.data / "tresen.sqlite3"


def counts(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(database)) as connection:
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in COUNTED}


def everything(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return list(connection.iterdump())


def test_what_the_first_tresen_kept_is_all_there_and_a_copy_lies_beside(operator):
    before = everything(database_of(operator))
    counted = counts(database_of(operator))

    assert operator.types("key", "add", "shop").returncode == 0

    assert current(database_of(operator)) == newest()
    now = counts(database_of(operator))
    assert {name: now[name] for name in COUNTED if name != "activity"} == {
        name: counted[name] for name in COUNTED if name != "activity"
    }
    assert now["activity"] >= counted["activity"]
    [copy] = (operator.data / "backups").iterdir()
    assert copy.name.startswith("tresen-0004-")
    assert everything(copy) == before


def test_links_that_were_sent_open_invoices_have_their_bytes_and_files_come_stamped(operator):
    with operator.serving() as (_, origin), httpx.Client(base_url=origin, follow_redirects=True) as customer:
        page = customer.get(SENT)
        assert page.status_code == 200
        assert "Schnittmuster" in page.text

        number = re.search(rf"{re.escape(SENT)}/invoices/(\d+)\.pdf", page.text)
        assert number
        with closing(sqlite3.connect(database_of(operator))) as database:
            [kept] = database.execute(
                "SELECT sha256 FROM invoice_document WHERE invoice_id = ? AND format = 'pdf'", (number[1],)
            ).fetchone()
        assert hashlib.sha256(customer.get(number[0]).content).hexdigest() == kept

        action = re.search(r'<form[^>]*data-deed="start-download"[^>]*>', page.text)
        assert action
        target = re.search(r'action="([^"]+)"', action[0])
        assert target
        file = customer.post(target[1], headers={"Sec-Fetch-Site": "same-origin"})
        assert (file.status_code, file.content[:5]) == (200, b"%PDF-")


def test_the_link_of_an_order_is_the_one_that_was_sent_and_the_doctor_finds_nothing_wrong(operator):
    ended = operator.types("link", "etsy", "3123456789")
    assert ended.stdout.strip().endswith(SENT)

    told = operator.types("doctor")
    assert (told.returncode, told.stderr) == (0, ""), told.stdout


def test_a_migration_that_fails_leaves_everything_as_it_was_and_says_how_to_go_on(
    operator, tmp_path, monkeypatch, capsys
):
    folder = tmp_path / "migrations"
    shutil.copytree(migrations.VERSIONS.parent, folder, ignore=shutil.ignore_patterns("__pycache__"))
    revision = f"{int(newest()) + 1:04}"
    (folder / f"versions/{revision}_broken.py").write_text(BROKEN.format(revision=revision, before=newest()))
    before = everything(database_of(operator))
    monkeypatch.setattr(migrations, "VERSIONS", folder / "versions")
    config = with_data_directory(from_environment({"TRESEN_DATA": str(operator.data)}))

    with pytest.raises(Failure) as failed:
        assembly.migrated(config)

    told = str(failed.value)
    [copy] = (operator.data / "backups").iterdir()
    assert_one_sentence(f"{told}\n")
    assert "order 3 has no lines" in told
    assert "the Tresen that you ran before" in told
    assert str(copy) in told
    assert everything(database_of(operator)) == everything(copy) == before


def test_going_back_with_the_copy_is_what_the_manual_says(operator):
    """Put the copy in the place of the database, without the two files beside it."""
    before = everything(database_of(operator))
    operator.types("key", "add", "shop")
    [copy] = (operator.data / "backups").iterdir()
    for end in ("-wal", "-shm"):
        Path(f"{database_of(operator)}{end}").unlink(missing_ok=True)
    copy.replace(database_of(operator))

    assert everything(database_of(operator)) == before


def test_without_a_writable_place_for_the_copy_nothing_is_migrated_and_the_sentence_says_so(operator):
    (operator.data / "backups").write_text("a file where the folder should be")

    ended = operator.types("serve", "--port", "0")

    assert ended.returncode == 1
    assert_one_sentence(ended.stderr)
    assert "could not be copied" in ended.stderr
    assert current(database_of(operator)) == "0004"
