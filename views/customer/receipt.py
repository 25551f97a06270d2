"""What was bought and what it costs, ruled like a till receipt."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from db.orders import VatMode
from portal.dossiers import Dossier, LineFacts
from views.format import Money, Percent
from views.sentences import Sentence, plain, said


@dataclass(frozen=True, kw_only=True)
class ReceiptLine:
    """`facts` are what stands small below the title: quantity, article, whether it is a file."""

    title: str
    facts: tuple[Sentence, ...]
    amount: Money


@dataclass(frozen=True, kw_only=True)
class Receipt:
    lines: tuple[ReceiptLine, ...]
    total: Money
    taxes: tuple[Sentence, ...]

    @staticmethod
    def of(dossier: Dossier) -> Receipt:
        order = dossier.order
        return Receipt(
            lines=tuple(_line(line, order.currency) for line in dossier.lines),
            total=Money(order.total, order.currency),
            taxes=_taxes(dossier),
        )


WITHOUT_TAX = {
    VatMode.SMALL_BUSINESS: said("Without VAT: small business"),
    VatMode.INTRA_EU: said("Without VAT: delivery within the EU"),
    VatMode.EXPORT: said("Without VAT: export"),
    VatMode.MARGIN: said("VAT not shown: margin scheme"),
    VatMode.REVERSE_CHARGE: said("Without VAT: to be paid by the recipient"),
}


def _line(line: LineFacts, currency: str) -> ReceiptLine:
    facts = [_quantity(line, currency)] if line.quantity != 1 else []
    if line.sku:
        facts.append(plain(line.sku))
    if line.is_digital:
        facts.append(said("File"))
    return ReceiptLine(title=line.title, facts=tuple(facts), amount=Money(line.line_gross, currency))


def _quantity(line: LineFacts, currency: str) -> Sentence:
    """`2 × 3,25 €`, `1,5 m × 12,00 €`, or `2 Stück` where no price for one is known."""
    amount = said("%(number)s\u00a0%(unit)s", number=line.quantity, unit=line.unit)
    if not line.unit:
        amount = plain(line.quantity)
    if line.unit_gross is None:
        return amount if line.unit else said("%(number)s pieces", number=line.quantity)
    return said("%(amount)s\u00a0×\u00a0%(price)s", amount=amount, price=Money(line.unit_gross, currency))


def _taxes(dossier: Dossier) -> tuple[Sentence, ...]:
    """The tax in the total by rate, the highest first; nothing where the amounts do not add up."""
    if dossier.vat_mode is not VatMode.STANDARD:
        return (WITHOUT_TAX[dossier.vat_mode],)
    if not dossier.order.amounts_consistent:
        return ()
    gross: dict[int, int] = defaultdict(int)
    for line in dossier.lines:
        gross[line.tax_rate] += line.line_gross
    return tuple(
        said(
            "includes %(tax)s VAT (%(rate)s)",
            tax=Money(_tax_in(amount, rate), dossier.order.currency),
            rate=Percent(rate),
        )
        for rate, amount in sorted(gross.items(), reverse=True)
        if rate and amount
    )


def _tax_in(gross: int, rate: int) -> int:
    """Minor units of tax in a gross amount; `rate` in basis points."""
    tax = Decimal(gross) * rate / (10_000 + rate)
    return int(tax.quantize(Decimal(1), ROUND_HALF_UP))
