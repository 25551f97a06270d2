"""Draws the demo's files into a folder: pattern sheets of several sizes and turns, a guide, an invoice, a ZIP.

And the banner of its shop into a file of its own.
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

from fpdf import FPDF

from demo import banner
from demo.cast import EXTRAS, GUIDE, INVOICE, SHEET


def draw(folder: Path) -> None:
    """Leaves alone what is there already, so that a kept demo keeps its files."""
    for name, page_maker in ((SHEET, _sheet), (GUIDE, _guide), (INVOICE, _invoice)):
        if not (folder / name).exists():
            page_maker().output(str(folder / name))
    if not (folder / EXTRAS).exists():
        with zipfile.ZipFile(folder / EXTRAS, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("Lies-mich.txt", "Grundkurs Reißverschluss einnähen\n\n1. Stecken  2. Heften  3. Nähen\n")


def _paper(title: str) -> FPDF:
    paper = FPDF(format="A4")
    paper.set_title(title)
    paper.set_author("Nähwerk")
    paper.set_auto_page_break(False)
    return paper


def _sheet() -> FPDF:
    """Tiles of a pattern: a control square, cutting lines, one of them landscape."""
    paper = _paper("Bente, Druckbogen A4")
    for tile in range(1, 7):
        paper.add_page(orientation="landscape" if tile == 4 else "portrait")
        paper.set_font("Helvetica", "B", 16)
        paper.text(20, 24, f"Bente - Bogen {tile} von 6")
        paper.set_line_width(0.6)
        paper.rect(20, 32, 30, 30)
        paper.set_font("Helvetica", "", 9)
        paper.text(22, 67, "Kontrollquadrat 3 x 3 cm: ohne Seitenanpassung drucken")
        paper.set_line_width(0.9)
        for size in range(6):
            paper.set_dash_pattern(dash=2 + size, gap=1.5)
            paper.bezier([(30, 90 + 6 * size), (90, 70 + 9 * size), (120, 160 - 5 * size), (175, 120 + 12 * size)])
        paper.set_dash_pattern()
    return paper


def _guide() -> FPDF:
    paper = _paper("Bente, Nähanleitung")
    steps = ("Zuschneiden", "Schulternähte schließen", "Ärmel einsetzen", "Seitennähte schließen", "Säumen")
    for number, step in enumerate(steps, 1):
        paper.add_page()
        paper.set_font("Helvetica", "B", 22)
        paper.text(20, 30, f"{number}. {step}")
        paper.set_line_width(0.4)
        paper.ellipse(60, 60, 90, 120)
        paper.line(60, 120, 150, 120)
        paper.set_font("Helvetica", "", 11)
        paper.text(20, 210, "Alle Maße enthalten 1 cm Nahtzugabe.")
    return paper


def _invoice() -> FPDF:
    paper = _paper("Rechnung")
    paper.add_page()
    paper.set_font("Helvetica", "B", 18)
    paper.text(25, 60, "Rechnung")
    paper.set_font("Helvetica", "", 11)
    rows = (
        "Schnittmuster Wickeljacke Bente (PDF)  12,90 EUR",
        "Grundkurs Reißverschluss  24,00 EUR",
        "Gesamt  65,00 EUR",
    )
    for place, row in enumerate(rows):
        paper.text(25, 80 + 8 * place, row)
    return paper


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
    banner.draw(Path(sys.argv[2]))
