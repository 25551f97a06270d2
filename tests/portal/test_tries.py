"""How long a guesser waits."""

from datetime import timedelta

import pytest

from portal.tries import WITH_ACCOUNTS, WITH_ADDRESSES, Throttle, TooSoon
from tests.factories import NOON


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
