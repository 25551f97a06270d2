"""`python -m bench.documents`: how long an invoice of one page takes in a warm child, and how large it is."""

from __future__ import annotations

import asyncio
import io
import time
from datetime import date
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw

from bench.results import Goal
from pdfkit.child import Child
from pdfkit.paper import (
    PDF_NAME,
    Address,
    Adjustment,
    Buyer,
    Kind,
    Line,
    Means,
    Paper,
    Receipt,
    Seller,
    Share,
    Supply,
    TaxCategory,
    TaxGroup,
    Totals,
)

ROUNDS = 60
WARMING = 5
DAY = date(2026, 10, 25)
STANDARD, GROSS = TaxCategory.STANDARD, 6969


def main() -> None:
    with TemporaryDirectory(prefix="tresen-bench-") as scratch:
        for goal in measured(Path(scratch)):
            print(f"{goal.name}: {goal.value:.3g} {goal.unit} {goal.wanted} {goal.verdict}", flush=True)


def measured(place: Path) -> list[Goal]:
    """Issues the same invoice again and again: drawn, written, checked, on the disk."""
    return asyncio.run(_measured(place))


async def _measured(place: Path) -> list[Goal]:
    goals = []
    for name, paper, target in (("paid", one_page(), 60), ("with GiroCode", one_page(paid=2000), None)):
        seconds, size = await _issued(paper, place / name)
        what = f"an invoice of one page, {name}"
        goals.append(Goal(f"{what}, in a warm child", 1000 * median(seconds), "ms", target, at_least=False))
        wanted = 25 if target else None
        goals.append(Goal(f"{what}, its size with logo and XML", size / 1024, "KB", wanted, at_least=False))
    return goals


async def _issued(paper: Paper, place: Path) -> tuple[list[float], int]:
    """The seconds that each round took, and the bytes of one PDF."""
    child = Child()
    seconds = []
    try:
        for number in range(WARMING + ROUNDS):
            folder = place / str(number)
            folder.mkdir(parents=True)
            began = time.perf_counter()
            await child.document(paper, folder)
            seconds.append(time.perf_counter() - began)
    finally:
        await child.close()
    return seconds[WARMING:], (folder / PDF_NAME).stat().st_size


def one_page(paid: int = GROSS) -> Paper:
    """Three things of two rates with shipping and a logo; what is not paid is to be transferred."""
    return Paper(
        kind=Kind.INVOICE,
        number="RE-2026-00017",
        issued_on=DAY,
        locale="de",
        currency="EUR",
        seller=Seller(
            name="Nähwerk Schnittmuster GmbH", street="Fadengasse 12", zip="50667", city="Köln", country="DE",
            vat_id="DE123456788", tax_number="214/5801/1234", email="hallo@naehwerk.example", phone="+49 221 5550123",
            contact_name="Johanna Zwirn", iban="DE02120300000000202051", bic="BYLADEM1001", logo=_logo(),
        ),
        buyer=Buyer(
            address=Address(
                name="Erika Mustermann", line1="Heidestraße 17", zip="51147", city="Köln", country="DE"
            ),
            email="erika@example.org",
        ),
        supply=Supply(on=DAY),
        lines=(
            Line(title="Schnittmuster Bente (PDF)", sku="PDF-BENTE", quantity="1", total_gross=2490, total_net=2093,
                 price_net="20.930000", category=STANDARD, rate=1900),
            Line(title="Leinen, vorgewaschen", sku="ST-7", quantity="2.5", unit="m", total_gross=1999, total_net=1679,
                 price_net="6.716000", category=STANDARD, rate=1900),
            Line(title="Grundkurs Nähen (Buch)", sku="BUCH-1", quantity="1", total_gross=1990, total_net=1860,
                 price_net="18.600000", category=STANDARD, rate=700),
        ),
        adjustments=(
            Adjustment(kind="charge", title="Versand", code="FC", shares=(
                Share(gross=490, net=412, category=STANDARD, rate=1900),
            )),
        ),
        taxes=(
            TaxGroup(category=STANDARD, rate=1900, basis=4184, tax=795),
            TaxGroup(category=STANDARD, rate=700, basis=1860, tax=130),
        ),
        totals=Totals(basis=6044, tax=925, gross=GROSS, paid=paid, due=GROSS - paid),
        receipts=(Receipt(on=DAY, amount=paid, means=Means.PAYPAL),),
        due_on=date(2026, 11, 8) if paid < GROSS else None,
        order_number="3123456789",
        ordered_on=DAY,
    )  # fmt: skip


def _logo() -> bytes:
    """A mark and a line, smooth at their edges like any logo."""
    large = Image.new("RGBA", (3200, 800))
    brush = ImageDraw.Draw(large)
    brush.ellipse((40, 40, 760, 760), fill="#0b5e6e")
    brush.rounded_rectangle((900, 330, 3100, 470), radius=60, fill="#20242c")
    file = io.BytesIO()
    large.resize((800, 200), Image.Resampling.LANCZOS).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main()
