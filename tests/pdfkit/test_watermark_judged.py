"""Every kind of PDF, stamped and judged by readers that have no part in it: place, pixels, structure, syntax."""

import pikepdf
import pypdf
import pytest
from fpdf import FPDF
from pikepdf import Array, Dictionary, Name

from pdfkit import fonts
from pdfkit.watermark import stamp
from tests.pdfkit import judging, papers
from tests.pdfkit.reading import STYLE, TEXT


def turned(path):
    """Every way a page can lie, with boxes that begin anywhere, in sizes of every kind."""
    turns = (0, 90, 180, 270, -90, 450, 720)
    boxes: list[dict[str, object]] = [
        {"MediaBox": (0, 0, 595, 842)},
        {"MediaBox": (-300, -200, 295, 642), "CropBox": (-250, -180, 280, 600)},
        {"MediaBox": (842, 595, 0, 0), "CropBox": (20, 10, 800, 590), "UserUnit": 1.5},
        {"MediaBox": (0, 0, 4000, 3000), "CropBox": (-5, -5, 9000, 9000), "UserUnit": 0.5},
        {"MediaBox": (0, 0, 90, 60)},
    ]
    return papers.sheets(path, [(papers.FRAME, box | {"Rotate": turn}) for turn in turns for box in boxes])


def furnished(path):
    """A book that has everything beside its pages: a form, a file, labels, tags, notes, an XMP packet."""
    with pikepdf.open(papers.book(path.with_suffix(".plain.pdf"), pages=4)) as pdf:
        field = pdf.make_indirect(
            Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T="size", V="42", Rect=[50, 50, 150, 70], F=4)
        )
        pdf.pages[0].Annots.append(field)
        pdf.Root.AcroForm = Dictionary(Fields=Array([field]), DA="/Helv 0 Tf 0 g")
        pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.r), 2, Dictionary(S=Name.D, St=1)]))
        pdf.attachments["pattern.txt"] = pikepdf.AttachedFileSpec(pdf, b"0123", filename="pattern.txt")
        paragraph = pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.P, Pg=pdf.pages[0].obj, K=0))
        pdf.Root.StructTreeRoot = pdf.make_indirect(
            Dictionary(Type=Name.StructTreeRoot, K=Array([paragraph]), ParentTree=Dictionary(Nums=[0, [paragraph]]))
        )
        pdf.Root.MarkInfo, pdf.Root.Lang, pdf.pages[0].obj.StructParents = Dictionary(Marked=True), "de-DE", 0
        pdf.pages[0].contents_add(b"/P <</MCID 0>> BDC", prepend=True)
        pdf.pages[0].contents_add(b"EMC")
        with pdf.open_metadata() as packet:
            packet["dc:title"] = "Schnittmuster Bente"
        pdf.save(path)
    return path


def archived(part):
    def archive(path):
        pdf = FPDF(enforce_compliance=f"PDF/A-{part}")
        pdf.add_font("body", fname=fonts.SLIM)
        pdf.set_font("body", size=14)
        pdf.set_title("Schnittmuster Bente")
        pdf.add_page()
        pdf.cell(text="Seite 1")
        pdf.output(path)
        with pikepdf.open(path, allow_overwriting_input=True) as made:
            del made.Root.OpenAction  # of which the validator knows nothing
            made.save(path, fix_metadata_version=False)
        return path

    return archive


def resaved(path, **how):
    with pikepdf.open(furnished(path.with_suffix(".whole.pdf"))) as pdf:
        pdf.save(path, **how)
    return path


def prefixed(path):
    path.write_bytes(b"HTTP/1.1 200 OK\r\n\r\n" + papers.book(path.with_suffix(".whole.pdf")).read_bytes())
    return path


def listed_twice(path):
    with pikepdf.open(papers.sheet(path.with_suffix(".plain.pdf"))) as pdf:
        pages = pdf.Root.Pages
        pages.Kids, pages.Count = Array([pages.Kids[0], pages.Kids[0]]), 2
        pdf.save(path)
    return path


def inheriting(path):
    return papers.inheriting(path, MediaBox=(10, 20, 852, 615), CropBox=(20, 30, 800, 500), Rotate=-90)


EVERY_KIND = {
    "a book": papers.book,
    "turned, cropped, scaled": turned,
    "inheriting": inheriting,
    "sharing contents": papers.sharing,
    "a scan": papers.scan,
    "protected": lambda path: papers.protected(path, owner="secret"),
    "signed": papers.signed,
    "furnished": furnished,
    "linearized": lambda path: resaved(path, linearize=True),
    "in object streams": lambda path: resaved(path, object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "with junk before it": prefixed,
    "a page listed twice": listed_twice,
    "PDF/A-1": archived("1B"),
    "PDF/A-2": archived("2B"),
    "PDF/A-3": archived("3B"),
}


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
