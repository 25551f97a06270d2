"""Which templates of numbers could come to the same number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from portal import number_series
from portal.number_series import DIGITS, YEAR

MEET = {
    ("K-", "K-1"): True,
    ("K-", "K-12345"): True,
    ("K-", "K-1-"): False,
    ("K-", "L-"): False,
    ("RE-{year}-", "RE-2026-"): True,
    ("RE-{year}-", "re-2027-"): True,
    ("RE-{year}-", "RE-20-"): False,
    ("RE-{year}-", "RE-20260-"): False,
    ("RE{year}", "RE"): True,
    ("RE{year}", "RE{year}-"): False,
    ("{year}-A", "{year}-B"): False,
    ("2026{year}", "{year}2027"): True,
}


@pytest.mark.parametrize(("pair", "expected"), MEET.items(), ids=[" ".join(pair) for pair in MEET])
def test_two_series_meet_where_a_number_could_be_of_both(pair: tuple[str, str], expected: bool):
    assert number_series.meet(*pair) is expected
    assert number_series.meet(*reversed(pair)) is expected


TEMPLATES = some.lists(some.sampled_from(["1", "2", "-", "A", YEAR]), max_size=4).map("".join)


@given(TEMPLATES, TEMPLATES, some.sampled_from([1111, 1211, 2222]), some.sampled_from([1, 12, 111_111, 2_100_001]))
def test_no_number_is_of_two_series_that_do_not_meet(one: str, other: str, year: int, sequence: int):
    number = one.replace(YEAR, str(year)) + f"{sequence:0{DIGITS}}"
    years = (1111, 1112, 1211, 1212, 2111, 2222)
    prefixes = {other.replace(YEAR, str(each)) for each in years}
    tails = {number.removeprefix(prefix) for prefix in prefixes if number.startswith(prefix)}

    if any(len(tail) >= DIGITS and tail.isdecimal() and f"{int(tail):0{DIGITS}}" == tail for tail in tails):
        assert number_series.meet(one, other)
