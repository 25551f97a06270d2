"""PDFs of every kind, made on the spot."""

import re
import zlib
from collections.abc import Sequence
from pathlib import Path

import pikepdf
from fpdf import FPDF
from pikepdf import Array, Dictionary, Name

A4 = (0, 0, 595, 842)
FRAME = b"0.8 0.9 1 rg 60 60 300 400 re f 0 0 0 rg BT /F1 18 Tf 80 420 Td (The page's own words) Tj ET"


def book(path: Path, pages: int = 3) -> Path:
    """An ordinary book with a title, an outline and a link."""
    pdf = FPDF()
    pdf.set_title("Schnittmuster Bente")
    pdf.set_font("helvetica", size=14)
    for number in range(1, pages + 1):
        pdf.add_page()
        pdf.start_section(f"Chapter {number}")
        pdf.cell(text=f"Page {number}", link="https://example.org/")
    pdf.output(path)
    return path


def sheet(path: Path, content: bytes | Sequence[bytes] = FRAME, **attributes: object) -> Path:
    """One page with this content; attributes such as MediaBox, CropBox, Rotate, UserUnit as given."""
    return sheets(path, [(content, attributes)])


def sheets(path: Path, pages: Sequence[tuple[bytes | Sequence[bytes], dict[str, object]]]) -> Path:
    with pikepdf.new() as pdf:
        for content, attributes in pages:
            _add(pdf, content, attributes)
        pdf.save(path, static_id=True, compress_streams=False)
    return path


def inheriting(path: Path, **attributes: object) -> Path:
    """Two pages that take everything from the page tree."""
    with pikepdf.new() as pdf:
        for _ in range(2):
            _add(pdf, FRAME, {})
        for page in pdf.pages:
            del page.obj["/MediaBox"]
        for name, value in attributes.items():
            pdf.Root.Pages[f"/{name}"] = _object(value)
        pdf.save(path, static_id=True)
    return path


def sharing(path: Path) -> Path:
    """Four pages, each turned another way, that share one array of contents and one dictionary of resources."""
    with pikepdf.new() as pdf:
        contents = pdf.make_indirect(Array([pdf.make_stream(FRAME)]))
        resources = pdf.make_indirect(Dictionary(Font=_fonts(pdf)))
        for turn in (0, 90, 180, 270):
            page = _add(pdf, b"", {"Rotate": turn})
            page.Contents, page.Resources = contents, resources
        pdf.save(path, static_id=True)
    return path


def protected(path: Path, owner: str = "", user: str = "") -> Path:
    with pikepdf.open(sheet(path.with_suffix(".plain.pdf"))) as pdf:
        pdf.save(path, encryption=pikepdf.Encryption(owner=owner, user=user))
    return path


def signed(path: Path) -> Path:
    with pikepdf.open(sheet(path.with_suffix(".plain.pdf"))) as pdf:
        pdf.Root.AcroForm = Dictionary(Fields=Array(), SigFlags=3)
        pdf.save(path)
    return path


def with_a_signature_field(path: Path, is_signed: bool) -> Path:
    """A leaf of the form's tree, which is one by what is above it; the flag says the opposite of what is the case."""
    with pikepdf.open(sheet(path.with_suffix(".plain.pdf"))) as pdf:
        seal = Dictionary(Type=Name.Sig, ByteRange=Array([0, 1, 2, 3])) if is_signed else Dictionary()
        leaf = pdf.make_indirect(Dictionary(T="seal", V=seal))
        fields = Array([Dictionary(T="page", FT=Name.Sig, Kids=Array([leaf]))])
        pdf.Root.AcroForm = Dictionary(Fields=fields, SigFlags=0 if is_signed else 1)
        pdf.save(path)
    return path


def dynamic_form(path: Path, needs_rendering: object = True, has_xfa: bool = True) -> Path:
    with pikepdf.open(sheet(path.with_suffix(".plain.pdf"))) as pdf:
        pdf.Root.AcroForm = Dictionary(Fields=Array())
        if has_xfa:
            pdf.Root.AcroForm.XFA = pdf.make_stream(b"<xdp/>")
        pdf.Root.NeedsRendering = needs_rendering
        pdf.save(path)
    return path


