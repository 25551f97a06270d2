"""Stamps a folder of strangers' PDFs and asks independent readers what came of it.

Run by `make corpus CORPUS=DIR`. The folder holds a manifest.csv with the columns `file` and
`expected` (stampable, needs-password or reject).
"""

import csv
import os
import re
import shutil
import subprocess
from pathlib import Path

import pypdfium2
import pytest

from pdfkit.inspect import inspect
from pdfkit.outcome import Cause
from pdfkit.watermark import StampFailed, Style, stamp

CORPUS = Path(os.environ["CORPUS"])
TEXT = "Käufer Łukasz Ångström"
EXPECTED = {"stampable": {None}, "needs-password": {Cause.LOCKED}, "reject": set(Cause) - {Cause.LOCKED}}
# Refusing a file that inflates beyond measure is as good as stamping it.
BOMBS = re.compile("bomb")


def papers() -> list[dict[str, str]]:
    with (CORPUS / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.filterwarnings("ignore:This document has .* form widget")
@pytest.mark.parametrize("paper", papers(), ids=lambda paper: paper["file"])
def test_a_strangers_pdf_is_stamped_on_every_page_or_refused(paper, tmp_path):
    source, target = CORPUS / paper["file"], tmp_path / "stamped.pdf"
    expected = EXPECTED[paper["expected"]] | ({Cause.TOO_LARGE} if BOMBS.search(paper["file"]) else set())

    cause = outcome(source, target)

    assert cause in expected
    assert inspect(source).cause is cause
    assert target.exists() is (cause is None)
    if cause is None:
        assert_stamped(source, target)


def outcome(source: Path, target: Path) -> Cause | None:
    try:
        stamp(source, target, TEXT, Style(font_size_pt=11, x_mm=10, y_mm=10))
    except StampFailed as failed:
        return failed.cause
    return None


def assert_stamped(source: Path, target: Path) -> None:
    with pypdfium2.PdfDocument(target) as after, pypdfium2.PdfDocument(source) as before:
        assert len(after) == len(before)
        assert [number for number, page in enumerate(after) if bare(TEXT) not in bare(words(page))] == []
    if shutil.which("qpdf"):
        assert complaints(target) <= complaints(source)


def words(page: pypdfium2.PdfPage) -> str:
    return str(page.get_textpage().get_text_range())


def bare(text: str) -> str:
    """Without white space, which readers guess."""
    return re.sub(r"\s", "", text)


def complaints(path: Path) -> int:
    """0 sound, 3 with warnings, 2 broken, turned into an order."""
    done = subprocess.run([shutil.which("qpdf") or "qpdf", "--check", path], capture_output=True, check=False)
    return {0: 0, 3: 1}.get(done.returncode, 2)
