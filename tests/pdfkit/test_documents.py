"""Documents as they are handed out: issued, then opened by readers that had no part in making them."""

from __future__ import annotations

import hashlib
import io
import re
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pypdf
import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageDraw

from pdfkit import zugferd
from pdfkit.child import Child
from pdfkit.documents import issue
from pdfkit.paper import PDF_NAME, XML_NAME, XRECHNUNG_NAME, PaperCause, PaperRefused
from pdfkit.zugferd import Profile
from tests.pdfkit.documents import BUSINESS, CONSUMER, ERIKA, SELLER, Extra, Sold, a_paper, taken_back
from tests.pdfkit.scenarios import everyone

SCENARIOS = everyone()
replace = msgspec.structs.replace


def pages(folder: Path) -> list[str]:
    """The text of each page, as PDFium finds it, with plain spaces."""
    with closing(pypdfium2.PdfDocument(folder / PDF_NAME)) as document:
        texts = [page.get_textpage().get_text_bounded() for page in document]
    return [re.sub(r"[^\S\n]+", " ", text.replace("\r", "")) for text in texts]


def issued(paper, folder: Path) -> str:
    """The text of all pages of a document that was just issued."""
    issue(paper, folder)
    return "\n".join(pages(folder))


def bought_by(**differs):
    return replace(CONSUMER, address=replace(ERIKA, **differs))


def a_logo(mode: str = "RGBA", size: tuple[int, int] = (800, 200), kind: str = "PNG") -> bytes:
    picture = Image.new(mode, size)
    ImageDraw.Draw(picture).ellipse((10, 10, 190, 190), fill="#0b5e6e")
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_kind_of_document_passes_its_own_check(name, tmp_path):
    printed = issue(SCENARIOS[name], tmp_path)

    assert printed.pages == len(pages(tmp_path))
    assert {path.name for path in tmp_path.iterdir()} == {PDF_NAME, XML_NAME} | (
        set() if printed.xrechnung_lacks else {XRECHNUNG_NAME}
    )


def test_an_invoice_says_all_that_it_has_to(tmp_path):
    text = issued(SCENARIOS["7 and 19 percent with shipping"], tmp_path)

    for said in [
        "Rechnung RE-2026-00017",
        "Erika Mustermann\nHeidestraße 17\n51147 Köln",
        "Nähwerk Schnittmuster GmbH · Fadengasse 12 · 50667 Köln",
        "Datum 25.10.2026",
        "Leistungsdatum 25.10.2026",
        "Bestellung 3123456789",
        "1 Schnittmuster Bente (PDF) 1 24,90 19 % 24,90 €",
        "2 Grundkurs Nähen (Buch) 1 19,90 7 % 19,90 €",
        "Versand 4,90 €",
        "Gesamtbetrag 49,70 €",
        "19 % 23,21 € 4,41 € 27,62 €",
        "7 % 20,64 € 1,44 € 22,08 €",
        "Bezahlt am 25.10.2026 mit PayPal: 49,70 €.",
        "USt-IdNr. DE123456789",
        "Seite 1 von 1",
    ]:
        assert said in text


def test_the_same_in_english(tmp_path):
    text = issued(SCENARIOS["by card, in English"], tmp_path)

    assert "Invoice RE-2026-00017" in text
    assert "Total €24.90" in text
    assert "Paid on 25 October 2026 by card: €24.90." in text
    assert "Page 1 of 1" in text


def test_a_cancellation_is_called_so_and_turns_every_amount(tmp_path):
    text = issued(SCENARIOS["cancellation"], tmp_path)

    assert "Stornorechnung ST-2026-00003" in text
    assert "Storniert die Rechnung RE-2026-00017 vom 25.10.2026 vollständig." in text
    assert "−1 24,90 19 % −24,90 €" in text
    assert "Gesamtbetrag −49,70 €" in text
    assert "Gutschrift" not in text


def test_a_correction_says_what_it_corrects(tmp_path):
    text = issued(SCENARIOS["correction"], tmp_path)

    assert "Rechnungskorrektur ST-2026-00003" in text
    assert "Berichtigt die Rechnung RE-2026-00017 vom 25.10.2026" in text


def test_the_wording_of_a_small_business_stands_below_one_sum(tmp_path):
    text = issued(SCENARIOS["small business"], tmp_path)

    assert "Steuerfrei nach der Regelung für kleine Unternehmen." in text
    assert "USt." not in text


def test_a_payment_before_the_supply_is_told_with_its_day(tmp_path):
    text = issued(SCENARIOS["paid in advance"], tmp_path)

    assert "Leistungsdatum steht noch aus" in text
    assert "Bezahlt am 25.10.2026" in text
    assert "Die Zahlung ist vor der Lieferung eingegangen." in text


