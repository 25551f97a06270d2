"""When a payment is looked at again, and when nothing can come of it any more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.payment_attempts import Standing
from portal.payment_looks import wait

OPEN = [Standing.STARTING, Standing.WAITING, Standing.CHECKING, Standing.PENDING]
OVER = [
    Standing.DECLINED,
    Standing.CANCELLED,
    Standing.EXPIRED,
    Standing.REPLACED,
    Standing.FAILED,
]
AGES = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400))


def looks(standing: Standing, until: timedelta) -> int:
    """How often it is looked at in that time."""
    age, number = timedelta(0), 0
    while (pause := wait(standing, age)) is not None and age + pause <= until:
        age, number = age + pause, number + 1
    return number


@given(st.sampled_from(OPEN), AGES)
def test_what_may_still_take_money_is_always_looked_at_again(standing, age):
    pause = wait(standing, age)

    assert pause is not None
    assert timedelta(0) < pause <= timedelta(days=1)


@given(st.sampled_from(OVER), AGES)
def test_what_is_over_is_left_alone(standing, age):
    assert wait(standing, age) is None


@pytest.mark.parametrize(
    ("standing", "time", "number"),
    [
        (Standing.WAITING, timedelta(minutes=10), 4),
        (Standing.WAITING, timedelta(hours=6), 9),
        (Standing.CHECKING, timedelta(hours=1), 7),
        (Standing.PENDING, timedelta(days=7), 7),
        (Standing.COMPLETED, timedelta(days=400), 8),
        (Standing.REVERSED, timedelta(days=400), 8),
    ],
)
def test_looks_become_rarer(standing, time, number):
    assert looks(standing, time) == number
