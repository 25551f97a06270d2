"""The tax in what a customer paid: gross first, by category and rate, so that the sum is the paid one to the cent.

Amounts are integers in minor units and may be negative; rates are integers in basis points (1900 is 19 %). Rounding is
half away from zero, so that a credit note, which turns every sign round, mirrors its invoice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from db.orders import TaxCategory

WHOLE = 10_000  # basis points of the net amount itself


@dataclass(frozen=True, order=True)
class Treatment:
    """How an amount is taxed. Everything of one treatment is one group of the tax table."""

    category: TaxCategory
    rate: int


NOTHING: Mapping[Treatment, int] = {}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One amount of an order, tax included. Without a treatment of its own it shares in those of the others."""

    gross: int
    treatment: Treatment | None


@dataclass(frozen=True, kw_only=True)
class Share:
    """What of one part falls to one group."""

    treatment: Treatment
    gross: int
    net: int


@dataclass(frozen=True, kw_only=True)
class Group:
    """One line of the tax table: `basis` + `tax` = `gross`."""

    treatment: Treatment
    gross: int
    basis: int
    tax: int


@dataclass(frozen=True)
class Taxed:
    """`shares` are those of each part, in the order of the parts. A part without a share has nothing to bear."""

    groups: tuple[Group, ...]
    shares: tuple[tuple[Share, ...], ...]


def taxed(parts: Sequence[Part], before: Mapping[Treatment, int] = NOTHING) -> Taxed:
    """The groups, the highest rate first, and what each part brings to them.

    Tax = gross × rate ÷ (1 + rate) of each group as a whole; net amounts of parts add up to its basis, and each is less
    than one minor unit away from its exact value. Raises ValueError where no part has a treatment.

    `before` are gross amounts that were taxed already. Then the tax is what theirs grows by, so that an invoice that is
    taken back piece by piece ends at its own tax; single amounts may be up to two minor units off for that.
    """
    gross = [_spread(part, parts) for part in parts]
    groups = tuple(_group(treatment, amount, before.get(treatment, 0)) for treatment, amount in _sums(gross).items())
    nets = {group.treatment: iter(_nets(group, gross)) for group in groups}
    shares = tuple(
        tuple(
            Share(treatment=treatment, gross=amount, net=next(nets[treatment])) for treatment, amount in shared.items()
        )
        for shared in gross
    )
    return Taxed(groups, shares)


def tax_in(gross: int, rate: int) -> int:
    """The tax that is contained in a gross amount."""
    return rounded(Decimal(gross) * rate / (WHOLE + rate))


def divided(amount: int, weights: Sequence[int]) -> list[int]:
    """An amount in proportion to weights that are not negative, by the largest remainder: not a cent is lost."""
    total = sum(weights)
    exact = [Decimal(abs(amount)) * weight / total for weight in weights]
    sign = -1 if amount < 0 else 1
    return [sign * share for share in _handed_out(abs(amount), exact)]


def _spread(part: Part, parts: Sequence[Part]) -> Mapping[Treatment, int]:
    """The part's amount by treatment: its own, or all there are in proportion to what they amount to."""
    if part.treatment:
        return {part.treatment: part.gross}
    amounts: dict[Treatment, int] = defaultdict(int)
    for other in parts:
        if other.treatment:
            amounts[other.treatment] += other.gross
    if not amounts:
        raise ValueError("no part says how it is taxed")
    weights = {treatment: max(0, amount) for treatment, amount in amounts.items()}
    if not part.gross or not any(weights.values()):
        return {max(weights, key=lambda treatment: treatment.rate): part.gross}
    shares = dict(zip(weights, divided(part.gross, list(weights.values())), strict=True))
    return {treatment: share for treatment, share in shares.items() if share}


def _sums(gross: Sequence[Mapping[Treatment, int]]) -> Mapping[Treatment, int]:
    sums: dict[Treatment, int] = defaultdict(int)
    for shared in gross:
        for treatment, amount in shared.items():
            sums[treatment] += amount
    return {treatment: sums[treatment] for treatment in sorted(sums, key=lambda each: (-each.rate, each.category))}


def _group(treatment: Treatment, gross: int, before: int) -> Group:
    tax = tax_in(before + gross, treatment.rate) - tax_in(before, treatment.rate)
    return Group(treatment=treatment, gross=gross, basis=gross - tax, tax=tax)


def _nets(group: Group, gross: Sequence[Mapping[Treatment, int]]) -> list[int]:
    """The net amounts of all shares in a group, in the order of their parts; their sum is its basis."""
    rate = group.treatment.rate
    exact = [Decimal(shared[group.treatment]) * WHOLE / (WHOLE + rate) for shared in gross if group.treatment in shared]
    return _handed_out(group.basis, exact)


def _handed_out(amount: int, exact: Sequence[Decimal]) -> list[int]:
    """Whole numbers beside their exact values that add up to the amount: the largest remainders are rounded up."""
    floors = [int(value // 1) - (value < 0 and value % 1 != 0) for value in exact]
    each, rest = divmod(amount - sum(floors), len(exact))
    by_remainder = sorted(range(len(exact)), key=lambda place: exact[place] - floors[place], reverse=True)
    raised = set(by_remainder[:rest])
    return [floor + each + (place in raised) for place, floor in enumerate(floors)]


def rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), ROUND_HALF_UP))