def test_a_logo_of_many_megabytes_stands_on_the_document_and_does_not_weigh(tmp_path):
    noise = Image.effect_noise((2000, 1000), 90).convert("RGB")
    file = io.BytesIO()
    noise.save(file, "PNG")
    assert len(file.getvalue()) > 1_000_000

    issue(a_paper(seller=replace(SELLER, logo=file.getvalue())), tmp_path)

    pdf = pypdf.PdfReader(tmp_path / PDF_NAME)
    assert len(list(pdf.pages[0].images)) == 1
    assert (tmp_path / PDF_NAME).stat().st_size < 300_000


def test_what_takes_an_advance_payment_back_announces_no_supply(tmp_path):
    assert "steht noch aus" not in issued(SCENARIOS["cancellation of an advance payment"], tmp_path)


def test_what_is_left_to_pay_stands_below_the_total(tmp_path):
    text = issued(SCENARIOS["partly paid"], tmp_path)

    assert "Bereits bezahlt −20,00 €\nOffener Betrag 44,80 €" in text
    assert "Bitte zahlen Sie 44,80 € bis zum 08.11.2026." in text
    assert "IBAN DE02 1203 0000 0000 2020 51" in text


def test_a_day_to_pay_by_that_is_over_is_told_as_over(tmp_path):
    text = issued(SCENARIOS["long overdue"], tmp_path)

    assert "24,90 € waren bis zum 30.09.2026 zu zahlen und sind noch offen." in text
    assert "Bitte zahlen" not in text


def test_whoever_pays_on_delivery_is_not_asked_to_transfer_it_too(tmp_path):
    text = issued(SCENARIOS["on delivery"], tmp_path)

    assert "Zahlbar bei der Zustellung." in text
    assert "GiroCode" not in text


def test_what_was_paid_too_much_is_no_open_amount(tmp_path):
    text = issued(SCENARIOS["paid twice"], tmp_path)

    assert "Bereits bezahlt −49,80 €\nZu viel bezahlt 24,90 €" in text
    assert "Offener Betrag" not in text


def test_the_giro_code_pays_what_is_due(tmp_path):
    issue(SCENARIOS["partly paid"], tmp_path)

    with closing(pypdfium2.PdfDocument(tmp_path / PDF_NAME)) as document:
        (code,) = zxingcpp.read_barcodes(document[0].render(scale=3).to_pil())
    lines = code.text.split("\n")
    assert lines[:2] == ["BCD", "002"]
    assert [SELLER.bic, SELLER.name, SELLER.iban, "EUR44.8"] == lines[4:8]
    assert "RE-2026-00017" in lines


@pytest.mark.parametrize("name", ["one digital good", "in francs", "on delivery", "cancellation that owes money"])
def test_there_is_no_giro_code_where_nothing_is_to_be_transferred_in_euros(name, tmp_path):
    issue(SCENARIOS[name], tmp_path)

    with closing(pypdfium2.PdfDocument(tmp_path / PDF_NAME)) as document:
        assert zxingcpp.read_barcodes(document[0].render(scale=3).to_pil()) == []


def test_the_xml_is_attached_as_factur_x_wants_it(tmp_path):
    issue(SCENARIOS["partly paid"], tmp_path)

    reader = pypdf.PdfReader(tmp_path / PDF_NAME)
    root: Any = reader.root_object
    xml = (tmp_path / XML_NAME).read_bytes()
    assert reader.attachments == {"factur-x.xml": [xml]}
    (specification,) = root["/AF"]
    file = specification.get_object()["/EF"]["/F"]
    assert specification.get_object()["/AFRelationship"] == "/Alternative"
    assert file["/Subtype"] == "/text/xml"
    assert file["/Params"]["/CheckSum"].original_bytes == hashlib.md5(xml).digest()
    assert "/OpenAction" not in root


def test_a_reader_hears_the_language_and_the_title(tmp_path):
    issue(SCENARIOS["by card, in English"], tmp_path)

    reader = pypdf.PdfReader(tmp_path / PDF_NAME)
    root: Any = reader.root_object
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.xmp_metadata
    assert reader.xmp_metadata.dc_title == {"x-default": "Invoice RE-2026-00017"}


def test_the_xml_beside_it_is_the_attachment_and_the_xrechnung_the_other_profile(tmp_path):
    paper = SCENARIOS["unpaid, by transfer"]
    issue(paper, tmp_path)

    assert (tmp_path / XML_NAME).read_bytes() == zugferd.written(paper)
    assert (tmp_path / XRECHNUNG_NAME).read_bytes() == zugferd.written(paper, Profile.XRECHNUNG)


def test_an_xrechnung_that_lacks_something_is_not_written(tmp_path):
    printed = issue(a_paper(buyer=replace(CONSUMER, email="")), tmp_path)

    assert printed.xrechnung_lacks == ("buyer/email",)
    assert not (tmp_path / XRECHNUNG_NAME).exists()


