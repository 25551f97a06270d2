"""Who comes in, how long they stay, and how long a guesser waits."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from db.engine import Database
from db.merchants import MerchantSession
from portal import merchants, sessions
from portal.activity import By
from portal.sessions import (
    AT_MOST,
    UNUSED_FOR,
    WITH_ACCOUNTS,
    WITH_ADDRESSES,
    Door,
    Knock,
    NotTheFirst,
    SignInRefused,
    Throttle,
    TooSoon,
)
from tests.factories import NOON

EMAIL, PASSWORD = "jana@naehwerk.example", "Garn und Nadel 7"
HOME = Knock("192.0.2.0/32", NOON)


@pytest.fixture
async def door(database: Database) -> Door:
    new = await merchants.newly(EMAIL, PASSWORD)
    async with database.writing() as session:
        await merchants.put(new, session, By("test", NOON))
    return Door(database, "ABCD-2345")


async def sessions_of(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(MerchantSession)) or 0


# --- How long a guesser waits


@pytest.mark.parametrize(
    ("tries", "seconds"), [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (10, 32), (11, 60), (50, 60), (10**6, 60)]
)
def test_the_wait_for_an_account_doubles_and_stays_short(tries, seconds):
    assert WITH_ACCOUNTS.wait(tries) == timedelta(seconds=seconds)


def test_a_network_that_guesses_at_many_accounts_waits_longer():
    assert WITH_ADDRESSES.wait(14) == timedelta(0)
    assert WITH_ADDRESSES.wait(40) == timedelta(minutes=15)


def test_tries_at_once_are_counted_before_it_is_known_how_they_end():
    throttle, keys = Throttle(), [("account a", WITH_ACCOUNTS)]
    for _ in range(5):
        throttle.count(keys, NOON)

    with pytest.raises(TooSoon) as refused:
        throttle.count(keys, NOON)

    assert refused.value.seconds == 1


def test_a_try_that_came_too_soon_does_not_make_the_wait_longer():
    throttle, keys = Throttle(), [("account a", WITH_ACCOUNTS)]
    for _ in range(5):
        throttle.count(keys, NOON)
    for _ in range(20):
        with pytest.raises(TooSoon):
            throttle.count(keys, NOON)

    throttle.count(keys, NOON + timedelta(seconds=1))


def test_after_an_hour_without_a_try_all_is_forgotten():
    throttle, keys = Throttle(), [("account a", WITH_ACCOUNTS)]
    for second in range(0, 3000, 100):
        throttle.count(keys, NOON + timedelta(seconds=second))

    throttle.count(keys, NOON + timedelta(seconds=2900, hours=1))
    throttle.count(keys, NOON + timedelta(seconds=2900, hours=1))


def test_many_made_up_accounts_do_not_fill_the_memory():
    throttle = Throttle(most=10)
    for number in range(100):
        throttle.count([(f"account {number}", WITH_ACCOUNTS)], NOON)

    assert len(throttle._tries) == 10


# --- Who comes in


async def test_address_and_password_open_the_door(door: Door, database: Database):
    token = await door.sign_in(f" {EMAIL.upper()} ", PASSWORD, HOME)

    merchant = await sessions.behind(token, database, NOON)

    assert merchant is not None
    assert merchant.email == EMAIL


@pytest.mark.parametrize(("email", "password"), [(EMAIL, "Garn und Nadel 8"), ("tom@example.org", PASSWORD), ("", "")])
async def test_whatever_does_not_fit_is_refused_alike(door: Door, database: Database, email, password):
    with pytest.raises(SignInRefused):
        await door.sign_in(email, password, HOME)

    assert await sessions_of(database) == 0


async def test_a_token_is_stored_nowhere(door: Door, database: Database):
    token = await door.sign_in(EMAIL, PASSWORD, HOME)

    async with database.reading() as session:
        (row,) = await session.scalars(select(MerchantSession))
    assert token not in vars(row).values()


async def test_the_first_run_is_over_once_there_is_a_merchant(door: Door):
    with pytest.raises(NotTheFirst):
        await door.first_run("abcd2345", "tom@example.org", PASSWORD, HOME)


async def test_a_guessed_code_opens_nothing(database: Database):
    door = Door(database, "ABCD-2345")

    with pytest.raises(SignInRefused):
        await door.first_run("ABCD-2346", EMAIL, PASSWORD, HOME)

    assert await door.is_first_run()


async def test_the_code_may_be_typed_in_small_letters_and_without_its_hyphen(database: Database):
    door = Door(database, "ABCD-2345")

    assert await door.first_run("abcd 2345", EMAIL, PASSWORD, HOME)


# --- How long they stay


async def test_a_session_that_is_used_lives_on(door: Door, database: Database):
    token = await door.sign_in(EMAIL, PASSWORD, HOME)
    for days in (10, 20, 30):
        assert await sessions.behind(token, database, NOON + timedelta(days=days)) is not None


async def test_a_session_that_is_not_used_ends(door: Door, database: Database):
    token = await door.sign_in(EMAIL, PASSWORD, HOME)

    assert await sessions.behind(token, database, NOON + UNUSED_FOR) is not None
    assert await sessions.behind(token, database, NOON + 2 * UNUSED_FOR + timedelta(seconds=1)) is None


async def test_no_session_lives_for_ever(door: Door, database: Database):
    token = await door.sign_in(EMAIL, PASSWORD, HOME)
    for days in range(10, 60, 10):
        await sessions.behind(token, database, NOON + timedelta(days=days))

    assert await sessions.behind(token, database, NOON + AT_MOST + timedelta(seconds=1)) is None


async def test_ended_sessions_are_cleared_away_by_the_next_one(door: Door, database: Database):
    await door.sign_in(EMAIL, PASSWORD, HOME)

    await door.sign_in(EMAIL, PASSWORD, Knock(HOME.network, NOON + UNUSED_FOR + timedelta(days=1)))

    assert await sessions_of(database) == 1
