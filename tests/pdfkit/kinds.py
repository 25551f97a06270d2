"""One sound PDF of every kind that a shop may sell, by what is special about it."""

import pikepdf
from fpdf import FPDF
from pikepdf import Array, Dictionary, Name

from pdfkit import fonts
from tests.pdfkit import papers


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
