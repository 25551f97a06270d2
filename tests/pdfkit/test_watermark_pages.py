"""What pages hold does not harm the stamp, and the stamp does not harm what they hold."""

import pikepdf
import pypdf
import pytest

from pdfkit.watermark import stamp
from tests.pdfkit import papers, reading
from tests.pdfkit.reading import STAMPS_BOX, STYLE, TEXT, assert_in_place

# --- What pages leave behind

LEFT_BEHIND = {
    "a matrix": b"0.1 0 0 0.1 300 300 cm",
    "saved states": b"q 2 0 0 2 0 0 cm q 0.5 0 0 0.5 90 90 cm q",
    "surplus restores": b"q Q Q Q Q 0.1 0 0 0.1 300 300 cm",
    "open text": b"BT /F1 30 Tf 3 Tr 5 Tc 50 Tz 10 Ts 100 100 Td (x) Tj",
    "a clip": b"0 0 1 1 re W n",
    "white": b"1 g 1 1 1 RG",
    "open marked content": b"/Span BMC /P <</MCID 0>> BDC",
    "a comment": b"0 g % the page ends within",
    "a string with operators": rb"BT /F1 9 Tf 50 500 Td (q Q \) (BT) q) Tj ET",
    "a hexadecimal string": b"BT /F1 9 Tf 50 500 Td <71 20 71> Tj ET",
    "a name like an operator": b"/q BMC EMC q /BT gs",
    "an image with operators": b"BI /W 4 /H 1 /BPC 8 /CS /G ID \nQ\nQ EI q",
    "a path that was not drawn": b"100 100 m 300 300 l",
    "a clip that was not taken": b"300 300 50 50 re W",
    "states saved within text": b"BT /F1 9 Tf q 2 0 0 2 0 0 cm (x) Tj",
    "text within text": b"BT BT Q /F1 9 Tf 50 300 Td (x) Tj",
    "ends of nothing": b"ET EMC EMC ] >> Q",
    "operands without operator": b"1 2 /Name (x) [3 4] <</A 1>>",
    "a compatibility section": b"BX foo bar",
    "zero bytes between": b"q\x002 0 0 2 0 0 cm\x00",
}


@pytest.mark.parametrize("content", LEFT_BEHIND.values(), ids=LEFT_BEHIND)
def test_what_a_page_leaves_behind_does_not_reach_the_stamp(source, target, content):
    stamp(papers.sheet(source, content), target, TEXT, STYLE)

    assert_in_place(target)
    assert reading.ink(target, STAMPS_BOX) > 500
    assert not reading.differs_outside(source, target, STAMPS_BOX)


def test_a_restore_without_save_keeps_the_colours_of_the_page(source, target):
    papers.sheet(source, b"1 0 0 rg 100 500 50 50 re f Q 200 500 50 50 re f")

    stamp(source, target, TEXT, STYLE)

    assert_in_place(target)
    assert not reading.differs_outside(source, target, STAMPS_BOX)


def test_content_in_pieces_counts_as_one(source, target):
    stamp(papers.sheet(source, [b"q 1 0 0 1", b"200 200 cm", b"0 g"]), target, TEXT, STYLE)

    assert_in_place(target)


def test_an_unclosed_hidden_layer_does_not_hide_the_stamp(source, target):
    papers.sheet(source, b"/OC /Hidden BDC 0 0 10 10 re f")
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        layer = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.OCG, Name="Hidden"))
        pdf.pages[0].Resources.Properties = pikepdf.Dictionary(Hidden=layer)
        pdf.Root.OCProperties = pikepdf.Dictionary(
            OCGs=pikepdf.Array([layer]), D=pikepdf.Dictionary(OFF=pikepdf.Array([layer]))
        )
        pdf.save(source)

    stamp(source, target, TEXT, STYLE)

    assert reading.ink(target, STAMPS_BOX) > 500


