"""The drill: a shop is saved by itself to every kind of place, brought back from there, and nothing differs."""

import hashlib
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import boto3
import pytest

from db.backups import BackupRun, BackupSettings, BackupState
from db.engine import Database
from db.outbox import Job
from db.storages import StorageKind
from integrations.clouds import Clouds
from integrations.local_folder import Grounds, LocalFolder
from portal import outbox, restore, scheduled_backups, settings
from portal import storages as connected
from portal.activity import By
from portal.jobs import attempt, lease
from portal.outbox import Lane
from portal.scheduled_backups import KIND
from portal.settings import BackupsChange
from portal.storages import NewStorage, Storages
from portal.vault import Vault
from tests.factories import KEYS, NOON, SHOP
from tests.integrations.clouds.servers import PASSWORD, USER, dav, moto
from tests.portal.test_doctor import Clinic

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
async def storages_of_drill(database: Database) -> AsyncIterator[Storages]:
    data = database.path.parent
    (data / "files").mkdir()
    grounds = Grounds(roots=(data / "files",), data=data, files=data / "files")
    clouds = Clouds()
    local = {StorageKind.LOCAL: partial(LocalFolder, grounds=grounds)}
    yield Storages({**local, **clouds.openers()}, Vault(KEYS))
    await clouds.close()


@pytest.fixture
def storages(storages_of_drill: Storages) -> Storages:
    return storages_of_drill


def counts(database: Path) -> dict[str, int]:
    with closing(sqlite3.connect(database)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}


def documents(database: Path) -> dict[str, str]:
    """The sums of all documents of the shop, which are rows of its database."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT invoice_id, format, content, sha256 FROM invoice_document").fetchall()
    assert all(hashlib.sha256(content).hexdigest() == told for *_, content, told in rows)
    return {f"{invoice} {kind}": told for invoice, kind, _, told in rows}


def at_s3(stack: ExitStack, _folder: Path):
    origin = stack.enter_context(moto())
    client = boto3.client("s3", endpoint_url=origin, region_name="us-east-1")
    client.create_bucket(Bucket="shop")
    options = {"endpoint": origin, "bucket": "shop", "prefix": "b", "access_key_id": "a", "secret_access_key": "b"}

    def names() -> set[str]:
        return {each["Key"] for each in client.list_objects_v2(Bucket="shop").get("Contents", [])}

    return options, lambda name: client.get_object(Bucket="shop", Key=f"b/{name}")["Body"].read(), names


def at_webdav(stack: ExitStack, folder: Path):
    (folder / "b").mkdir(parents=True)
    origin = stack.enter_context(dav(folder))
    options = {"endpoint": origin, "username": USER, "password": PASSWORD, "root": "b"}

    def names() -> set[str]:
        return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}

    return options, lambda name: (folder / "b" / name).read_bytes(), names


PLACES = {StorageKind.LOCAL: None, StorageKind.S3: at_s3, StorageKind.WEBDAV: at_webdav}


@pytest.mark.parametrize("kind", PLACES)
async def test_what_comes_back_is_the_shop_document_for_document_and_row_for_row(house, tmp_path, monkeypatch, kind):
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "test")
    clinic = Clinic(house)
    await clinic.stands()
    pdf = clinic.data / "files" / "bente.pdf"
    pdf.write_bytes(b"%PDF- a pattern")
    folder = house.scheduled_backups.folder
    with ExitStack() as stack:
        fetch, names = lambda name: (folder / name).read_bytes(), None
        if at := PLACES[kind]:
            options, fetch, names = at(stack, tmp_path / "elsewhere")
            await backed_up_to(kind, options, house)
        first, run = await saved(house), await saved(house)

        assert run.state is BackupState.DONE, (run.error, run.detail)
        archive = tmp_path / "brought.tar.gz"
        archive.write_bytes(fetch(run.name))
        again = tmp_path / "again"
        await restore.restore(archive, again, "tresen.sqlite3")
        place = {"data": again, "database": again / "tresen.sqlite3", "key_file": again / "secret-keys"}
        assert await clinic.finds_wrong(NOON, **place) == {}
        left = names() if names else {f"b/{path.name}" for path in folder.iterdir() if path.is_file()}
    assert left == {f"b/{run.name}"}  # one is kept, and nothing half
    assert first.name != run.name
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == run.sha256
    before, after = counts(house.database.path), counts(again / "tresen.sqlite3")
    assert after.pop("activity") == before.pop("activity") + 1  # that it was restored
    assert after == before
    assert len(documents(again / "tresen.sqlite3")) >= 3
    assert documents(again / "tresen.sqlite3") == documents(house.database.path)
    assert (again / "files" / "bente.pdf").read_bytes() == pdf.read_bytes()
    assert (again / "secret-keys").read_text() == KEYS[0]
    await ended_in(again, run)


async def backed_up_to(kind, options, house) -> None:
    async with house.database.writing() as session:
        row = await connected.add(
            NewStorage(name="Elsewhere", kind=kind, options=options), house.storages, session, SHOP
        )
        await settings.change(BackupSettings, BackupsChange(storage_id=row.id), session, SHOP)


async def saved(house) -> BackupRun:
    async with house.database.writing() as session:
        await settings.change(BackupSettings, BackupsChange(kept=1), session, By("merchant:1", NOW))
        await house.scheduled_backups.begin(session, NOW)
    async with house.database.writing() as session:
        job = await outbox.claim(Lane(KIND), lease(house.scheduled_backups), session, NOW)
    assert job
    await attempt(job, house.scheduled_backups, house.database.writing, lambda: NOW)
    async with house.database.reading() as session:
        return (await scheduled_backups.runs(session))[0]


async def ended_in(again: Path, run: BackupRun) -> None:
    """The shop that came back holds its own backup as running: done again, it would replace that very archive."""
    with closing(sqlite3.connect(again / "tresen.sqlite3")) as connection:
        [row] = connection.execute("SELECT state, error FROM backup_run WHERE name = ?", (run.name,)).fetchall()
        waiting = f"SELECT payload FROM {Job.__tablename__} WHERE kind = ? AND done_at IS NULL"
        [payload] = connection.execute(waiting, (KIND,)).fetchall()
    assert row == ("failed", "restored")
    assert json.loads(payload[0]) == {"run": run.id}
