"""The doctor: a sound shop has nothing wrong, and whatever is broken is named with its remedy, and nothing else is."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from db.activity import Activity
from db.invoices import Invoice
from db.payment_providers import ProviderKind
from db.settings import MailTls, SellerSettings
from db.storages import StorageKind
from integrations.smtp import SmtpMailer
from portal import doctor, mail_servers, number_gaps, payment_providers, settings, storages
from portal.activity import entry
from portal.doctor import Finding, Level, Patient
from portal.house import House
from portal.mail_servers import MailServer
from portal.number_gaps import NewNumberGap
from portal.payment_providers import NewProvider
from portal.settings import MailChange, SellerChange
from portal.storages import NewStorage
from portal.vault import Vault
from tests.factories import DAY, KEYS, NOON, SHOP
from tests.portal.invoicing import Bookkeeping
from tests.pretend_mail import open_post_office

KEY_FILE = "secret-keys"


class Clinic:
    """A shop that is sound, until a test breaks something of it."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.data = house.database.path.parent
        self.data.chmod(0o700)
        self.key_file = self.data / KEY_FILE
        self.key_file.write_text(KEYS[0])
        self.key_file.chmod(0o600)
        self.books = Bookkeeping(house.database, house.scratch)
        self.patient = Patient(
            data=self.data,
            database=house.database.path,
            key_file=self.key_file,
            base_url="https://portal.example.org",
            base_url_given=True,
            vault=Vault(KEYS),
            storages=house.storages,
            provider_checks=house.provider_checks,
            mail_server=None,
            mail_probe=SmtpMailer,
        )

    async def examines(self, now: datetime = NOON, **changes: Any) -> dict[str, Finding]:
        patient = replace(self.patient, **changes)
        return {finding.about: finding async for finding in doctor.examined(patient, now)}

    async def finds_wrong(self, now: datetime = NOON, **changes: Any) -> dict[str, Finding]:
        found = await self.examines(now, **changes)
        return {about: finding for about, finding in found.items() if finding.level is Level.WRONG}

    async def stands(self) -> None:
        """With a storage, a provider, and three documents in a series."""
        async with self.house.database.writing() as session:
            new = NewStorage(name="Muster", kind=StorageKind.LOCAL, options={"root": str(self.data / "files")})
            await storages.add(new, self.house.storages, session, SHOP)
            provider = NewProvider(name="Überweisung", kind=ProviderKind.BANK_TRANSFER, active=True)
            await payment_providers.add(provider, self.house.vault, session, SHOP)
            seller = SellerChange(name="Nähwerk", iban="DE02120300000000202051")
            await settings.change(SellerSettings, seller, session, SHOP)
        await self.books.opens()
        for name in "123":
            await self.books.asks(await self.books.is_ordered(name))

    async def does(self, *statements: str) -> None:
        """By hand, past every trigger: what a broken disk or a bold hand would leave."""
        async with self.house.database.writing() as session:
            named = await session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for trigger in named.all():
                await session.execute(text(f"DROP TRIGGER {trigger}"))
            for statement in statements:
                await session.execute(text(statement))

    async def mails_by(self, **server: Any) -> None:
        ordinary = {"smtp_host": "127.0.0.1", "smtp_tls": MailTls.NONE, "from_address": "shop@example.org"}
        async with self.house.database.writing() as session:
            await mail_servers.change(MailChange(**{**ordinary, **server}), self.house.vault, session, SHOP)


@pytest.fixture
async def clinic(house: House) -> Clinic:
    clinic = Clinic(house)
    await clinic.stands()
    return clinic


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "nowhere"


async def test_a_sound_shop_has_nothing_wrong_and_every_check_says_so_in_one_line(clinic):
    found = await clinic.examines()

    assert {about for about, finding in found.items() if finding.level is Level.WRONG} == set()
    assert list(found) == [
        "data directory", "disk", "base URL", "schema", "database", "clock", "keys", "mail", "storage Muster",
        "payment provider Überweisung", "documents", "numbers RE-2026-", "seals",
    ]  # fmt: skip
    assert found["documents"].told.startswith("6 stored documents")
    assert found["numbers RE-2026-"].told == "1 to 3, none missing"
    assert found["seals"].told.startswith("3 own documents, each sealed with the one before it;")
    assert "RE-2026-00003 " in found["seals"].told
    assert all("\n" not in finding.line for finding in found.values())
    assert [about for about, finding in found.items() if finding.level is Level.NOTE] == ["mail"]