def test_a_scan_does_not_cover_the_stamp(source, target):
    stamp(papers.scan(source), target, TEXT, STYLE)

    assert_in_place(target)
    assert reading.ink(target, STAMPS_BOX) > 500


@pytest.mark.parametrize("contents", [None, pikepdf.Array([]), pikepdf.Array([None, 5])], ids=["none", "empty", "odd"])
def test_a_page_without_content_is_stamped(source, target, contents):
    papers.sheet(source)
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        del pdf.pages[0].Contents
        del pdf.pages[0].Resources
        if contents is not None:
            pdf.pages[0].obj.Contents = contents
        pdf.save(source)

    stamp(source, target, TEXT, STYLE)

    assert_in_place(target)


def test_pages_that_share_their_contents_are_stamped_once_each(source, target):
    stamp(papers.sharing(source), target, TEXT, STYLE)

    for page in range(4):
        assert_in_place(target, page=page)


def test_a_name_the_page_already_uses_keeps_its_meaning(source, target):
    stamp(papers.sheet(source), target, TEXT, STYLE)
    with pikepdf.open(target) as pdf:
        (taken,) = pdf.pages[0].Resources.XObject.keys()
    papers.sheet(source, f"q 100 0 0 100 100 500 cm {taken} Do Q".encode())
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        form = pikepdf.Stream(pdf, b"1 0 0 rg 0 0 1 1 re f", Subtype=pikepdf.Name.Form, BBox=[0, 0, 1, 1])
        pdf.pages[0].Resources.XObject = pikepdf.Dictionary({taken: form})
        pdf.save(source)

    stamp(source, target, TEXT, STYLE)

    assert_in_place(target)
    assert not reading.differs_outside(source, target, STAMPS_BOX)


def test_protected_content_is_followed_as_well(source, target):
    papers.sheet(source, b"q 2 0 0 2 0 0 cm q BT")
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        pdf.save(source, encryption=pikepdf.Encryption(owner="secret", user=""))

    stamp(source, target, TEXT, STYLE)

    assert_in_place(target)


# --- What stays as it was


def test_nothing_outside_the_stamp_changes(source, target):
    papers.sheet(source, Rotate=90, CropBox=(30, 40, 500, 700))

    stamp(source, target, TEXT, STYLE)

    assert not reading.differs_outside(source, target, STAMPS_BOX)
    assert reading.differs_outside(source, target, (0, 0, 1, 1))


def test_title_outline_and_links_stay(source, target):
    stamp(papers.book(source), target, TEXT, STYLE)

    before, after = pypdf.PdfReader(source), pypdf.PdfReader(target)
    assert after.metadata == before.metadata
    with pikepdf.open(target) as pdf, pdf.open_outline() as outline:
        assert [entry.title for entry in outline.root] == ["Chapter 1", "Chapter 2", "Chapter 3"]
        assert [str(page.Annots[0].A.URI) for page in pdf.pages] == ["https://example.org/"] * 3


def test_the_stamp_is_one_artifact_that_all_pages_share(source, target):
    stamp(papers.book(source, pages=3), target, TEXT, STYLE)

    for page in pypdf.PdfReader(target).pages:
        content = page.get_contents()
        assert content is not None
        assert content.get_data().count(b"/Artifact <</Type/Pagination/Subtype/Watermark>> BDC") == 1
    with pikepdf.open(target) as pdf:
        assert len({form.objgen for page in pdf.pages for form in page.Resources.XObject.values()}) == 1


def test_the_font_comes_once_and_a_page_grows_by_less_than_70_bytes(source, target):
    papers.book(source, pages=300)

    stamp(source, target, TEXT, STYLE)

    assert target.stat().st_size - source.stat().st_size < 10_000 + 300 * 70


def test_the_result_has_no_syntax_errors(source, target):
    stamp(papers.book(source), target, TEXT, STYLE)

    with pikepdf.open(target) as pdf:
        assert pdf.check_pdf_syntax() == []
