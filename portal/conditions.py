"""Whether an automation is meant for an order: every decision a plain function, and the first that fails is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from db.automations import Match
from db.orders import BuyerKind, PaymentMethod, State
from portal.orders import PaymentState
from portal.refusals import Fault
from portal.situations import Situation

LARGEST = 10**12
Word = Annotated[str, Meta(min_length=1, max_length=200)]


class ConditionKind(StrEnum):
    HAS_FILES = "has_files"
    HAS_DIGITAL_LINE = "has_digital_line"
    STATE = "state"
    PAYMENT_STATE = "payment_state"
    SOURCE = "source"
    PLATFORM = "platform"
    SKU = "sku"
    COUNTRY = "country"
    LOCALE = "locale"
    TOTAL = "total"
    PAYMENT_METHOD = "payment_method"
    TAG = "tag"
    BUYER_KIND = "buyer_kind"
    DUE = "due"


class Op(StrEnum):
    IN = "in"
    NOT_IN = "not_in"
    GTE = "gte"
    LTE = "lte"
    IS = "is"


class Condition(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`value`: a truth for the two that ask one, minor units for `total` and `due`, else one word or several."""

    kind: ConditionKind
    op: Op
    value: bool | int | Word | list[Word]

    @property
    def words(self) -> tuple[str, ...]:
        match self.value:
            case str():
                return (self.value,)
            case list():
                return tuple(self.value)
            case _:
                return ()


TRUTHS = frozenset({ConditionKind.HAS_FILES, ConditionKind.HAS_DIGITAL_LINE})
AMOUNTS = frozenset({ConditionKind.TOTAL, ConditionKind.DUE})
CHOICES: Mapping[ConditionKind, type[StrEnum]] = {
    ConditionKind.STATE: State,
    ConditionKind.PAYMENT_STATE: PaymentState,
    ConditionKind.PAYMENT_METHOD: PaymentMethod,
    ConditionKind.BUYER_KIND: BuyerKind,
}
Words = Callable[[Situation], frozenset[str]]
WORDS: Mapping[ConditionKind, Words] = {
    ConditionKind.STATE: lambda seen: frozenset({seen.dossier.order.state.value}),
    ConditionKind.PAYMENT_STATE: lambda seen: frozenset({seen.dossier.order.payment_state.value}),
    ConditionKind.SOURCE: lambda seen: frozenset({seen.dossier.source}),
    ConditionKind.PLATFORM: lambda seen: frozenset({seen.dossier.platform}),
    ConditionKind.SKU: lambda seen: frozenset(line.sku for line in seen.dossier.lines),
    ConditionKind.COUNTRY: lambda seen: seen.countries,
    ConditionKind.LOCALE: lambda seen: _locales(seen.dossier.locale),
    ConditionKind.PAYMENT_METHOD: lambda seen: frozenset({seen.dossier.order.payment_method or ""}),
    ConditionKind.TAG: lambda seen: seen.tags,
    ConditionKind.BUYER_KIND: lambda seen: frozenset({seen.dossier.order.buyer_kind.value}),
}


def ops_of(kind: ConditionKind) -> tuple[Op, ...]:
    """What may be asked of it; the first is what one mostly means."""
    if kind in TRUTHS:
        return (Op.IS,)
    return (Op.GTE, Op.LTE, Op.IS) if kind in AMOUNTS else (Op.IN, Op.NOT_IN, Op.IS)


def faults(conditions: Sequence[Condition]) -> list[Fault]:
    """What does not fit together."""
    return [fault for place, each in enumerate(conditions) for fault in _faults(each, f"#/conditions/{place}")]


def _faults(condition: Condition, pointer: str) -> list[Fault]:
    kind, value = condition.kind, condition.value
    if condition.op not in ops_of(kind):
        allowed = ", ".join(ops_of(kind))
        return [Fault(f"{pointer}/op", "not-allowed", f"{kind.value} allows {allowed}.")]
    if kind in TRUTHS:
        return [] if isinstance(value, bool) else [Fault(f"{pointer}/value", "wrong-type", "This is true or false.")]
    if kind in AMOUNTS:
        fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
        return [] if fits else [Fault(f"{pointer}/value", "wrong-type", "This is an amount in minor units.")]
    if not condition.words:
        return [Fault(f"{pointer}/value", "missing", "Name one word, or a list of them.")]
    known = [member.value for member in CHOICES[kind]] if kind in CHOICES else None
    odd = [word for word in condition.words if known is not None and word not in known]
    return [Fault(f"{pointer}/value", "not-allowed", f"Allowed are {', '.join(known or ())}.")] if odd else []


def holds(condition: Condition, seen: Situation) -> bool:
    match condition.kind:
        case ConditionKind.HAS_FILES:
            return seen.has_files is condition.value
        case ConditionKind.HAS_DIGITAL_LINE:
            return any(line.is_digital for line in seen.dossier.lines) is condition.value
        case ConditionKind.TOTAL:
            return _compares(condition, seen.dossier.order.total)
        case ConditionKind.DUE:
            return _compares(condition, seen.dossier.order.due)
        case kind:
            wanted = {word.casefold() for word in condition.words}
            found = {word.casefold() for word in WORDS[kind](seen)}
            return bool(wanted & found) is (condition.op is not Op.NOT_IN)


def failing(conditions: Sequence[Condition], match: Match, seen: Situation) -> Condition | None:
    """The first that stands in the way; None where the automation is meant for this order."""
    missed = [each for each in conditions if not holds(each, seen)]
    if match is Match.ANY and len(missed) < len(conditions):
        return None
    return missed[0] if missed else None


def _compares(condition: Condition, amount: int) -> bool:
    value = condition.value
    if not isinstance(value, int):
        return False
    match condition.op:
        case Op.GTE:
            return amount >= value
        case Op.LTE:
            return amount <= value
        case _:
            return amount == value


def _locales(locale: str) -> frozenset[str]:
    """`de-AT` is German as well."""
    whole = locale.replace("_", "-")
    return frozenset({whole, whole.partition("-")[0]})
