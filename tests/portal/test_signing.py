"""Signed addresses: whoever changes one bit of them, or takes one for another purpose, holds nothing."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.orders import Order
from portal import downloads, links
from portal.downloads import Address
from portal.links import Link, Links
from portal.signing import Signer
from tests.factories import SHOP
from tests.portal.selling import Shop

OLD, NEW, OTHER = ("the old key of sixteen", "the new key of sixteen", "somebody else's key, too")
SIGNER = Signer([NEW])
TOKEN = SIGNER.sign("order", [12, 3])


def test_a_token_says_what_was_signed():
    assert SIGNER.read("order", TOKEN) == [12, 3]
    assert Signer([NEW]).sign("order", [12, 3]) == TOKEN, "the same link today and tomorrow"


def test_a_token_fits_into_an_address_as_it_is():
    assert set(TOKEN) <= set(string.ascii_letters + string.digits + "-_.")


def test_the_newest_key_signs():
    assert Signer([NEW, OLD]).sign("order", [1, 1]) == Signer([NEW]).sign("order", [1, 1])


def test_old_keys_still_verify():
    old = Signer([OLD]).sign("order", [1, 1])

    assert Signer([NEW, OLD]).read("order", old) == [1, 1]
    assert Signer([NEW, OTHER, OLD]).read("order", old) == [1, 1]


def test_a_removed_key_verifies_nothing_any_more():
    assert Signer([NEW, OTHER]).read("order", Signer([OLD]).sign("order", [1, 1])) is None


@pytest.mark.parametrize("place", range(len(TOKEN)))
def test_no_changed_character_passes(place):
    for other in "A", "B", "-", ".", "é":
        changed = TOKEN[:place] + other + TOKEN[place + 1 :]
        if changed != TOKEN and not same_signature(changed):
            assert SIGNER.read("order", changed) is None


def same_signature(token: str) -> bool:
    """The last character of base64 has two bits to spare: those of another one may be the very same bytes."""
    return token[:-1] == TOKEN[:-1] and SIGNER.read("order", token) == [12, 3]


@pytest.mark.parametrize("length", range(len(TOKEN)))
def test_no_shortened_token_passes(length):
    assert SIGNER.read("order", TOKEN[:length]) is None
    assert SIGNER.read("order", TOKEN[length:]) is None or length == 0


@given(st.text())
def test_no_invented_token_passes_and_none_is_an_error(text):
    assert SIGNER.read("order", text) is None


@pytest.mark.parametrize(
    "text", ["\ud800", "\0", "." * 100_000, "A" * 100_000, "..", ".eJw.x", TOKEN + "\n", " " + TOKEN]
)
def test_no_odd_text_is_an_error(text):
    assert SIGNER.read("order", text) is None


@pytest.mark.parametrize("purpose", ["download", "payment", "", "order "])
def test_a_token_is_good_for_its_purpose_alone(purpose):
    assert SIGNER.read(purpose, TOKEN) is None


def test_a_download_is_no_link_and_a_link_is_no_download():
    doors = Links(SIGNER, "https://portal.example.org")

    assert doors.read(downloads.token(Address(12, Link(7, 3)), SIGNER)) is None
    assert downloads.read(doors.token(Link(12, 3)), SIGNER) is None


@pytest.mark.parametrize("payload", [[], [1], ["1", "2"], [1, "2"], [1, 2, "3"], [1, 2, 3, 4]])
def test_a_signed_text_of_another_shape_opens_nothing(payload):
    assert Links(SIGNER, "").read(SIGNER.sign("order", payload)) is None
    assert downloads.read(SIGNER.sign("download", payload), SIGNER) is None


def test_a_link_is_an_address_of_the_public_origin():
    address = Links(SIGNER, "https://portal.example.org").url(Link(12, 3))

    assert address == f"https://portal.example.org/o/{TOKEN}"


async def test_a_renewed_link_is_seen_at_once_and_is_another_address(house):
    order_id = await Shop(house).is_ordered()
    before = house.glance.at(order_id)
    async with house.database.writing() as session:
        renewed = await links.renew(await session.get_one(Order, order_id), session, SHOP)
    after = house.glance.at(order_id)

    assert (before.link_version + 1, after.link_version) == (renewed.version, renewed.version)
    assert after.version > before.version, "a page that a browser kept is stale"
    assert house.links.token(renewed) != house.links.token(Link(order_id, before.link_version))


async def test_a_glance_knows_no_order_that_is_not_there(house):
    for order_id in (links.NOBODY, -1, 4711):
        assert house.glance.at(order_id) is None
