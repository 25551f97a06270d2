"""`make corpus CORPUS=DIR`: a folder of strangers' files and what is known of them, by its manifest.csv.

PDFs are stamped and read back, e-invoices are judged, orders are mapped and weighed by the rules; the columns of the
manifest say which of these they are.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

_TESTS = {
    "expected": "test_pdf_corpus.py",
    "expect_en16931": "test_einvoice_corpus.py",
    "exp_payment_state": "test_order_corpus.py",
}


def main() -> None:
    corpus = Path(sys.argv[1]).resolve()
    try:
        with (corpus / "manifest.csv").open(encoding="utf-8", newline="") as file:
            columns = csv.DictReader(file).fieldnames or []
    except OSError as error:
        sys.exit(f"{corpus} cannot be read as a corpus: {error.strerror}: manifest.csv")
    tests = [f"tests/corpus/{test}" for column, test in _TESTS.items() if column in columns]
    if not tests:
        sys.exit(f"The manifest.csv of {corpus} has none of the columns {', '.join(_TESTS)}.")
    command = [sys.executable, "-m", "pytest", "-q", *tests]
    os.execve(sys.executable, command, os.environ | {"CORPUS": str(corpus)})


if __name__ == "__main__":
    main()
