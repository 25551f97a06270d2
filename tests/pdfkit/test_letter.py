"""Plain letters, drawn and read back."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pypdfium2
import pytest

from pdfkit.child import Child
from pdfkit.letter import draw
from pdfkit.outcome import Letter

LETTER = Letter(
    title="Bestätigung Ihrer Zustimmung",
    sender="Nähwerk\nFadengasse 12",
    language="de",
    before=("Sie haben am 25.10.2026 erklärt:",),
    quotation="Ich stimme zu.\n\nMein Widerrufsrecht erlischt damit.",
    facts=(("Betrifft", "Schnittmuster „Bente“\nGrundkurs"), ("Besteller", "Łukasz Żółć")),
    after=("Bitte bewahren Sie sie auf.",),
    foot="Bestellung 4711",
)


def read(path: Path) -> list[str]:
    with closing(pypdfium2.PdfDocument(path)) as document:
        return [page.get_textpage().get_text_bounded() for page in document]


def test_everything_stands_on_one_page_in_its_order(tmp_path):
    draw(LETTER, tmp_path / "a.pdf")

    (text,) = read(tmp_path / "a.pdf")
    parts = [
        *LETTER.sender.splitlines(),
        LETTER.title,
        *LETTER.before,
        "Mein Widerrufsrecht erlischt damit.",
        "Schnittmuster „Bente“",
        "Grundkurs",
        "Łukasz Żółć",
        *LETTER.after,
        LETTER.foot,
    ]
    places = [text.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)


def test_the_same_letter_gives_the_same_bytes(tmp_path):
    draw(LETTER, tmp_path / "a.pdf")
    draw(LETTER, tmp_path / "b.pdf")

    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_a_long_text_goes_on_over_pages_and_each_bears_the_foot(tmp_path):
    draw(replace(LETTER, quotation="Wort für Wort. " * 650), tmp_path / "a.pdf")

    pages = read(tmp_path / "a.pdf")
    assert len(pages) > 1
    assert sum(page.count("Wort") for page in pages) == 2 * 650
    assert all(LETTER.foot in page for page in pages)


@pytest.mark.parametrize("wild", ["W" * 10_000, "\x00\x1b[31m\u202eevil", "🧵" * 40, "a\tb\r\nc", ""])
def test_no_text_breaks_the_letter(tmp_path, wild):
    letter = replace(LETTER, title=wild or "-", quotation=wild, facts=((wild, wild),), before=(wild,), foot=wild[:200])

    draw(letter, tmp_path / "a.pdf")

    assert read(tmp_path / "a.pdf")


async def test_the_child_draws_the_very_same(tmp_path):
    child = Child()
    try:
        await child.letter(LETTER, tmp_path / "child.pdf")
    finally:
        await child.close()
    draw(LETTER, tmp_path / "own.pdf")

    assert (tmp_path / "child.pdf").read_bytes() == (tmp_path / "own.pdf").read_bytes()