async def test_the_same_paper_gives_the_same_bytes_in_another_process(tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    paper = a_paper(seller=replace(SELLER, logo=a_logo()), paid=1000)
    child = Child()
    try:
        printed = await child.document(paper, there)
    finally:
        await child.close()

    assert issue(paper, here) == printed
    for name in (PDF_NAME, XML_NAME, XRECHNUNG_NAME):
        assert (here / name).read_bytes() == (there / name).read_bytes()


# --- Wild papers


def test_lines_run_over_pages_with_their_head_and_the_sum_carried_over(tmp_path):
    issue(SCENARIOS["sixty lines"], tmp_path)

    texts = pages(tmp_path)
    assert len(texts) > 2
    assert [text for text in texts if "Bezeichnung" not in text] == []
    assert sorted(re.findall(r"Knopf Nr\. (\d+)\b", "\n".join(texts)), key=int) == [str(n) for n in range(60)]
    for one, next_one in pairwise(texts):
        (carried,) = re.findall(r"Übertrag ([\d,.]+ €)", one.split("Bezeichnung")[1])[-1:]
        assert f"Übertrag {carried}" in next_one.split("Bezeichnung")[1][:120]
    assert [f"Seite {n} von {len(texts)}" in text for n, text in enumerate(texts, start=1)] == [True] * len(texts)


def test_five_hundred_lines_are_all_there(tmp_path):
    printed = issue(a_paper(*(Sold(title=f"Artikel {n} von vielen") for n in range(500))), tmp_path)

    text = "\n".join(pages(tmp_path))
    assert printed.pages > 15
    assert len(re.findall(r"Artikel \d+ von vielen", text)) == 500


@pytest.mark.parametrize("title", ["W" * 4000, "Wort " * 799 + "Ende.", "Donaudampfschifffahrtsgesellschaft" * 117])
def test_a_title_of_four_thousand_characters_is_told_to_its_end(title, tmp_path):
    text = issued(a_paper(Sold(title=title)), tmp_path)

    letter = title[0]
    assert text.count(letter) >= title.count(letter)
    assert "Gesamtbetrag 24,90 €" in text


def test_whatever_is_too_long_goes_on_over_further_pages(tmp_path):
    """Nobody's order number has two thousand letters, but nothing that is told may be lost either."""
    long = a_paper(
        Sold(sku="S" * 1000),
        extras=(Extra("charge", 490, "Versand " * 300, "FC"),),
        buyer=replace(bought_by(name="N" * 3000), customer_number="Q" * 2000),
        order_number="O" * 500,
        notes=("Hinweis " * 1500,),
    )

    text = issued(long, tmp_path)

    letters = {"S": 1000, "N": 3000, "Q": 2000, "O": 500}
    assert {letter: text.count(letter) >= wanted for letter, wanted in letters.items()} == dict.fromkeys(letters, True)
    assert text.count("Versand") == 300
    assert text.count("Hinweis") == 1500
    assert "51147 Köln" in text


@pytest.mark.parametrize(
    ("name", "city", "country"),
    [("Łukasz Żółć", "Łódź", "PL"), ("Иван Петров", "София", "BG"), ("Nguyễn Thị Ánh", "Huế", "VN")],
)
def test_names_from_elsewhere_stand_there_as_they_are_written(name, city, country, tmp_path):
    text = issued(a_paper(buyer=bought_by(name=name, city=city, country=country)), tmp_path)

    assert name in text
    assert city in text


def test_a_hebrew_name_is_drawn_from_right_to_left(tmp_path):
    """PDFium puts what it finds into reading order, so the name only comes out as written if it was drawn turned."""
    text = issued(a_paper(buyer=bought_by(name="אברהם כהן")), tmp_path)

    assert "אברהם כהן" in text
    assert "Heidestraße 17" in text


def test_arabic_letters_are_joined(tmp_path):
    """Four letters that join are one piece of ink, which the same letters with gaps between them are not."""
    joined, apart = tmp_path / "joined", tmp_path / "apart"
    for folder, name in ((joined, "سسسس"), (apart, "س س س س")):
        folder.mkdir()
        issue(a_paper(buyer=bought_by(name=name)), folder)

    assert gaps(joined) == 0
    assert gaps(apart) == 3


def gaps(folder: Path) -> int:
    """How many stretches without ink interrupt the first line of the address."""
    with closing(pypdfium2.PdfDocument(folder / PDF_NAME)) as document:
        page = document[0].render(scale=8).to_pil().convert("L")
    dots = 8 * 72 / 25.4
    line = page.crop((int(24 * dots), int(63 * dots), int(104 * dots), int(67 * dots))).point(lambda shade: shade < 128)
    inked = [line.crop((x, 0, x + 1, line.height)).getbbox() is not None for x in range(line.width)]
    return len("".join("#" if each else " " for each in inked).split()) - 1


def test_a_line_below_a_foreign_one_keeps_its_size(tmp_path):
    """The rows of the address are equally high in ink, whatever face the one above them has."""
    heights = []
    for number, name in enumerate(("Erika Mustermann", "محمد")):
        folder = tmp_path / str(number)
        folder.mkdir()
        issue(a_paper(buyer=bought_by(name=name)), folder)
        with closing(pypdfium2.PdfDocument(folder / PDF_NAME)) as document:
            text = document[0].get_textpage()
            index = text.get_text_range().index("Heidestraße")
            _, bottom, _, top = text.get_charbox(index)
            heights.append(top - bottom)
    assert heights[0] == pytest.approx(heights[1], abs=0.1)


def test_a_character_that_no_font_has_is_named_and_nothing_is_written(tmp_path):
    with pytest.raises(PaperRefused) as caught:
        issue(a_paper(buyer=bought_by(name="李小龍 😀")), tmp_path)

    assert caught.value.cause is PaperCause.NO_GLYPH
    assert set(caught.value.detail.split()) == set("李小龍😀")
    assert list(tmp_path.iterdir()) == []


def test_every_text_of_the_paper_is_asked_for_its_characters(tmp_path):
    for paper in [
        a_paper(notes=("😀",)),
        a_paper(seller=replace(SELLER, bank_name="😀")),
        a_paper(Sold(unit="😀")),
        a_paper(order_number="😀"),
    ]:
        with pytest.raises(PaperRefused, match="no-glyph: 😀"):
            issue(paper, tmp_path)


def test_what_is_inconsistent_leaves_nothing_behind(tmp_path):
    paper = a_paper()

    with pytest.raises(PaperRefused, match="sums-inconsistent"):
        issue(replace(paper, totals=replace(paper.totals, gross=1, due=1 - 2490)), tmp_path)

    assert list(tmp_path.iterdir()) == []


async def test_a_refusal_comes_out_of_the_child_as_it_is(tmp_path):
    child = Child()
    try:
        with pytest.raises(PaperRefused) as caught:
            await child.document(a_paper(Sold(title="李")), tmp_path)
        with pytest.raises(ValueError, match="control character"):
            await child.document(a_paper(Sold(title="a\x07b")), tmp_path)
    finally:
        await child.close()

    assert (caught.value.cause, caught.value.detail) == (PaperCause.NO_GLYPH, "李")
    assert list(tmp_path.iterdir()) == []


async def test_a_child_that_dies_is_a_refusal_too(tmp_path):
    child = Child(command=["/bin/false"])

    with pytest.raises(PaperRefused) as caught:
        await child.document(a_paper(), tmp_path)

    assert caught.value.cause is PaperCause.CRASHED


# --- The letterhead


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGBA", "PNG"), ("RGB", "JPEG"), ("L", "PNG"), ("P", "PNG"), ("CMYK", "JPEG")]
)
def test_a_logo_of_any_kind_stands_in_the_letterhead(mode, kind, tmp_path):
    printed = issue(a_paper(seller=replace(SELLER, logo=a_logo(mode, kind=kind))), tmp_path)

    with closing(pypdfium2.PdfDocument(tmp_path / PDF_NAME)) as document:
        pictures = [each for each in document[0].get_objects() if isinstance(each, pypdfium2.PdfImage)]
    assert printed.pages == len(pictures) == 1


