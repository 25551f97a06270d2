"""What a credit note takes back of an invoice: all that is left, or some of its lines, never more than there was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct, structs

from pdfkit.paper import Kind, Reference, TaxGroup
from portal.imported import decimal
from portal.invoice_lines import Position, TaxedShare, printed
from portal.refusals import Fault, Invalid
from portal.snapshots import Snapshot, totals
from portal.taxes import Part, Treatment, rounded, taxed
from portal.texts import plain


class ReturnedLine(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`line` is the id that the order's source gave it; `quantity` a decimal text above 0."""

    line: Annotated[str, Meta(min_length=1, max_length=200)]
    quantity: Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$")]


class NewCreditNote(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`lines` null takes back everything that is left."""

    lines: Annotated[list[ReturnedLine], Meta(min_length=1, max_length=500)] | None = None
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


@dataclass(frozen=True)
class TakenBack:
    """The credit note to be, and whether it leaves nothing of its invoice."""

    snapshot: Snapshot
    is_complete: bool


@dataclass(frozen=True, kw_only=True)
class Left:
    """What is left of one position; `gross` by treatment."""

    quantity: Decimal
    gross: Mapping[Treatment, int]


def taken_back(
    invoice: Snapshot, earlier: Sequence[Snapshot], wanted: NewCreditNote, refers_to: Reference
) -> TakenBack:
    """`earlier` are the credit notes of that invoice. Raises Invalid for lines that it has not, or not any more."""
    if not plain(wanted.reason):
        raise Invalid(Fault("#/reason", "missing", "Say why; it stands on the document."))
    left = left_of(invoice, earlier)
    quantities = _quantities(invoice, left, wanted)
    returned = [
        _returned(position, left[position.id], quantities[position.id])
        for position in invoice.positions
        if position.id in quantities
    ]
    positions = _taxed(returned, _gross_before(earlier))
    if wanted.lines is not None:
        _stays_within(invoice, positions, earlier)
    is_complete = all(quantities.get(name) == each.quantity or not _is_open(each) for name, each in left.items())
    if wanted.lines is not None and not is_complete and not any(_gross_of(positions).values()):
        raise Invalid(Fault("#/lines", "nothing", "The amount of this would be 0: it takes nothing back."))
    whole = is_complete and not earlier
    lines, adjustments = printed(positions)
    taxes = _groups(invoice, positions)
    paper = structs.replace(
        invoice.paper,
        kind=Kind.CANCELLATION if whole else Kind.CORRECTION,
        lines=lines,
        adjustments=adjustments,
        taxes=taxes,
        totals=totals(taxes),
        receipts=(),
        due_on=None,
        terms="",
        refers_to=refers_to,
        notes=(plain(wanted.reason),),
    )
    return TakenBack(Snapshot(paper=paper, positions=positions), is_complete)


def left_of(invoice: Snapshot, earlier: Sequence[Snapshot]) -> Mapping[str, Left]:
    """By the id of the position; `earlier` are the credit notes of that invoice."""
    return {position.id: _left(position, earlier) for position in invoice.positions}


def _left(position: Position, earlier: Sequence[Snapshot]) -> Left:
    gross = {_treatment(share): share.gross for share in position.shares}
    quantity = decimal(position.quantity)
    for taken in (each for note in earlier for each in note.positions if each.id == position.id):
        quantity -= decimal(taken.quantity)
        for share in taken.shares:
            gross[_treatment(share)] -= share.gross
    return Left(quantity=quantity, gross=gross)


def _is_open(left: Left) -> bool:
    return left.quantity != 0 or any(left.gross.values())


def _quantities(invoice: Snapshot, left: Mapping[str, Left], wanted: NewCreditNote) -> Mapping[str, Decimal]:
    if wanted.lines is None:
        return {name: each.quantity for name, each in left.items() if _is_open(each)}
    found: dict[str, Decimal] = {}
    faults = []
    for place, returned in enumerate(wanted.lines):
        known = left.get(returned.line)
        quantity = decimal(returned.quantity).copy_sign(known.quantity if known else 1)
        if known is None:
            faults.append(Fault(f"#/lines/{place}/line", "unknown-line", "The invoice has no line of this id."))
        elif returned.line in found:
            faults.append(Fault(f"#/lines/{place}/line", "repeated", "This line is listed twice."))
        elif not 0 < abs(quantity) <= abs(known.quantity):
            rest = f"Of this line {abs(known.quantity):f} can be taken back."
            faults.append(Fault(f"#/lines/{place}/quantity", "out-of-range", rest))
        else:
            found[returned.line] = quantity
    if faults:
        raise Invalid(*faults)
    return found


def _returned(position: Position, left: Left, quantity: Decimal) -> Position:
    """The position with that quantity alone. The last piece of it bears what rounding has left."""
    is_whole = quantity == decimal(position.quantity)
    return structs.replace(
        position,
        quantity=f"{quantity:f}",
        unit_gross=position.unit_gross if is_whole else None,
        discount_gross=position.discount_gross if is_whole else 0,
        gross=sum(_piece(left, quantity).values()),
        shares=tuple(
            structs.replace(share, gross=_piece(left, quantity)[_treatment(share)], net=0) for share in position.shares
        ),
    )


def _piece(left: Left, quantity: Decimal) -> Mapping[Treatment, int]:
    return {treatment: rounded(gross * quantity / left.quantity) for treatment, gross in left.gross.items()}


def _taxed(returned: Sequence[Position], before: Mapping[Treatment, int]) -> tuple[Position, ...]:
    parts = [Part(gross=share.gross, treatment=_treatment(share)) for each in returned for share in each.shares]
    nets = iter([shares[0].net for shares in taxed(parts, before).shares])
    return tuple(
        structs.replace(each, shares=tuple(structs.replace(share, net=next(nets)) for share in each.shares))
        for each in returned
    )


def _stays_within(invoice: Snapshot, positions: Sequence[Position], earlier: Sequence[Snapshot]) -> None:
    """No group gives back more than is left of it: whoever returns an item of a discounted order returns its discount.

    The discount may be one that other rates bear a part of: what then goes up there is left for a later return.
    """
    whole, before, now = _gross_before([invoice]), _gross_before(earlier), _gross_of(positions)
    for treatment, amount in now.items():
        left = whole[treatment] - before[treatment]
        if amount > max(0, left):
            rest = f"At {treatment.rate / 100:g} % {left} are left, and this takes back {amount}"
            raise Invalid(Fault("#/lines", "more-than-left", f"{rest}; take back discounts and vouchers with it."))
    if sum(now.values()) < 0:
        raise Invalid(Fault("#/lines", "less-than-nothing", "Discounts and vouchers go back with what they were for."))


def _gross_before(notes: Sequence[Snapshot]) -> Mapping[Treatment, int]:
    return _gross_of([position for note in notes for position in note.positions])


def _gross_of(positions: Sequence[Position]) -> Mapping[Treatment, int]:
    gross: dict[Treatment, int] = defaultdict(int)
    for share in (share for position in positions for share in position.shares):
        gross[_treatment(share)] += share.gross
    return gross


def _groups(invoice: Snapshot, positions: Sequence[Position]) -> tuple[TaxGroup, ...]:
    """Those of the invoice that something is taken from, with the very words it gave."""
    shares = [share for position in positions for share in position.shares]
    found = []
    for group in invoice.paper.taxes:
        inside = [share for share in shares if (share.category.value, share.rate) == (group.category.value, group.rate)]
        if inside:
            basis = sum(share.net for share in inside)
            found.append(structs.replace(group, basis=basis, tax=sum(share.gross for share in inside) - basis))
    return tuple(found)


def _treatment(share: TaxedShare) -> Treatment:
    return Treatment(share.category, share.rate)
