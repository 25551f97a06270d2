"""Stamps a folder of strangers' PDFs and asks independent readers what came of it.

Run by `make corpus CORPUS=DIR`, which prints a table of every file. The folder holds a manifest.csv with the columns
`file` and `expected` (stampable, needs-password or reject).
"""

import csv
import os
import re
import time
from pathlib import Path

import pytest

from pdfkit.inspect import inspect
from pdfkit.outcome import Cause
from pdfkit.watermark import StampFailed, Style, stamp
from tests.pdfkit import judging

CORPUS = Path(os.environ["CORPUS"])
TEXT = "Käufer Łukasz Ångström"
STYLE = Style(font_size_pt=11, x_mm=10, y_mm=10)
EXPECTED = {"stampable": {None}, "needs-password": {Cause.LOCKED}, "reject": set(Cause) - {Cause.LOCKED}}
# Refusing a file that inflates beyond measure is as good as stamping it.
BOMBS = re.compile("bomb")


def papers() -> list[dict[str, str]]:
    with (CORPUS / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.filterwarnings("ignore:This document has .* form widget")
@pytest.mark.parametrize("paper", papers(), ids=lambda paper: paper["file"])
def test_a_strangers_pdf_is_stamped_on_every_page_or_refused(paper, tmp_path, record_property):
    source, target = CORPUS / paper["file"], tmp_path / "stamped.pdf"
    expected = EXPECTED[paper["expected"]] | ({Cause.TOO_LARGE} if BOMBS.search(paper["file"]) else set())

    began = time.perf_counter()
    cause, pages = outcome(source, target)
    record_property("table", [pages, cause or "stamped", f"{1000 * (time.perf_counter() - began):.0f} ms"])

    assert cause in expected
    assert inspect(source).cause is cause
    assert target.exists() is (cause is None)
    if cause is None:
        assert judging.complaints(source, target, TEXT, STYLE) == []


def outcome(source: Path, target: Path) -> tuple[Cause | None, int]:
    """Why it was refused, or how many pages were stamped."""
    try:
        return None, stamp(source, target, TEXT, STYLE).pages
    except StampFailed as failed:
        return failed.cause, 0