@pytest.mark.parametrize("logo", [b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(40), b"%PDF-1.7"])
def test_a_logo_that_is_none_is_a_refusal(logo, tmp_path):
    with pytest.raises(PaperRefused, match="logo-damaged"):
        issue(a_paper(seller=replace(SELLER, logo=logo)), tmp_path)


def test_the_address_lies_in_the_window_of_an_envelope(tmp_path):
    """DIN 5008 form B: 20 to 105 mm from the left, 45 to 90 mm from the top."""
    issue(a_paper(buyer=BUSINESS), tmp_path)

    with closing(pypdfium2.PdfDocument(tmp_path / PDF_NAME)) as document:
        text, height = document[0].get_textpage(), document[0].get_height()
        for said in ("Änderungsschneiderei", "80331 München"):
            start = text.get_text_range().index(said)
            left, bottom, _, top = (each * 25.4 / 72 for each in text.get_charbox(start))
            assert 20 < left < 105
            assert 45 < height * 25.4 / 72 - top < height * 25.4 / 72 - bottom < 90


def test_a_correction_of_a_net_invoice_shows_its_tax(tmp_path):
    text = issued(taken_back(SCENARIOS["net prices"]), tmp_path)

    assert "Summe netto −100,00 €" in text
    assert "Umsatzsteuer 19 % −19,00 €" in text
    assert "Gesamtbetrag −119,00 €" in text
