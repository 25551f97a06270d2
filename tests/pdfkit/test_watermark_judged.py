"""Every kind of PDF, stamped and judged by readers that have no part in it: place, pixels, structure, syntax."""

import pikepdf
import pypdf
import pytest

from pdfkit.watermark import stamp
from tests.pdfkit import judging
from tests.pdfkit.kinds import EVERY_KIND, archived, furnished
from tests.pdfkit.reading import STYLE, TEXT


@pytest.mark.filterwarnings("ignore:This document has .* form widget")
@pytest.mark.parametrize("make", EVERY_KIND.values(), ids=EVERY_KIND)
def test_independent_readers_find_the_stamp_in_its_place_and_nothing_else_changed(source, target, make):
    stamp(make(source), target, TEXT, STYLE)

    assert judging.complaints(source, target, TEXT, STYLE) == []


@pytest.mark.parametrize("part", ["1B", "2B", "3B"])
def test_an_archivable_file_stays_archivable(source, target, part):
    stamp(archived(part)(source), target, TEXT, STYLE)

    assert pikepdf.pdfa.validate_written(target, part.lower()).findings == []


@pytest.mark.filterwarnings("ignore:This document has .* form widget")
@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda pdf: pdf.Root.__delitem__("/PageLabels"), "page labels changed"),
        (lambda pdf: pdf.Root.__delitem__("/AcroForm"), "form fields changed"),
        (lambda pdf: pdf.Root.StructTreeRoot.__delitem__("/K"), "tags changed"),
        (lambda pdf: pdf.attachments.__delitem__("pattern.txt"), "embedded files changed"),
        (lambda pdf: pdf.pages[1].obj.__delitem__("/Annots"), "links or notes changed"),
        (lambda pdf: pdf.pages[1].contents_add(b"300 300 9 9 re f"), "page 2: pixels outside the stamp changed"),
        (lambda pdf: pdf.pages[1].contents_add(b"1 g 0 0 595 60 re f"), "page 2: the stamp is not to be seen"),
        (lambda pdf: pdf.pages[2].contents_add(b"1 0 0 1 3 0 cm", prepend=True), "page 3: pixels outside"),
        (lambda pdf: pdf.pages.__delitem__(3), "3 pages instead of 4"),
    ],
)
def test_the_judge_tells_of_what_a_stamp_might_break(source, target, spoil, complaint):
    stamp(furnished(source), target, TEXT, STYLE)
    with pikepdf.open(target, allow_overwriting_input=True) as pdf:
        spoil(pdf)
        pdf.save(target)

    assert any(said.startswith(complaint) for said in judging.complaints(source, target, TEXT, STYLE))


def test_a_furnished_book_is_one_that_the_judge_can_read(source):
    with pypdf.PdfReader(furnished(source)) as reader:
        assert reader.page_labels == ["i", "ii", "1", "2"]
        assert reader.get_form_text_fields() == {"size": "42"}
        assert reader.attachments["pattern.txt"] == [b"0123"]
