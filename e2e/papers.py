"""Small PDFs to sell, and an independent reader for what comes out."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pikepdf
import pypdfium2
from fpdf import FPDF


def a_pattern(path: Path, pages: int = 3) -> None:
    """Plain, turned and cropped pages, as pattern sheets come."""
    paper = FPDF(format="A4")
    for number in range(1, pages + 1):
        paper.add_page()
        paper.set_font("Helvetica", "", 14)
        paper.text(40, 60, f"Bogen {number}")
    with pikepdf.open(BytesIO(bytes(paper.output()))) as pdf:
        if pages > 1:
            pdf.pages[1].rotate(90, relative=False)
        if pages > 2:
            pdf.pages[2].cropbox = pikepdf.Array([50, 70, 500, 700])
        pdf.save(path)


def texts(content: bytes) -> list[str]:
    """What PDFium reads on each page."""
    pdf = pypdfium2.PdfDocument(content)
    try:
        return [page.get_textpage().get_text_bounded() for page in pdf]
    finally:
        pdf.close()
