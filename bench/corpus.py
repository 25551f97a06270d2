"""`make corpus CORPUS=DIR`: a folder of strangers' files and what is known of them.

PDFs are stamped and read back, e-invoices are judged, orders are mapped and weighed by the rules; the columns of the
folder's manifest.csv say which of these they are. With PayPal's OpenAPI files in it, they judge every request and
answer of whole payments with the stand-in.
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


_PAYPAL, _EXCHANGES = "checkout_orders_v2.json", "tests/integrations/test_paypal_exchanges.py"


def main() -> None:
    corpus = Path(sys.argv[1]).resolve()
    tests = [_EXCHANGES] if (corpus / _PAYPAL).is_file() else _by_manifest(corpus)
    command = [sys.executable, "-m", "pytest", "-q", *tests]
    os.execve(sys.executable, command, os.environ | {"CORPUS": str(corpus)})


def _by_manifest(corpus: Path) -> list[str]:
    try:
        with (corpus / "manifest.csv").open(encoding="utf-8", newline="") as file:
            columns = csv.DictReader(file).fieldnames or []
    except OSError as error:
        sys.exit(f"{corpus} cannot be read as a corpus: {error.strerror}: manifest.csv")
    tests = [f"tests/corpus/{test}" for column, test in _TESTS.items() if column in columns]
    if not tests:
        sys.exit(f"The manifest.csv of {corpus} has none of the columns {', '.join(_TESTS)}.")
    return tests


if __name__ == "__main__":
    main()
