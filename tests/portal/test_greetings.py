"""The greeting says what the merchant wrote, and nothing that anybody else slipped in."""

import pytest

from portal import greetings, placeholders
from tests.views.reading import Shown

BUYER = {"UserName": "Erika Mustermann", "OrderNumber": "3123456789", "Platform": "Etsy"}


def attributes_in(markup: str) -> set[str]:
    """The names of all attributes, as a browser would read them."""
    return {name for element in Shown(markup).elements for name in element.attributes}


def test_placeholders_are_filled():
    filled = greetings.fill("<p>Hallo {UserName}, danke für {OrderNumber} auf {Platform}.</p>", BUYER)

    assert filled == "<p>Hallo Erika Mustermann, danke für 3123456789 auf Etsy.</p>"


def test_an_unknown_placeholder_stays_literal():
    assert greetings.fill("<p>{Vorname} {username}</p>", BUYER) == "<p>{Vorname} {username}</p>"


def test_the_editor_can_name_unknown_placeholders_once_and_in_order():
    assert placeholders.unknown("{Vorname} {UserName} {Anrede} {Vorname}", greetings.PLACEHOLDERS) == (
        "{Vorname}",
        "{Anrede}",
    )


def test_a_name_that_is_markup_is_shown_as_it_is_written():
    filled = greetings.fill("<p>{UserName}</p>", {"UserName": "<img src=x onerror=alert(1)> & Söhne"})

    assert filled == "<p>&lt;img src=x onerror=alert(1)&gt; &amp; Söhne</p>"


def test_a_name_that_looks_like_a_placeholder_is_not_filled_again():
    assert greetings.fill("<p>{UserName}</p>", BUYER | {"UserName": "{OrderNumber}"}) == "<p>{OrderNumber}</p>"


def test_a_name_in_a_link_cannot_make_the_link_act():
    filled = greetings.fill('<a href="{UserName}">hier</a>', {"UserName": "javascript:alert(1)"})

    assert "javascript" not in filled
    assert "hier" in filled


def test_a_name_cannot_break_out_of_an_attribute():
    filled = greetings.fill('<a href="https://shop.example/?n={UserName}">x</a>', {"UserName": '" onclick="alert(1)'})

    assert attributes_in(filled) == {"href", "rel"}


def test_an_order_number_may_stand_in_a_link():
    assert 'href="https://shop.example/o/3123456789"' in greetings.fill(
        '<a href="https://shop.example/o/{OrderNumber}">x</a>', BUYER
    )


@pytest.mark.parametrize(
    "nasty",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="data:text/html,x">x</a>',
        "<svg onload=alert(1)></svg>",
        "<style>*{display:none}</style>",
        '<p style="position:fixed" class="x" id="downloads" onclick="x()" hx-get="/x">x</p>',
        '<iframe src="https://evil.example"></iframe>',
        '<form action="https://evil.example"><input name=a></form>',
        "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    ],
)
def test_what_acts_loads_or_lays_out_is_taken_away(nasty):
    left = greetings.clean(nasty)

    for trace in ("script", "onerror", "onload", "onclick", "style", "class", "id=", "hx-", "data:", "<i", "<f", "<s"):
        assert trace not in left


def test_what_the_editor_offers_survives():
    text = "<p>Ein <strong>Wort</strong>, <em>noch eins</em></p><ul><li>Punkt</li></ul>"

    assert greetings.clean(text) == text


def test_cleaning_twice_changes_nothing_more():
    once = greetings.clean('<p>{UserName} <a href="https://shop.example/{OrderNumber}">x</a> & <b>y')

    assert greetings.clean(once) == once


def test_the_preset_text_uses_known_placeholders_and_survives_cleaning():
    assert placeholders.unknown(greetings.DEFAULT_GREETING, greetings.PLACEHOLDERS) == ()
    assert greetings.clean(greetings.DEFAULT_GREETING) == greetings.DEFAULT_GREETING
