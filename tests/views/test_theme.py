"""Whatever colour a merchant chooses, what is written in it or on it can be read."""

from itertools import product

import pytest

from views import theme
from views.theme import COUNTER, DARK_PAPER, DARK_WELL, PAPER, WELL, accent_of, contrast

STEPS = ("00", "22", "44", "66", "88", "aa", "cc", "ee", "ff")
GRID = [f"#{red}{green}{blue}" for red, green, blue in product(STEPS, repeat=3)]


def test_writing_on_the_colour_can_be_read_in_both_schemes():
    accents = [accent_of(colour) for colour in GRID]

    assert min(contrast(accent.fill, accent.on) for accent in accents) >= 4.5
    assert min(contrast(accent.dark_fill, accent.dark_on) for accent in accents) >= 5.8


def test_links_can_be_read_wherever_they_stand():
    accents = [accent_of(colour) for colour in GRID]

    assert min(contrast(accent.text, ground) for accent in accents for ground in (PAPER, WELL, COUNTER)) >= 5.5
    assert min(contrast(accent.dark_text, ground) for accent in accents for ground in (DARK_PAPER, DARK_WELL)) >= 5.5


@pytest.mark.parametrize("colour", ["#0b5e6e", "#0d596d", "#7a1f5c", "#f2bb25"])
def test_a_colour_that_can_be_read_stays_as_it_was_chosen(colour):
    assert accent_of(colour).fill == theme.oklch(colour)


def test_a_bright_colour_gets_dark_writing_and_darker_links():
    accent = accent_of("#f2bb25")

    assert accent.on.lightness < 0.3
    assert accent.text.lightness < accent.fill.lightness


@pytest.mark.parametrize(
    ("colour", "lightness", "chroma", "hue"),
    [
        ("#ffffff", 1, 0, None),
        ("#000000", 0, 0, None),
        ("#ff0000", 0.628, 0.258, 29.2),
        ("#0000ff", 0.452, 0.313, 264.1),
    ],
)
def test_colours_are_converted_as_browsers_do(colour, lightness, chroma, hue):
    found = theme.oklch(colour)

    assert found.lightness == pytest.approx(lightness, abs=0.002)
    assert found.chroma == pytest.approx(chroma, abs=0.002)
    assert hue is None or found.hue == pytest.approx(hue, abs=1)


def test_contrast_is_that_of_the_guidelines():
    assert contrast(theme.oklch("#ffffff"), theme.oklch("#000000")) == pytest.approx(21, abs=0.01)
    assert contrast(theme.oklch("#777777"), theme.oklch("#ffffff")) == pytest.approx(4.48, abs=0.01)


def test_the_stylesheet_replaces_three_tokens_and_its_address_changes_with_it():
    css = theme.theme_css("#0d596d")

    assert css.count("--accent") == 3
    assert css.startswith("@layer tokens{")
    assert theme.address("#0d596d") != theme.address("#0d596e")
    assert theme.address("#0d596d").startswith("/theme/")