async def test_it_changes_nothing(clinic):
    def dump() -> list[str]:
        with closing(sqlite3.connect(clinic.patient.database)) as connection:
            return list(connection.iterdump())

    before = dump()
    await clinic.examines()

    assert dump() == before


async def test_every_wrong_thing_comes_with_a_remedy(clinic):
    await clinic.does("UPDATE invoice_document SET content = x'00'", "UPDATE invoice SET sequence = 7 WHERE id = 2")
    found = await clinic.finds_wrong(free_bytes=lambda _: 0)

    assert {"disk", "documents", "numbers RE-2026-"} <= set(found)
    assert all(finding.remedy.endswith(".") for finding in found.values())


# --- The machine


async def test_a_data_directory_that_is_not_there(clinic, elsewhere):
    found = await clinic.finds_wrong(data=elsewhere, database=elsewhere / "tresen.sqlite3", key_file=None)

    assert set(found) == {"data directory", "schema"}
    assert not elsewhere.exists(), "whoever looks makes nothing"


@pytest.mark.parametrize(("place", "mode"), [(KEY_FILE, 0o644), (".", 0o755)])
async def test_others_who_can_look_in(clinic, place, mode):
    (clinic.data / place).chmod(mode)

    assert set(await clinic.finds_wrong()) == {"data directory"}


async def test_keys_that_are_lost(clinic):
    clinic.key_file.unlink()

    assert set(await clinic.finds_wrong()) == {"data directory"}


async def test_a_disk_without_room_for_a_copy(clinic):
    assert set(await clinic.finds_wrong(free_bytes=lambda _: 1_000_000)) == {"disk"}


@pytest.mark.parametrize(
    ("url", "given", "level"),
    [
        ("http://127.0.0.1:8000", False, Level.NOTE),
        ("http://portal.example.org", True, Level.NOTE),
        ("http://localhost:8000", True, Level.OK),
        ("https://portal.example.org", True, Level.OK),
    ],
)
async def test_a_base_url_that_others_could_read_or_that_nobody_set(clinic, url, given, level):
    found = await clinic.examines(base_url=url, base_url_given=given)

    assert found["base URL"].level is level


@pytest.mark.parametrize(("version", "told"), [("9999", "newer Tresen"), ("0001", "is needed")])
async def test_a_schema_of_another_tresen(clinic, version, told):
    await clinic.does(f"UPDATE alembic_version SET version_num = '{version}'")
    found = await clinic.examines()

    assert found["schema"].level is Level.WRONG
    assert told in found["schema"].told
    assert "documents" not in found, "what cannot be read is not guessed at"


async def test_a_file_that_is_no_database(clinic, tmp_path):
    place = tmp_path / "holiday.sqlite3"
    place.write_bytes(b"pictures" * 1000)

    assert "schema" in await clinic.finds_wrong(database=place)


async def test_a_database_that_only_its_disk_keeps_from_being_read_is_not_to_be_restored(clinic, tmp_path, monkeypatch):
    def unreadable(_database: Path) -> str:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
        raise error

    monkeypatch.setattr(doctor.machine, "current", unreadable)
    found = doctor.machine.schema(clinic.patient.database)

    assert found.level is Level.WRONG
    assert "Restore" not in found.line
    assert "room on the disk" in found.line


