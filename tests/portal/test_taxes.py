"""What the customer paid is what the invoice says, to the cent, whatever is in the cart."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.orders import TaxCategory
from portal.taxes import Group, Part, Treatment, divided, tax_in, taxed

FULL = Treatment(TaxCategory.STANDARD, 1900)
REDUCED = Treatment(TaxCategory.STANDARD, 700)
FREE = Treatment(TaxCategory.EXEMPT, 0)
OTHERS = [Treatment(TaxCategory.STANDARD, rate) for rate in (500, 550, 1000, 1600, 2000, 2100, 2550, 2700)] + [
    Treatment(category, 0) for category in (TaxCategory.ZERO, TaxCategory.REVERSE_CHARGE, TaxCategory.EXPORT)
]


def a_part(gross: int, treatment: Treatment | None = FULL) -> Part:
    return Part(gross=gross, treatment=treatment)


def groups_of(*parts: Part) -> list[tuple[int, int, int, int]]:
    return [(group.treatment.rate, group.gross, group.basis, group.tax) for group in taxed(parts).groups]


TREATMENTS = st.sampled_from([FULL, REDUCED, FREE, *OTHERS])
AMOUNTS = st.integers(min_value=-(10**12), max_value=10**12) | st.integers(min_value=-300, max_value=30_000)
CARTS = st.tuples(
    st.builds(Part, gross=AMOUNTS, treatment=TREATMENTS),
    st.lists(st.builds(Part, gross=AMOUNTS, treatment=st.none() | TREATMENTS), max_size=40),
).flatmap(lambda cart: st.permutations([cart[0], *cart[1]]))


@given(CARTS)
def test_the_groups_add_up_to_what_was_paid(cart):
    outcome = taxed(cart)

    assert sum(group.gross for group in outcome.groups) == sum(part.gross for part in cart)
    assert all(group.basis + group.tax == group.gross for group in outcome.groups)


@given(CARTS)
def test_the_shares_of_a_part_add_up_to_it_and_those_of_a_group_to_its_basis(cart):
    outcome = taxed(cart)

    for part, shares in zip(cart, outcome.shares, strict=True):
        assert sum(share.gross for share in shares) == part.gross
    for group in outcome.groups:
        inside = [share for shares in outcome.shares for share in shares if share.treatment == group.treatment]
        assert sum(share.net for share in inside) == group.basis
        assert sum(share.gross for share in inside) == group.gross


@given(CARTS)
def test_no_net_amount_is_a_whole_cent_off(cart):
    for shares in taxed(cart).shares:
        for share in shares:
            exact = Decimal(share.gross) * 10_000 / (10_000 + share.treatment.rate)
            assert abs(share.net - exact) < 1


@given(CARTS)
def test_taking_everything_back_gives_the_same_amounts_with_a_minus(cart):
    there = taxed(cart)
    back = taxed([Part(gross=-part.gross, treatment=part.treatment) for part in cart if part.treatment])
    forth = taxed([part for part in cart if part.treatment])

    assert [(g.treatment, -g.gross, -g.basis, -g.tax) for g in forth.groups] == [
        (g.treatment, g.gross, g.basis, g.tax) for g in back.groups
    ]
    assert len(there.groups) >= len(back.groups)


@given(st.integers(min_value=-(10**12), max_value=10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=9))
def test_what_is_divided_is_neither_more_nor_less_afterwards(amount, weights):
    weights[0] += 1

    shares = divided(amount, weights)

    assert sum(shares) == amount
    assert all(share * amount >= 0 for share in shares)
    assert all(abs(share - Decimal(amount) * w / sum(weights)) < 1 for share, w in zip(shares, weights, strict=True))


def test_a_mixed_cart_with_its_shipping():
    assert groups_of(a_part(1190), a_part(1070, REDUCED), a_part(490)) == [
        (1900, 1680, 1412, 268),
        (700, 1070, 1000, 70),
    ]


def test_a_voucher_without_a_rate_is_borne_by_the_rates_in_proportion():
    outcome = taxed([a_part(3000), a_part(1000, REDUCED), a_part(-400, None)])

    assert [(share.treatment.rate, share.gross) for share in outcome.shares[2]] == [(1900, -300), (700, -100)]


def test_a_voucher_over_everything_leaves_nothing_to_tax():
    assert groups_of(a_part(1990), a_part(1070, REDUCED), a_part(-3060, None)) == [(1900, 0, 0, 0), (700, 0, 0, 0)]


def test_a_voucher_beside_free_things_still_finds_a_rate():
    assert groups_of(a_part(0), a_part(-100, None)) == [(1900, -100, -84, -16)]


def test_without_tax_the_basis_is_what_was_paid():
    for treatment in (FREE, *OTHERS[8:]):
        assert taxed([a_part(4711, treatment)]).groups == (Group(treatment=treatment, gross=4711, basis=4711, tax=0),)


def test_a_cart_of_nothing_but_a_voucher_cannot_be_taxed():
    with pytest.raises(ValueError, match="taxed"):
        taxed([a_part(-100, None)])


def test_half_a_cent_is_rounded_away_from_nothing_on_both_sides():
    rate = 10_000  # of 1 cent just half is tax

    assert (tax_in(1, rate), tax_in(-1, rate)) == (1, -1)


def test_three_times_the_same_price_may_differ_by_the_one_cent_that_the_sum_needs():
    nets = [shares[0].net for shares in taxed([a_part(100)] * 3).shares]

    assert (sorted(nets), sum(nets)) == ([84, 84, 84], 252)
