"""What can be an IBAN, a BIC or a VAT id, and what stands in no one's way."""

import pytest

from db.engine import Database
from db.settings import SellerSettings
from portal import seller_numbers, settings
from portal.refusals import Invalid
from portal.settings import SellerChange
from tests.factories import SHOP


@pytest.mark.parametrize(
    ("field", "text", "code"),
    [
        ("iban", "hallo", "iban-shape"),
        ("iban", "DE00", "iban-shape"),
        ("iban", "DE021203000000002020510", "iban-shape"),
        ("iban", "DE03120300000000202051", "iban-check-digits"),
        ("bic", "BYLADEM", "bic-shape"),
        ("bic", "12345678901234", "bic-shape"),
        ("vat_id", "quatsch", "vat-id-country"),
        ("vat_id", "GR123456789", "vat-id-country"),
        ("vat_id", "DE12345678", "vat-id-shape"),
        ("vat_id", "DE١٢٣٤٥٦٧٨٩", "vat-id-shape"),
        ("vat_id", "DE123456789", "vat-id-check-digit"),
    ],
)
def test_what_cannot_be_right_is_named(field, text, code):
    assert [fault.code for fault in seller_numbers.faults({field: text})] == [code]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("iban", "de02 1203 0000 0000 2020 51"),
        ("bic", "byladem1001"),
        ("bic", "DEUTDEFF"),
        ("vat_id", "DE 136 695 976"),
        ("vat_id", "ATU12345678"),
        ("vat_id", "EL123456789"),
        ("vat_id", "CHE-123.456.788 MWST"),
        ("vat_id", ""),
        ("iban", ""),
        ("bic", ""),
    ],
)
def test_what_people_write_is_taken(field, text):
    assert seller_numbers.faults({field: text}) == []


async def test_what_was_stored_before_stops_no_other_field(database: Database):
    async with database.writing() as session:
        (await settings.of(SellerSettings, session)).vat_id = "quatsch"
    async with database.writing() as session:
        wanted = SellerChange(vat_id="quatsch", street="Heidestraße 17")
        row = await settings.change(SellerSettings, wanted, session, SHOP)

    assert row.street == "Heidestraße 17"


async def test_all_that_is_wrong_is_named_at_once_and_nothing_is_stored(database: Database):
    async with database.writing() as session:
        with pytest.raises(Invalid) as refused:
            wanted = SellerChange(iban="hallo", bic="x", vat_id="quatsch", name="Nähwerk")
            await settings.change(SellerSettings, wanted, session, SHOP)

    assert {fault.pointer for fault in refused.value.faults} == {"#/iban", "#/bic", "#/vat_id"}
    async with database.reading() as session:
        assert (await settings.of(SellerSettings, session)).name == ""
