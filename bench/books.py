"""The PDFs that stamping is measured with: drawings of about the size that real ones have, and scans."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import pikepdf

A4 = (595, 842)  # points


@dataclass(frozen=True)
class Book:
    name: str
    pages: int
    page_bytes: int
    is_scanned: bool = False


ONE, SOME, MANY = Book("1 page", 1, 40_000), Book("300 pages", 300, 17_000), Book("1500 pages", 1500, 20_000)
SCANS = Book("20 scans", 20, 5_400_000, is_scanned=True)


def made(book: Book, place: Path) -> Path:
    path = place / f"{book.pages}.pdf"
    if path.exists():
        return path
    dice = random.Random(book.pages)
    drawings = [_drawing(dice, book.page_bytes) for _ in range(1 if book.is_scanned else min(book.pages, 20))]
    with pikepdf.new() as pdf:
        for drawing in islice(cycle(drawings), book.pages):
            page = pdf.add_blank_page(page_size=A4)
            page.obj.Contents = pdf.make_stream(b"q 595 0 0 842 0 0 cm /Scan Do Q" if book.is_scanned else drawing)
            if book.is_scanned:
                pixels = pikepdf.Stream(pdf, dice.randbytes(book.page_bytes), Subtype=pikepdf.Name.Image)
                pixels.Width, pixels.Height, pixels.BitsPerComponent = 1800, book.page_bytes // 1800, 8
                pixels.ColorSpace = pikepdf.Name.DeviceGray
                page.obj.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Scan=pixels))
        pdf.save(path)
    return path


def _drawing(dice: random.Random, size: int) -> bytes:
    """Lines that take about that many bytes when compressed."""
    lines = (f"{dice.randrange(59500) / 100} {dice.randrange(84200) / 100} l" for _ in range(size // 7))
    return "\n".join(["q 0.5 w 0 0 m", *lines, "S Q"]).encode()