async def test_a_database_with_a_damaged_page(clinic):
    with closing(sqlite3.connect(clinic.patient.database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'invoice_document'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    whole = clinic.patient.database.read_bytes()
    place = (root - 1) * size
    copy = clinic.data / "damaged.sqlite3"
    copy.write_bytes(whole[:place] + b"\xff" * size + whole[place + size :])

    found = doctor.machine.integrity(copy)

    assert (await found).level is Level.WRONG


async def test_a_row_that_refers_to_nothing(clinic):
    with closing(sqlite3.connect(clinic.patient.database)) as connection:
        connection.execute("INSERT INTO order_tag (order_id, tag) VALUES (999, 'x')")
        connection.commit()

    assert set(await clinic.finds_wrong()) == {"database"}


async def test_a_clock_that_went_back(clinic):
    async with clinic.house.database.writing() as session:
        session.add(Activity(at=NOON + DAY, actor="tresen", kind="signed_in"))

    assert set(await clinic.finds_wrong()) == {"clock"}
    assert await clinic.finds_wrong(now=NOON + 2 * DAY) == {}


async def test_a_database_that_fails_in_the_middle_is_told_and_not_thrown(clinic):
    await clinic.does("DROP TABLE invoice_seal")
    found = await clinic.examines()

    assert found["the rest"].level is Level.WRONG
    assert "invoice_seal" in found["the rest"].told
    assert found["documents"].level is Level.OK


async def test_a_shop_without_numbers_is_told_so_in_one_line(house):
    found = await Clinic(house).examines()

    assert found["numbers"].line == "ok     numbers: none given out yet."


async def test_whatever_is_not_well_says_what_to_do(clinic):
    await clinic.does("UPDATE alembic_version SET version_num = '0001'")
    found = await clinic.examines()

    assert found["the rest"].remedy
    assert all(finding.remedy for finding in found.values() if finding.level is not Level.OK)


# --- The keys and what is asked of others


async def test_secrets_that_an_old_key_holds_are_a_note_and_those_of_a_lost_one_are_wrong(clinic):
    async with open_post_office() as office:
        await clinic.mails_by(smtp_port=office.port, smtp_password="geheim")
        new = "another key of sixteen letters"
        rotated = await clinic.examines(vault=Vault((new, *KEYS)), mail_server=None)
        lost = await clinic.finds_wrong(vault=Vault((new,)))

    assert rotated["keys"].level is Level.NOTE
    assert set(lost) == {"keys", "mail"}


async def test_a_mail_server_that_lets_us_in_gets_no_mail(clinic):
    async with open_post_office() as office:
        await clinic.mails_by(smtp_port=office.port)
        found = await clinic.examines()

    assert found["mail"].level is Level.OK
    assert office.mails == []


async def test_a_mail_server_that_is_not_there_or_does_not_let_us_in(clinic):
    async with open_post_office() as office:
        here = MailServer(host="127.0.0.1", port=office.port, tls=MailTls.NONE, from_address="shop@example.org")
        refused = await clinic.finds_wrong(mail_server=replace(here, tls=MailTls.STARTTLS))
    gone = await clinic.finds_wrong(mail_server=here)

    assert (set(refused), set(gone)) == ({"mail"}, {"mail"})


async def test_a_storage_whose_folder_is_gone(clinic):
    (clinic.data / "files").rmdir()

    assert set(await clinic.finds_wrong()) == {"storage Muster"}


async def test_a_payment_provider_that_lacks_something(clinic):
    async with clinic.house.database.writing() as session:
        await settings.change(SellerSettings, SellerChange(iban=""), session, SHOP)

    found = await clinic.finds_wrong()

    assert set(found) == {"payment provider Überweisung"}
    assert "iban" in found["payment provider Überweisung"].told


# --- The documents and their numbers


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoice_document SET content = content || x'00' WHERE invoice_id = 2 AND format = 'pdf'",
        "UPDATE invoice_document SET sha256 = 'x' WHERE invoice_id = 2 AND format = 'xml'",
        "DELETE FROM invoice_document WHERE invoice_id = 2 AND format = 'xml'",
        "DELETE FROM invoice_snapshot WHERE invoice_id = 2",
    ],
)
async def test_a_document_that_is_not_what_it_was(clinic, statement):
    await clinic.does(statement)
    found = await clinic.finds_wrong()

    assert "documents" in found
    assert "RE-2026-00002" in found["documents"].told


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE invoice SET sequence = 7 WHERE id = 2", "2 missing"),
        ("UPDATE invoice SET issued_on = '2036-01-01' WHERE id = 3", "the day of 3 has not come yet"),
        ("UPDATE number_series SET next = 6", "4, 5 missing"),
        ("UPDATE number_series SET first = 2", "3 documents for 2 numbers"),
        ("UPDATE invoice SET issued_on = '2026-11-30' WHERE id = 2", "backwards at 2"),
    ],
)
async def test_numbers_that_do_not_follow_one_another(clinic, statement, told):
    await clinic.does(statement)
    found = await clinic.finds_wrong()

    assert "numbers RE-2026-" in found
    assert told in found["numbers RE-2026-"].told