def with_files_inside(path: Path, is_portfolio: bool = False, has_files: bool = True) -> Path:
    """In the second node of the tree that names them."""
    with pikepdf.open(sheet(path.with_suffix(".plain.pdf"))) as pdf:
        file = Dictionary(Type=Name.Filespec, F="extra.pdf")
        if has_files:
            file.EF = Dictionary(F=pdf.make_stream(b"%PDF-"))
        nodes = [pdf.make_indirect(Dictionary(Names=Array(names))) for names in ([], ["extra.pdf", file])]
        pdf.Root.Names = Dictionary(EmbeddedFiles=Dictionary(Kids=Array(nodes)))
        if not has_files:
            pdf.Root.AF = Array()
        if is_portfolio:
            pdf.Root.Collection = Dictionary(View=Name.T)
        pdf.save(path)
    return path


def with_a_paper_clip(path: Path, kind: str = "FileAttachment", has_file: bool = True) -> Path:
    """A file that hangs on the second page instead of the document, or is only named there."""
    with pikepdf.open(sheets(path.with_suffix(".plain.pdf"), 2 * [(FRAME, {})])) as pdf:
        page = pdf.pages[1].obj
        file = Dictionary(Type=Name.Filespec, F="a.txt")
        if has_file:
            file.EF = Dictionary(F=pdf.make_stream(b"a"))
        clip = Dictionary(Type=Name.Annot, Subtype=Name(f"/{kind}"), Rect=Array([0, 0, 20, 20]))
        if kind == "AF":
            page.AF = Array([file])
        elif kind == "RichMedia":
            names = Dictionary(Names=Array(["a", pdf.make_indirect(file)]))
            clip.RichMediaContent = Dictionary(Assets=Dictionary(Kids=Array([pdf.make_indirect(names)])))
            page.Annots = Array([pdf.make_indirect(clip)])
        else:
            clip.FS = file
            page.Annots = Array([pdf.make_indirect(clip)])
        pdf.save(path)
    return path


def with_a_lost_object(path: Path) -> Path:
    """The index is wrong about something that nobody needs in order to open the file."""
    with pikepdf.open(sheet(path.with_suffix(".plain.pdf"))) as pdf:
        pdf.pages[0].obj.PieceInfo = pdf.make_indirect(Dictionary(Note="of no use"))
        pdf.save(path, static_id=True)
    whole = path.read_bytes()
    begins = whole.rindex(b"\n", 0, whole.rindex(b" obj", 0, whole.index(b"of no use"))) + 1
    path.write_bytes(whole.replace(b"%010d 00000 n" % begins, b"%010d 00000 n" % (begins + 9)))
    return path


def with_broken_content(path: Path) -> Path:
    """What the page draws can be inflated in part."""
    stored = zlib.compress(FRAME + 4000 * b" 0 0 m 100 100 l S")
    with pikepdf.new() as pdf:
        page = _add(pdf, b"", {})
        page.Contents = pikepdf.Stream(pdf, stored[:-40], Filter=Name.FlateDecode)
        pdf.save(path, stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)
    return path


def covered(path: Path) -> Path:
    """A field lies where the stamp goes."""
    with pikepdf.open(sheet(path.with_suffix(".plain.pdf"))) as pdf:
        look = pikepdf.Stream(pdf, b"1 1 1 rg 0 0 595 100 re f", Type=Name.XObject, Subtype=Name.Form)
        look.BBox = Array([0, 0, 595, 100])
        field = Dictionary(Type=Name.Annot, Subtype=Name.Stamp, Rect=Array([0, 0, 595, 100]), F=4)
        field.AP = Dictionary(N=look)
        pdf.pages[0].obj.Annots = Array([pdf.make_indirect(field)])
        pdf.save(path)
    return path


def with_a_short_image(path: Path, colours: bool = False) -> Path:
    """The data of an image in the content end before it does: readers take what follows for more of them. With
    `colours`, how long it is says a colour space among the page's resources."""
    space, data = (b"/Foo", bytes(1200)) if colours else (b"/G", bytes(9))
    content = b"q 100 0 0 100 50 500 cm BI /W 20 /H 20 /CS %s /BPC 8 ID %s EI Q" % (space, data)
    with pikepdf.open(sheet(path.with_suffix(".plain.pdf"), content)) as pdf:
        inks = Array([Name(f"/Ink{number}") for number in range(8)])
        tint = Dictionary(FunctionType=2, Domain=Array([0, 1]), N=1, C0=Array([0]), C1=Array([1]))
        foo = Array([Name.DeviceN, inks, Name.DeviceGray, tint])
        pdf.pages[0].obj.Resources.ColorSpace = Dictionary(Foo=foo)
        pdf.save(path)
    return path


