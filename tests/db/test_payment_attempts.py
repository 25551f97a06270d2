"""What the tables themselves hold of payments, whatever code asks them."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from db import migrate as migrations
from db.orders import Order
from db.payment_attempts import AttemptEvent, OpenPayment, PaymentAttempt, PaymentEvent
from db.payment_providers import PaymentProvider, ProviderKind
from portal import order_imports
from tests.factories import NOON, SHOP, an_imported_order


@pytest.fixture
async def attempts(database) -> list[PaymentAttempt]:
    """Two attempts for one order."""
    async with database.writing() as session:
        order, _ = await order_imports.put(order_imports.Key("shop", "1"), an_imported_order(), session, SHOP)
        provider = PaymentProvider(name="PayPal", kind=ProviderKind.PAYPAL, created_at=NOON, credentials_at=NOON)
        session.add(provider)
        await session.flush()
        rows = [
            PaymentAttempt(
                mark=mark,
                order_id=order.id,
                provider_id=provider.id,
                amount=2000,
                currency="EUR",
                label="12345678",
                client_id="an-app",
                sandbox=False,
                started_at=NOON,
            )
            for mark in ("a", "b")
        ]
        session.add_all(rows)
        await session.flush()
        session.add_all(PaymentEvent(attempt_id=row.id, at=NOON, kind=AttemptEvent.CREATED) for row in rows)
    return rows


async def test_an_order_has_one_open_attempt_at_most(database, attempts):
    with pytest.raises(IntegrityError):
        async with database.writing() as session:
            session.add_all(OpenPayment(order_id=each.order_id, attempt_id=each.id) for each in attempts)


@pytest.mark.parametrize("table", [PaymentAttempt, PaymentEvent])
@pytest.mark.parametrize("deed", ["update", "delete"])
async def test_what_happened_to_a_payment_is_never_edited(database, attempts, table, deed):
    change = delete(table) if deed == "delete" else update(table).values(id=99)

    with pytest.raises(IntegrityError, match="frozen"):
        async with database.writing() as session:
            await session.execute(change)


async def test_a_provider_that_was_paid_through_cannot_be_deleted(database, attempts):
    with pytest.raises(IntegrityError):
        async with database.writing() as session:
            await session.execute(delete(PaymentProvider))


async def test_every_event_outdates_the_customer_s_page(database, attempts):
    async with database.reading() as session:
        before = (await session.get_one(Order, attempts[0].order_id)).version
    async with database.writing() as session:
        session.add(PaymentEvent(attempt_id=attempts[0].id, at=NOON, kind=AttemptEvent.DECLINED))
    async with database.reading() as session:
        assert (await session.get_one(Order, attempts[0].order_id)).version > before


BEFORE = """
INSERT INTO payment_provider VALUES (1, 'PayPal', 'paypal', 1, 'an-app', '', NULL, 1, '[]', :at, :at);
INSERT INTO payment_attempt (id, mark, order_id, provider_id, amount, currency, label, started_at)
VALUES (1, 'a', 1, 1, 2000, 'EUR', '1', :at);
""".replace(":at", "'2026-12-01 11:00:00'")


def _later(_folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name[:4].isdecimal() and name[:4] > "0012"]


def test_what_was_begun_before_accounts_were_noted_belongs_to_its_provider_s(tmp_path, monkeypatch):
    place, older = tmp_path / "tresen.sqlite3", tmp_path / "older"
    shutil.copytree(migrations.VERSIONS.parent, older, ignore=_later)
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "VERSIONS", older / "versions")
        migrations.migrate(place, tmp_path / "backups")
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.executescript(BEFORE)

    migrations.migrate(place, tmp_path / "backups")

    with closing(sqlite3.connect(place)) as connection, connection:
        assert connection.execute("SELECT client_id, sandbox FROM payment_attempt").fetchall() == [("an-app", 1)]
        with pytest.raises(sqlite3.IntegrityError, match="frozen"):
            connection.execute("UPDATE payment_attempt SET sandbox = 0")
