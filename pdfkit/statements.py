"""What a document says of the money that came in: the same sentences on paper and in its XML (BT-22)."""

from collections.abc import Iterator

from pdfkit.figures import day, money
from pdfkit.paper import Kind, Paper
from pdfkit.words import Words


def on_money(paper: Paper) -> Iterator[str]:
    """Each receipt with its day, whether it came before the supply, or that nothing is due. Of an invoice alone."""
    if paper.kind is not Kind.INVOICE:
        return
    words = Words.of[paper.locale]
    for receipt in paper.receipts:
        on, amount = day(receipt.on, paper.locale), money(receipt.amount, paper.currency, paper.locale)
        yield words.paid_on.format(on, words.paid_by[receipt.means], amount)
    if paper.supply.is_advance and paper.totals.paid:
        yield words.in_advance
    if paper.totals.due <= 0 and not paper.receipts and paper.totals.gross:
        yield words.nothing_due
