"""Merchants and their passwords."""

import pytest
from sqlalchemy import func, select

from db.activity import Activity
from db.engine import Database
from db.merchants import Merchant, MerchantSession
from portal import merchants, sessions
from portal.activity import By
from portal.merchants import NoMailAddress, PasswordUnfit
from tests.factories import NOON

PASSWORD = "Garn und Nadel 7"
BY = By("test", NOON)


async def put(database: Database, email: str = "jana@example.org", password: str = PASSWORD) -> Merchant:
    new = await merchants.newly(email, password)
    async with database.writing() as session:
        return await merchants.put(new, session, BY)


async def test_a_password_fits_its_own_hash_and_no_other():
    made = await merchants.hashed(PASSWORD)

    assert made.startswith("$argon2id$")
    assert PASSWORD not in made
    assert await merchants.fits(made, PASSWORD)
    assert not await merchants.fits(made, PASSWORD + " ")


@pytest.mark.parametrize("stored", [None, "", "garbage", "$argon2id$v=19$m=1"])
async def test_without_a_usable_hash_no_password_fits(stored):
    assert not await merchants.fits(stored, PASSWORD)


async def test_the_same_password_is_never_stored_alike_twice():
    assert await merchants.hashed(PASSWORD) != await merchants.hashed(PASSWORD)


@pytest.mark.parametrize("password", ["", "123456789", "x" * 1001])
async def test_a_password_that_is_too_short_or_absurdly_long_is_none(password):
    with pytest.raises(PasswordUnfit):
        await merchants.newly("jana@example.org", password)


@pytest.mark.parametrize("email", ["", "jana", "jana@", "@example.org", "ja na@example.org", "a@b@c", "<a@b>"])
async def test_what_is_no_mail_address_makes_no_merchant(email):
    with pytest.raises(NoMailAddress):
        await merchants.newly(email, PASSWORD)


async def test_an_address_is_one_whatever_its_capitals(database: Database):
    first = await put(database, " Jana@Example.org ")

    second = await put(database, "jana@example.ORG", "ein neues Passwort")

    assert first.id == second.id
    assert second.email == "jana@example.org"


async def test_a_new_password_from_the_terminal_signs_out_everywhere(database: Database):
    merchant = await put(database)
    async with database.writing() as session:
        token = await sessions.start(merchant, session, NOON)

    changed = await put(database, password="ein neues Passwort")

    assert await sessions.behind(token, database, NOON) is None
    assert await merchants.fits(changed.password_hash, "ein neues Passwort")


async def test_whoever_changes_the_password_stays_where_they_are(database: Database):
    merchant = await put(database)
    async with database.writing() as session:
        here = await sessions.start(merchant, session, NOON)
        await sessions.start(merchant, session, NOON)
        row = await session.get_one(Merchant, merchant.id)
        kept = await sessions.id_of(here, session)
        await merchants.set_password(row, await merchants.hashed("ein neues Passwort"), session, BY, keeping=kept)

    async with database.reading() as session:
        left = await session.scalar(select(func.count()).select_from(MerchantSession))
    assert left == 1
    assert await sessions.behind(here, database, NOON) is not None


async def test_the_history_tells_of_it_without_the_password(database: Database):
    await put(database)
    await put(database, password="ein neues Passwort")

    async with database.reading() as session:
        told = [(row.kind, row.details) for row in await session.scalars(select(Activity).order_by(Activity.id))]
    assert told == [
        ("merchant_added", {"email": "jana@example.org"}),
        ("password_changed", {"email": "jana@example.org"}),
    ]
