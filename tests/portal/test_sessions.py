"""Who comes in, and how long they stay."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from db.activity import Activity
from db.engine import Database
from db.merchants import MerchantSession
from portal import merchants, sessions
from portal.activity import By
from portal.known_browsers import KNOWN_FOR, KnownBrowsers
from portal.sessions import AT_MOST, UNUSED_FOR, Door, Knock, NotTheFirst, SignInRefused
from portal.signing import Signer
from portal.tries import TooSoon
from tests.factories import KEYS, NOON

EMAIL, PASSWORD = "jana@naehwerk.example", "Garn und Nadel 7"
HOME = Knock("192.0.2.0/32", NOON)
BROWSERS = KnownBrowsers(Signer(KEYS))


@pytest.fixture
async def door(database: Database) -> Door:
    new = await merchants.newly(EMAIL, PASSWORD)
    async with database.writing() as session:
        await merchants.put(new, session, By("test", NOON))
    return Door(database, BROWSERS, "ABCD-2345")


async def sessions_of(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(MerchantSession)) or 0


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
    door = Door(database, BROWSERS, "ABCD-2345")

    with pytest.raises(SignInRefused):
        await door.first_run("ABCD-2346", EMAIL, PASSWORD, HOME)

    assert await door.is_first_run()


async def test_the_code_may_be_typed_in_small_letters_and_without_its_hyphen(database: Database):
    door = Door(database, BROWSERS, "ABCD-2345")

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


# --- A stranger who guesses, and the merchant meanwhile


FAR_AWAY = "203.0.113.9/32"


async def guess(door: Door, times: int = 5, email: str = EMAIL, mark: str = "") -> None:
    for number in range(times):
        with pytest.raises(SignInRefused):
            await door.sign_in(email, f"falsch {number}", Knock(FAR_AWAY, NOON, mark))


async def test_a_stranger_who_guesses_does_not_lock_out_the_merchant_s_own_browser(door: Door):
    mark = door.mark(EMAIL, NOON)
    await guess(door)

    with pytest.raises(TooSoon):
        await door.sign_in(EMAIL, PASSWORD, HOME)
    assert await door.sign_in(f" {EMAIL.upper()}", PASSWORD, Knock(HOME.network, NOON, mark))


async def test_nor_does_one_who_shares_the_merchant_s_network(door: Door):
    mark = door.mark(EMAIL, NOON)
    for number in range(15):
        with pytest.raises(SignInRefused):
            await door.sign_in(f"{number}@example.org", "falsch", HOME)
    with pytest.raises(TooSoon):
        await door.sign_in("tom@example.org", "falsch", HOME)

    assert await door.sign_in(EMAIL, PASSWORD, Knock(HOME.network, NOON, mark))


async def test_a_known_browser_that_guesses_waits_as_any_other(door: Door):
    mark = door.mark(EMAIL, NOON)
    await guess(door, mark=mark)

    with pytest.raises(TooSoon):
        await door.sign_in(EMAIL, PASSWORD, Knock(FAR_AWAY, NOON, mark))


async def test_the_mark_of_one_account_helps_with_no_other(door: Door):
    mark = door.mark("tom@example.org", NOON)
    await guess(door, mark=mark)

    with pytest.raises(TooSoon):
        await door.sign_in(EMAIL, PASSWORD, Knock(FAR_AWAY, NOON, mark))


@pytest.mark.parametrize("mark", ["x", "a.b", "W10.x", "\ud800", "é" * 10_000])
async def test_a_made_up_mark_is_none(door: Door, mark: str):
    await guess(door)

    with pytest.raises(TooSoon):
        await door.sign_in(EMAIL, PASSWORD, Knock(HOME.network, NOON, mark))


async def test_a_mark_is_forgotten_after_a_year(door: Door):
    mark = door.mark(EMAIL, NOON - KNOWN_FOR)
    await guess(door)

    with pytest.raises(TooSoon):
        await door.sign_in(EMAIL, PASSWORD, Knock(HOME.network, NOON, mark))


async def test_a_stranger_s_guesses_keep_nobody_who_is_signed_in_from_a_new_password(door: Door, database: Database):
    merchant = await sessions.behind(await door.sign_in(EMAIL, PASSWORD, HOME), database, NOON)
    assert merchant is not None
    await guess(door)

    await door.check(merchant, PASSWORD, HOME)


# --- What the history tells of it


async def failures(database: Database) -> list[dict[str, object]]:
    async with database.reading() as session:
        rows = await session.scalars(select(Activity).where(Activity.kind == "sign_in_failed").order_by(Activity.id))
        return [row.details for row in rows]


async def test_failed_tries_are_noted_once_an_hour_for_each_account(door: Door, database: Database):
    await guess(door, times=3)
    assert await failures(database) == [{"email": EMAIL}]

    with pytest.raises(SignInRefused):
        await door.sign_in(EMAIL, "falsch", Knock(HOME.network, NOON + timedelta(hours=1)))
    assert await failures(database) == [{"email": EMAIL}] * 2


async def test_made_up_accounts_do_not_fill_the_history(door: Door, database: Database):
    for number in range(5):
        await guess(door, times=1, email=f"{number}@example.org")

    assert await failures(database) == [{}]
