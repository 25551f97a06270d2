"""The last step of every mapping: the order as the canonical shape takes it, whatever its system allows itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime

import msgspec
from msgspec import inspect

from db.orders import LineKind
from integrations.tolerant import NotUnderstood
from portal.imported import ImportedLine, ImportedOrder, ImportedPayment

SHAPE = inspect.type_info(ImportedOrder)


def fitted(order: ImportedOrder) -> ImportedOrder:
    """Texts cut to their length, ids told apart, cents evened out. Raises NotUnderstood for what then still is wrong.

    Sums that are further off than rounding explains stay as they are: such an order is stored with a flag.
    """
    lines = _evened(list(_distinct_lines(order.lines)), order.total_gross)
    payments = list(_distinct_payments(order.payments))
    order = msgspec.structs.replace(order, lines=lines, payments=payments, tags=_distinct_tags(order.tags))
    told = msgspec.to_builtins(order, builtin_types=(datetime, date), enc_hook=str)  # Words are texts
    try:
        return msgspec.convert(told, ImportedOrder)
    except msgspec.ValidationError:
        return _strict(_cut(told, SHAPE))


def shipping_title(told: str, locale: str) -> str:
    """What the shop calls it, else the plain word in the language of the order."""
    return told.strip() or ("Versand" if locale.lower().startswith("de") else "Shipping")


def _strict(told: object) -> ImportedOrder:
    try:
        return msgspec.convert(told, ImportedOrder)
    except msgspec.ValidationError as error:
        why, _, where = str(error).partition(" - at `")
        raise NotUnderstood(where.rstrip("`") or "$", why) from error


def _distinct_lines(lines: Iterable[ImportedLine]) -> Iterator[ImportedLine]:
    """Lines are known again by their id: the second one with the same gets a number behind it."""
    seen: Counter[str] = Counter()
    for line in lines:
        seen[line.id] += 1
        yield line if seen[line.id] == 1 else msgspec.structs.replace(line, id=f"{line.id}#{seen[line.id]}")


def _distinct_payments(payments: Iterable[ImportedPayment]) -> Iterator[ImportedPayment]:
    seen: Counter[tuple[str, str, str]] = Counter()
    for payment in payments:
        key = payment.provider, payment.transaction_id, payment.kind.value
        seen[key] += 1
        again = f"{payment.transaction_id}#{seen[key]}"
        yield payment if seen[key] == 1 else msgspec.structs.replace(payment, transaction_id=again)


def _distinct_tags(tags: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(tag.strip()[:200] for tag in tags if tag.strip()))[:100]


def _evened(lines: list[ImportedLine], total: int) -> list[ImportedLine]:
    """Shops round lines and totals apart. Up to one minor unit a line goes to the largest line."""
    off = total - sum(line.line_gross for line in lines)
    if not off or abs(off) > len(lines):
        return lines
    place = max(range(len(lines)), key=lambda each: (lines[each].kind is LineKind.ITEM, abs(lines[each].line_gross)))
    largest = lines[place]
    lines[place] = msgspec.structs.replace(largest, line_gross=largest.line_gross + off)
    return lines


def _cut(told: object, shape: inspect.Type) -> object:
    """Texts that are longer than the shape takes, cut: a long title is no reason to lose an order."""
    match shape, told:
        case inspect.UnionType(), _:
            inner = next(kind for kind in shape.types if not isinstance(kind, inspect.NoneType))
            return told if told is None else _cut(told, inner)
        case inspect.StructType(), dict():
            return {field.encode_name: _cut(told[field.encode_name], field.type) for field in shape.fields}
        case inspect.ListType(), list():
            return [_cut(each, shape.item_type) for each in told]
        case inspect.DictType(), dict():
            return {name: _cut(value, shape.value_type) for name, value in told.items()}
        case inspect.StrType(max_length=int() as longest), str():
            return told[:longest]
        case _:
            return told
