"""A real database and a whole house for every test that asks: migrated once, then copied."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from db.engine import Database
from db.migrate import migrate
from db.storages import StorageKind
from integrations import order_csv
from integrations.local_folder import Grounds, LocalFolder
from integrations.smtp import SmtpMailer
from pdfkit.child import Child
from portal import settings
from portal.ground import Ground
from portal.house import House, built
from portal.storages import Storages
from portal.vault import Vault
from tests.factories import BERLIN, KEYS
from views.mail import lost_link, notices, templated


@pytest.fixture(scope="session")
def fresh_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the newest schema with the default settings in it; not to be opened, only to be copied."""
    place = tmp_path_factory.mktemp("template") / "tresen.sqlite3"
    migrate(place, place.parent / "backups")

    async def lay_out() -> None:
        database = Database(place)
        async with database.writing() as session:
            await settings.lay_out(session)
        await database.close()

    asyncio.run(lay_out())
    assert not place.with_name("tresen.sqlite3-wal").exists(), "what is copied must be the whole database"
    return place


@pytest.fixture
async def database(tmp_path: Path, fresh_database: Path) -> AsyncIterator[Database]:
    place = tmp_path / "data" / "tresen.sqlite3"
    place.parent.mkdir(exist_ok=True)
    shutil.copyfile(fresh_database, place)
    database = Database(place)
    yield database
    await database.close()


@pytest.fixture
def storages(database: Database) -> Storages:
    """Local folders inside `data/files` of the test's own directory."""
    data = database.path.parent
    (data / "files").mkdir()
    grounds = Grounds(roots=(data / "files",), data=data, files=data / "files")
    return Storages({StorageKind.LOCAL: partial(LocalFolder, grounds=grounds)}, Vault(KEYS))


@pytest.fixture
async def house(database: Database, storages: Storages) -> AsyncIterator[House]:
    """The whole house over a data directory. Its child starts with the first PDF that needs it."""
    child = Child()  # bound to the event loop of the test, hence none for the whole session
    house = built(
        Ground(
            base_url="https://portal.example.org",
            keys=KEYS,
            zone=BERLIN,
            cache=database.path.parent / "cache",
            backups=database.path.parent / "backups" / "scheduled",
            database=database,
            storages=storages,
            child=child,
            mailer_for=SmtpMailer,
            csv_reader=order_csv,
            lost_link_mail=lost_link.written,
            notice_mail=notices.written,
            templated_mail=templated.written,
        )
    )
    yield house
    house.glance.close()
    await child.close()