def with_a_ring_of_fields(path: Path, fields: int = 1500) -> Path:
    """A few kilobytes in which every field has all others below it."""
    with pikepdf.open(sheet(path.with_suffix(".plain.pdf"))) as pdf:
        field = pdf.make_indirect(Dictionary(T="a"))
        ring = pdf.make_indirect(Array([field] * fields))
        field.Kids = ring
        pdf.Root.AcroForm = Dictionary(Fields=ring)
        pdf.save(path)
    return path


def with_streams_for_dictionaries(path: Path) -> Path:
    """An image in a list of objects that is the dictionary of a stream, which some readers take as well."""
    with pikepdf.open(scan(path.with_suffix(".plain.pdf"))) as pdf:
        resources = pdf.pages[0].obj.Resources
        listed = pdf.make_stream(b"")
        listed.Scan = resources.XObject.Scan
        resources.XObject = listed
        pdf.save(path)
    return path


def empty(path: Path) -> Path:
    path.write_bytes(b"")
    return path


def html(path: Path) -> Path:
    path.write_bytes(b"<!doctype html><title>404</title><h1>Not found</h1>" * 40)
    return path


def truncated(path: Path) -> Path:
    whole = book(path.with_suffix(".whole.pdf"), pages=12).read_bytes()
    path.write_bytes(whole[: len(whole) * 6 // 10])
    return path


def with_broken_index(path: Path) -> Path:
    """Its cross-reference table is destroyed; every page is still there."""
    whole = book(path.with_suffix(".whole.pdf"), pages=4).read_bytes()
    path.write_bytes(re.sub(rb"\d{10} \d{5} n", b"garbage garbage  ", whole))
    return path


def without_pages(path: Path) -> Path:
    with pikepdf.new() as pdf:
        pdf.save(path)
    return path


def endless(path: Path) -> Path:
    """A page tree that contains itself."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 9/Kids[2 0 R 2 0 R]>>"]
    body = b"".join(b"%d 0 obj%sendobj\n" % numbered for numbered in enumerate(objects, 1))
    path.write_bytes(b"%PDF-1.4\n" + body + b"trailer<</Root 1 0 R/Size 3>>\n%%EOF\n")
    return path


def bloated(path: Path) -> Path:
    """A few kilobytes that inflate to more than anybody draws on a page."""
    with pikepdf.new() as pdf:
        page = _add(pdf, b"", {})
        page.Contents = pdf.make_stream(b" " * 20 * 2**20)
        pdf.save(path, compress_streams=True)
    return path


def scan(path: Path) -> Path:
    """An opaque image that covers the page and leaves its matrix behind."""
    with pikepdf.new() as pdf:
        page = _add(pdf, b"595 0 0 842 0 0 cm /Scan Do", {})
        image = pikepdf.Stream(pdf, bytes([200, 220, 240]) * 16, Subtype=Name.Image, Width=4, Height=4)
        image.ColorSpace, image.BitsPerComponent = Name.DeviceRGB, 8
        page.Resources.XObject = Dictionary(Scan=image)
        pdf.save(path)
    return path


def _add(pdf: pikepdf.Pdf, content: bytes | Sequence[bytes], attributes: dict[str, object]) -> pikepdf.Object:
    page = pdf.add_blank_page(page_size=(595, 842)).obj
    page.Resources = Dictionary(Font=_fonts(pdf))
    if isinstance(content, bytes):
        page.Contents = pdf.make_stream(content)
    else:
        page.Contents = Array([pdf.make_stream(part) for part in content])
    for name, value in attributes.items():
        page[f"/{name}"] = _object(value)
    return page


def _object(value: object) -> object:
    return Array(list(value)) if isinstance(value, tuple) else value


def _fonts(pdf: pikepdf.Pdf) -> Dictionary:
    return Dictionary(F1=Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
