"""Values as people of each place write them."""

from datetime import date
from decimal import Decimal

import pytest

from views.format import Formats, Money, Percent, amount_to_type, amount_typed
from views.languages import locale_of

NB = "\u00a0"


def formats(locale: str) -> Formats:
    return Formats(locale_of(locale, ""))


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        (128450, "EUR", "de-DE", f"1.284,50{NB}€"),
        (-2490, "EUR", "de-DE", f"-24,90{NB}€"),
        (6480, "EUR", "en-GB", "€64.80"),
        (6480, "GBP", "en-GB", "£64.80"),
        (1500, "JPY", "de-DE", f"1.500{NB}¥"),
        (12345, "KWD", "de-DE", f"12,345{NB}KWD"),
        (6480, "EUR", "de-AT", f"€{NB}64,80"),
        (5, "EUR", "de-DE", f"0,05{NB}€"),
    ],
)
def test_money_has_the_digits_of_its_currency_and_does_not_break(amount, currency, locale, text):
    assert formats(locale).money(Money(amount, currency)) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (8_400_000, f"8,4{NB}MB"),
        (12_100_000, f"12,1{NB}MB"),
        (210_000_000, f"210{NB}MB"),
        (480_000, f"480{NB}KB"),
        (1_500_000_000, f"1,5{NB}GB"),
        (999, f"999{NB}B"),
    ],
)
def test_sizes_are_as_exact_as_one_needs(size, text):
    assert formats("de-DE").size(size) == text


def test_days():
    assert formats("de-DE").day(date(2026, 10, 25)) == "25.10.2026"
    assert formats("en-GB").day(date(2026, 10, 25)) == f"25{NB}Oct{NB}2026"
    assert formats("de-DE").long_day(date(2026, 10, 25)) == "25. Oktober 2026"


@pytest.mark.parametrize(
    ("rate", "locale", "text"),
    [(1900, "de-DE", f"19{NB}%"), (770, "de-CH", "7.7%"), (550, "en-GB", "5.5%"), (1950, "de-DE", f"19,5{NB}%")],
)
def test_rates(rate, locale, text):
    assert formats(locale).percent(Percent(rate)) == text


def test_quantities_say_no_more_than_they_have_to():
    assert formats("de-DE").number(Decimal("1.500")) == "1,5"
    assert formats("de-DE").number(Decimal("2")) == "2"


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [
        ("24,90", "EUR", 2490),
        (" 24.9 ", "EUR", 2490),
        ("24", "EUR", 2400),
        ("1.234,56", "EUR", 123456),
        ("1 234,56", "EUR", 123456),
        ("1\u00a0234,56", "EUR", 123456),
        ("1.234", "EUR", 123400),
        ("500", "JPY", 500),
        ("0", "EUR", 0),
    ],
)
def test_an_amount_is_read_as_people_type_it(typed, currency, amount):
    assert amount_typed(typed, currency) == amount


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [
        ("24.90", "EUR", 2490),
        ("24,9", "EUR", 2490),
        ("1,234.56", "EUR", 123456),
        ("1,234", "EUR", 123400),
        ("1.234", "EUR", None),
        ("1.234,56", "EUR", None),
        ("1.234", "KWD", 1234),
        ("1,234", "KWD", 1234000),
    ],
)
def test_an_english_amount_is_read_in_english(typed, currency, amount):
    assert amount_typed(typed, currency, "en") == amount


def test_three_digits_behind_a_german_dot_are_thousands_in_every_currency():
    assert amount_typed("1.234", "KWD") == 1234000
    assert amount_typed("1,234", "KWD") == 1234


def test_an_english_field_holds_an_english_amount():
    assert amount_to_type(2490, "EUR", "en") == "24.90"
    assert amount_typed("24.90", "EUR", "en") == 2490


@pytest.mark.parametrize("typed", ["", "x", "-1", "1,234", "1e3", "1.23.4", "٢٤", "24,9 €", "9" * 13, "12.34,5"])
def test_what_is_no_amount_is_none(typed):
    assert amount_typed(typed, "EUR") is None


@pytest.mark.parametrize(
    ("amount", "currency", "text"), [(2490, "EUR", "24,90"), (5, "EUR", "0,05"), (500, "JPY", "500")]
)
def test_an_amount_stands_in_a_field_as_it_can_be_read_again(amount, currency, text):
    assert amount_to_type(amount, currency) == text
    assert amount_typed(text, currency) == amount
