"""What PDF/A-1 wants of the stamp's fonts, and later parts do not: a list of every glyph inside them."""

import re

import pikepdf

_PART_ONE = re.compile(rb"pdfaid:part(?:\s*=\s*[\"']|>)\s*1\s*[\"'<]")


def are_wanted(pdf: pikepdf.Pdf) -> bool:
    """Whether the file says that it is PDF/A-1, whose metadata bear no filter (ISO 19005-1, 6.7.2)."""
    metadata = pdf.Root.get("/Metadata")
    if not isinstance(metadata, pikepdf.Stream) or "/Filter" in metadata:
        return False
    return _PART_ONE.search(metadata.read_raw_bytes()) is not None


def add(form: pikepdf.Object, pdf: pikepdf.Pdf) -> None:
    """A CIDSet for every font of the form: one bit a glyph, the first one the highest (ISO 19005-1, 6.3.5)."""
    for font in form.Resources.Font.as_dict().values():
        (descendant,) = font.DescendantFonts
        glyphs = descendant.CIDToGIDMap.read_bytes()
        present = {0} | {place // 2 for place in range(0, len(glyphs), 2) if glyphs[place : place + 2] != b"\0\0"}
        bits = bytearray(max(present) // 8 + 1)
        for glyph in present:
            bits[glyph // 8] |= 0x80 >> glyph % 8
        descendant.FontDescriptor.CIDSet = pdf.make_stream(bytes(bits))
