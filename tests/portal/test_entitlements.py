"""How many downloads there are, until when, and what stands in the way of the next."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.orders import OrderKind, PaymentMethod, State
from db.payments import PaymentStatus
from db.settings import PaidRule
from portal.downloads import ending, refusal
from portal.entitlements import Entitlement
from portal.refusals import Refusal
from portal.windows import is_over, last_day, start_of
from tests.factories import (
    BERLIN,
    DAY,
    NOON,
    ORDERED,
    a_bought_line,
    a_file,
    an_entitlement,
    an_order,
    berlin,
    received,
    refunded,
)
from tests.portal.any_order import ORDERS


@pytest.mark.parametrize("state", list(State))
def test_a_paid_order_gives_its_files_in_every_state_in_which_it_lives(state):
    reasons = {
        "offered": Refusal.NOT_ORDERED,
        "unknown": Refusal.NOT_ORDERED,
        "cancelled": Refusal.CANCELLED,
        "returned": Refusal.CANCELLED,
        "deleted": Refusal.DELETED,
    }

    assert refusal(an_entitlement(order=an_order(state=state, paid=True)), NOON) is reasons.get(state)


MONEY = {
    "nothing received": ({}, Refusal.NOT_PAID),
    "partly paid": ({"payments": (received(1999),)}, Refusal.NOT_PAID),
    "pending": ({"payments": (received(2000, PaymentStatus.PENDING),)}, Refusal.NOT_PAID),
    "authorised": ({"payments": (received(2000, PaymentStatus.AUTHORIZED),)}, Refusal.NOT_PAID),
    "over-paid": ({"payments": (received(2500),)}, None),
    "free": ({"total": 0}, None),
    "partly refunded": ({"payments": (received(2000), refunded(1999))}, None),
    "refunded": ({"payments": (received(2000), refunded(2000))}, Refusal.REFUNDED),
    "reversed": ({"paid_at": ORDERED, "payments": (received(2000, PaymentStatus.REVERSED),)}, Refusal.REFUNDED),
    "a credit": ({"kind": OrderKind.CREDIT, "total": -2000, "paid_at": ORDERED}, Refusal.NOT_ORDERED),
    "archived": ({"paid_at": ORDERED, "archived_at": ORDERED}, None),
    "shipped": ({"state": State.SHIPPED}, None),
    "shipped, by strict rule": ({"state": State.SHIPPED, "paid_rule": PaidRule.STRICT}, Refusal.NOT_PAID),
    "shipped on open account": (
        {"state": State.SHIPPED, "payment_method": PaymentMethod.PREPAYMENT},
        Refusal.NOT_PAID,
    ),
}


@pytest.mark.parametrize(("facts", "why"), MONEY.values(), ids=MONEY.keys())
def test_files_are_for_those_who_have_paid(facts, why):
    assert refusal(an_entitlement(order=an_order(**facts)), NOON) is why


# One obstacle each, in the order in which they are told: what the customer cannot clear comes first.
OBSTACLES: dict[Refusal, dict[str, Any]] = {
    Refusal.CANCELLED: {"state": State.CANCELLED},
    Refusal.REFUNDED: {"lines": (a_bought_line("1", "1"),)},
    Refusal.DISABLED: {"enabled": False},
    Refusal.NOT_PAID: {"paid": False},
    Refusal.EXPIRED: {"window": 1},
    Refusal.LIMIT_REACHED: {"limit": 3, "downloaded": 3},
    Refusal.FILE_MISSING: {"missing": True},
    Refusal.STAMP_FAILED: {"unstampable": True},
    Refusal.WAIVER_MISSING: {"waiver_missing": True},
}


def obstructed(*names: Refusal):
    facts = {key: value for name in names for key, value in OBSTACLES[name].items()}
    order = an_order(paid=facts.pop("paid", True), state=facts.pop("state", State.ORDERED))
    file = a_file(missing=facts.pop("missing", False), unstampable=facts.pop("unstampable", False))
    return an_entitlement(order=order, file=file, **facts)


@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_each_obstacle_has_its_own_name(obstacle):
    assert refusal(obstructed(obstacle), NOON) is obstacle


# An unpaid order has no window yet, and a file that waits for consent has its window still to come.
NEVER_MEET = [{Refusal.NOT_PAID, Refusal.EXPIRED}, {Refusal.EXPIRED, Refusal.WAIVER_MISSING}]
PAIRS = [pair for pair in combinations(OBSTACLES, 2) if set(pair) not in NEVER_MEET]


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=lambda each: each.value)
def test_of_two_obstacles_the_one_that_cannot_be_cleared_is_told(first, second):
    assert refusal(obstructed(first, second), NOON) is first


# --- Windows


@pytest.mark.parametrize(
    ("now", "why"),
    [
        (berlin(2026, 12, 1, 8, 0), None),
        (berlin(2026, 12, 8, 23, 59), None),
        (berlin(2026, 12, 9, 0, 0), Refusal.EXPIRED),
    ],
)
def test_paid_on_the_first_of_december_and_seven_days_means_until_the_eighth_at_midnight(now, why):
    entitlement = an_entitlement(order=an_order(paid_at=berlin(2026, 12, 1, 8, 0)), window=7)

    assert entitlement.until(NOON) == date(2026, 12, 8)
    assert refusal(entitlement, now) is why


def test_the_day_of_payment_is_the_day_on_the_merchants_clock():
    just_after_midnight = an_order(paid_at=berlin(2026, 12, 1, 0, 30))  # still November in UTC

    assert an_entitlement(order=just_after_midnight, window=7).until(NOON) == date(2026, 12, 8)


@pytest.mark.parametrize(
    ("last", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25)],
    ids=["clocks go forward", "clocks go back"],
)
def test_the_last_day_is_whole_even_when_the_clocks_change(last, hours):
    paid_at = berlin(last.year, last.month, last.day - 1)
    entitlement = an_entitlement(order=an_order(paid_at=paid_at), file=a_file(linked_at=paid_at), window=1)
    begins, ends = start_of(last, BERLIN), start_of(last + DAY, BERLIN)

    assert (ends - begins).total_seconds() == hours * 3600
    assert entitlement.until(paid_at) == last
    assert refusal(entitlement, ends - timedelta(seconds=1)) is None
    assert refusal(entitlement, ends) is Refusal.EXPIRED


def test_a_file_that_was_linked_later_has_its_window_from_then_on():
    order, file = an_order(paid_at=berlin(2026, 11, 1)), a_file(linked_at=berlin(2026, 12, 1))

    assert an_entitlement(order=order, file=file, window=7).until(NOON) == date(2026, 12, 8)


def test_a_file_that_was_linked_before_has_its_window_from_the_payment_on():
    order, file = an_order(paid_at=berlin(2026, 12, 1)), a_file(linked_at=berlin(2020, 1, 1))

    assert an_entitlement(order=order, file=file, window=7).until(NOON) == date(2026, 12, 8)


def test_without_a_window_there_is_no_end():
    assert an_entitlement(order=an_order(paid_at=berlin(1999, 1, 1))).until(NOON) is None


def test_a_window_has_not_begun_before_the_payment():
    assert an_entitlement(order=an_order(), window=7).until(NOON) is None


ZONES = st.sampled_from([BERLIN, ZoneInfo("UTC"), ZoneInfo("Pacific/Kiritimati"), ZoneInfo("America/St_Johns")])
DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1))


@given(DAYS, st.integers(min_value=1, max_value=36_500), ZONES)
def test_a_window_ends_at_the_first_instant_after_its_last_day(start, days, zone):
    last = last_day(start, days)
    end = start_of(start + timedelta(days=days + 1), zone)

    assert is_over(last, end, zone)
    assert not is_over(last, end - timedelta(seconds=1), zone)


# --- Limits


@pytest.mark.parametrize(
    ("facts", "left"),
    [
        ({"limit": None, "downloaded": 999}, None),
        ({"limit": 3}, 3),
        ({"limit": 3, "downloaded": 2}, 1),
        ({"limit": 3, "downloaded": 3}, 0),
        ({"limit": 3, "downloaded": 5}, 0),
        ({"limit": 3, "downloaded": 3, "allowance": 2}, 2),
        ({"limit": None, "allowance": 2}, None),
        ({"limit": 3, "lines": (a_bought_line("4"),)}, 3),
        ({"limit": 3, "times_quantity": True, "lines": (a_bought_line("4"),)}, 12),
        ({"limit": 3, "times_quantity": True, "lines": (a_bought_line("4"), a_bought_line("2"))}, 18),
        ({"limit": 3, "times_quantity": True, "lines": (a_bought_line("4"), a_bought_line("2", "2"))}, 12),
        ({"limit": 3, "times_quantity": True, "lines": (a_bought_line("4", "1"),)}, 9),
        ({"limit": 3, "times_quantity": True, "lines": (a_bought_line("4", "3"), a_bought_line("2", "2"))}, 3),
        ({"limit": 3, "times_quantity": True, "lines": (a_bought_line("0.5"),)}, 3),
        ({"limit": 3, "times_quantity": True, "lines": (a_bought_line("2.9"),)}, 6),
        ({"limit": 3, "times_quantity": True, "allowance": 1, "lines": (a_bought_line("2"),)}, 7),
    ],
)
def test_what_is_left_is_the_limit_and_what_was_given_on_top(facts, left):
    assert an_entitlement(**facts).downloads_left == left


def test_the_fourth_download_is_refused_when_the_limit_is_three():
    assert refusal(an_entitlement(limit=3, downloaded=3), NOON) is Refusal.LIMIT_REACHED
    assert refusal(an_entitlement(limit=3, downloaded=2), NOON) is None


# --- Lines that were given back


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ((a_bought_line("1", "1"),), Refusal.REFUNDED),
        ((a_bought_line("2", "3"),), Refusal.REFUNDED),
        ((a_bought_line("2", "1"),), None),
        ((a_bought_line("1", "1"), a_bought_line("1")), None),
        ((a_bought_line("1", "1"), a_bought_line("2", "2")), Refusal.REFUNDED),
    ],
    ids=["whole", "more than whole", "a part", "one of two lines", "both lines"],
)
def test_a_file_is_locked_when_every_line_that_brought_it_was_refunded(lines, why):
    assert refusal(an_entitlement(lines=lines), NOON) is why


# --- Addresses that were given out


@pytest.mark.parametrize("obstacle", [Refusal.EXPIRED, Refusal.LIMIT_REACHED])
def test_a_running_download_is_not_asked_again_about_limit_and_window(obstacle):
    assert why_ended(obstructed(obstacle)) is None


@pytest.mark.parametrize("obstacle", [Refusal.CANCELLED, Refusal.REFUNDED, Refusal.DISABLED])
def test_a_running_download_ends_with_its_order_its_line_or_the_switch(obstacle):
    assert why_ended(obstructed(obstacle)) is obstacle


def test_a_running_download_ends_with_the_link_between_article_and_file():
    assert ending(an_order(paid=True), [], enabled=True) is Refusal.UNLINKED


def why_ended(entitlement: Entitlement) -> Refusal | None:
    return ending(entitlement.order, entitlement.lines, enabled=entitlement.rules.enabled)


@given(ORDERS)
def test_whatever_gives_files_is_paid_and_alive(order):
    if refusal(an_entitlement(order=order), NOON) is None:
        assert order.is_paid
        assert not order.is_dead
        assert order.kind is OrderKind.ORDER
        assert order.state not in {"offered", "unknown"}
