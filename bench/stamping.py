"""`python -m bench.stamping`: how long a stamp takes in a warm child, beside every other tool that is there.

Programs are taken from the PATH (qpdf, pdftk), libraries from wherever Python finds them (pypdf, PyMuPDF, pyHanko);
what is missing is left out. All take turns, and each figure is the best of its rounds; who is slow has one.
"""

from __future__ import annotations

import asyncio
import io
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import pikepdf
import pypdf

from bench import stamping_visitors
from bench.books import A4, MANY, ONE, SCANS, SOME, Book, made
from bench.results import Goal
from pdfkit import overlay
from pdfkit.child import Child
from pdfkit.outcome import Style

TEXT, STYLE = "Kauf 12345678 vom 05.06.2014 - Max Mustermann", Style(font_size_pt=11, x_mm=10, y_mm=10)
ROUNDS = 3
OURS, FLOOR, OVERLAY = "Tresen, in a warm child", "qpdf, rewritten only", "qpdf --overlay"
SLOW = 5  # seconds
Peer = Callable[[Path, Path], None]


TARGETS = {(ONE.name, OURS): 25.0}
BOOKS = (ONE, SOME, MANY, SCANS)


def main() -> None:
    with TemporaryDirectory(prefix="tresen-bench-") as scratch:
        for goal in measured(Path(scratch)):
            print(f"{goal.name}: {goal.value:.3g} {goal.unit} {goal.wanted} {goal.verdict}", flush=True)


def measured(place: Path) -> list[Goal]:
    seconds = {book.name: asyncio.run(_taking_turns(book, place)) for book in BOOKS}
    goals = [
        Goal(f"stamp, {book}: {peer}", 1000 * best, "ms", TARGETS.get((book, peer)), at_least=False)
        for book, bests in seconds.items()
        for peer, best in bests.items()
    ]
    goals.append(Goal("stamp, the font's share", 1000 * min(_font_seconds() for _ in range(10)), "ms"))
    for book, peer, most in ((SOME, OVERLAY, 0.6), (MANY, OVERLAY, 0.25), (MANY, FLOOR, 1.15), (SCANS, FLOOR, 1.0)):
        if peer in (bests := seconds[book.name]):
            name = f"stamp, {book.name}: of {peer}"
            goals.append(Goal(name, bests[OURS] / bests[peer], "times", most, at_least=False))
    goals += asyncio.run(_memory(place))
    return [*goals, *stamping_visitors.measured(made(MANY, place), place / "shop")]


async def _taking_turns(book: Book, place: Path) -> dict[str, float]:
    source, target = made(book, place), place / "stamped.pdf"
    peers, bests, child = dict(_peers(place)), dict[str, float](), Child()
    try:
        known = (await child.inspect(source)).unclosed  # as when it was linked
        for _ in range(ROUNDS):
            began = time.perf_counter()
            await child.stamp(source, target, TEXT, STYLE, known)
            bests[OURS] = min(bests.get(OURS, 1e9), time.perf_counter() - began)
            for name, peer in peers.items():
                if bests.get(name, 0) > SLOW:
                    continue
                began = time.perf_counter()
                await asyncio.to_thread(peer, source, target)
                bests[name] = min(bests.get(name, 1e9), time.perf_counter() - began)
    finally:
        await child.close()
    return bests


async def _memory(place: Path) -> list[Goal]:
    """The most that a child ever held which stamped one page, and another one that stamped scans as well."""
    one, scans, most = made(ONE, place), made(SCANS, place), []
    for sources in ([one], [one, scans]):
        child = Child()
        try:
            for source in sources:
                known = (await child.inspect(source)).unclosed
                await child.stamp(source, place / "stamped.pdf", TEXT, STYLE, known)
            most.append(max(_megabytes(pid) for pid in _children()))
        finally:
            await child.close()
    return [
        Goal("stamp, 20 scans: memory of the child, libraries included", most[1], "MB", 64, at_least=False),
        Goal("stamp, 20 scans: of that, more than for one page", most[1] - most[0], "MB"),
    ]


def _peers(place: Path) -> Iterator[tuple[str, Peer]]:
    """Each stamps, or only copies, one file."""
    stamp = place / "overlay.pdf"
    stamp.write_bytes(_sheet())
    if program := shutil.which("qpdf"):
        yield FLOOR, lambda source, target: _run(program, "--stream-data=preserve", source, target)
        yield OVERLAY, lambda source, target: _run(program, source, "--overlay", stamp, "--repeat=1", "--", target)
    if other := shutil.which("pdftk"):
        yield "pdftk stamp", lambda source, target: _run(other, source, "stamp", stamp, "output", target)
    yield "pikepdf add_overlay", lambda source, target: _by_pikepdf(source, stamp, target)
    yield "pypdf merge_page", lambda source, target: _by_pypdf(source, stamp, target)
    with suppress(ImportError):
        import_module("pymupdf")
        yield "PyMuPDF insert_text", _by_pymupdf
    with suppress(ImportError):
        import_module("pyhanko.stamp")
        yield "pyHanko text stamp", _by_pyhanko


def _run(*words: str | Path) -> None:
    subprocess.run(words, check=True, capture_output=True)


def _by_pikepdf(source: Path, stamp: Path, target: Path) -> None:
    with pikepdf.open(source) as pdf, pikepdf.open(stamp) as sheet:
        for page in pdf.pages:
            page.add_overlay(sheet.pages[0], pikepdf.Rectangle(0, 0, *A4))
        pdf.save(target)


def _by_pypdf(source: Path, stamp: Path, target: Path) -> None:
    writer, sheet = pypdf.PdfWriter(clone_from=source), pypdf.PdfReader(stamp).pages[0]
    for page in writer.pages:
        page.merge_page(sheet)
    writer.write(target)


def _by_pymupdf(source: Path, target: Path) -> None:
    with import_module("pymupdf").open(source) as document:
        for page in document:
            page.insert_text((28.3, page.rect.height - 28.3), TEXT, fontsize=11)
        document.save(target)


def _by_pyhanko(source: Path, target: Path) -> None:
    writing, stamping = import_module("pyhanko.pdf_utils.incremental_writer"), import_module("pyhanko.stamp")
    with source.open("rb") as file, target.open("wb") as copy:
        writer = writing.IncrementalPdfFileWriter(file)
        style = stamping.TextStampStyle(stamp_text=TEXT, border_width=0, background=None)
        stamp = stamping.TextStamp(writer, style, box=import_module("pyhanko.pdf_utils.layout").BoxConstraints(300, 16))
        for number in range(writer.root["/Pages"]["/Count"]):
            stamp.apply(number, 28, 28)
        writer.write(copy)


def _font_seconds() -> float:
    began = time.perf_counter()
    overlay.drawn(TEXT, STYLE.font_size_pt)
    return time.perf_counter() - began


def _sheet() -> bytes:
    """The line on a whole sheet, as other tools want it."""
    sheet = io.BytesIO()
    with pikepdf.new() as pdf, pikepdf.open(io.BytesIO(overlay.drawn(TEXT, STYLE.font_size_pt).pdf)) as line:
        page = pdf.add_blank_page(page_size=A4)
        page.add_overlay(line.pages[0], pikepdf.Rectangle(23, 17, 300, 46))
        pdf.save(sheet)
    return sheet.getvalue()


def _children() -> list[str]:
    return [pid for path in Path("/proc/self/task").glob("*/children") for pid in path.read_text().split()]


def _megabytes(pid: str) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) * 1024 / 1e6
    return 0.0


if __name__ == "__main__":
    main()