FORGED = "x'255044462d312e37'"
SUM_OF_FORGED = hashlib.sha256(b"%PDF-1.7").hexdigest()


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        (
            [f"UPDATE invoice_document SET content = {FORGED}, sha256 = '{SUM_OF_FORGED}'"
             " WHERE invoice_id = 2 AND format = 'pdf'"],
            "RE-2026-00002, or what came before",
        ),
        (["UPDATE invoice SET issued_on = '2026-11-30' WHERE id = 1"], "RE-2026-00001, or what came before"),
        (["UPDATE invoice SET total_gross = 1 WHERE id = 3"], "RE-2026-00003, or what came before"),
        (["UPDATE invoice_snapshot SET content = '{}' WHERE invoice_id = 3"], "RE-2026-00003, or what came before"),
        (["UPDATE invoice_seal SET seal = 'x' WHERE invoice_id = 2"], "RE-2026-00002, RE-2026-00003, or"),
        (["DELETE FROM invoice_seal WHERE invoice_id = 3"], "RE-2026-00003 bear no seal"),
        (
            [
                *(f"DELETE FROM {table} WHERE invoice_id = 3" for table in
                  ("invoice_document", "invoice_snapshot", "invoice_seal")),
                "DELETE FROM invoice WHERE id = 3",
                "UPDATE number_series SET next = 3",
            ],
            "RE-2026-00003 were issued and are not there any more",
        ),
    ],
    ids=["document and sum", "day", "total", "snapshot", "seal", "no seal", "the last one with its counter"],
)  # fmt: skip
async def test_what_was_changed_together_with_all_that_proves_it(clinic, statements, told):
    await clinic.does(*statements)

    assert told in (await clinic.finds_wrong())["seals"].told


async def test_a_prefix_that_two_templates_came_to_is_one_series(clinic):
    await clinic.does("UPDATE invoice SET series = 'RE-2026-', year = 0 WHERE id = 3")

    assert await clinic.finds_wrong() == {}


async def test_an_own_document_that_no_series_counts(clinic):
    await clinic.does("DELETE FROM number_series")
    found = await clinic.finds_wrong()

    assert "numbers" in found
    assert "RE-2026-00001" in found["numbers"].told


async def test_more_documents_than_one_batch_are_all_looked_at(clinic):
    for number in range(4, 60):
        await clinic.books.asks(await clinic.books.is_ordered(str(number)))
    last = max(row.id for row in await clinic.books.every(Invoice))
    await clinic.does(f"UPDATE invoice_document SET sha256 = 'x' WHERE invoice_id = {last}")

    found = await clinic.finds_wrong()
    number = (await clinic.books.numbers())[-1]
    assert set(found) == {"documents", "seals"}
    assert all(number in finding.told for finding in found.values())


async def test_a_restored_shop_is_told_that_numbers_may_come_again_until_they_are_skipped(clinic):
    async with clinic.house.database.writing() as session:
        session.add(entry(SHOP, number_gaps.RESTORED, notice=True))
    before = await clinic.examines()
    async with clinic.house.database.writing() as session:
        wanted = NewNumberGap(prefix="RE-2026-", next=7, reason="Sicherung vom Vortag")
        await number_gaps.skip(wanted, session, SHOP)
    after = await clinic.examines()

    assert "RE-2026-" in before["restored"].told
    assert "restored" not in after
    assert after["numbers RE-2026-"].told == "1 to 6, 4 to 6 skipped on record after a restore"
    assert after["numbers RE-2026-"].level is Level.OK
