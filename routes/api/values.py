"""Whether one JSON value is what a field takes, and if not, a code and a sentence for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from urllib.parse import quote

import msgspec
from msgspec import inspect

EARLIEST, LATEST = 1900, 2500  # years; beyond them, adding a time window would leave what a date can be
IN_FRAGMENT = "!$&'()*+,;=:@?-._~/"  # RFC 3986: what a fragment may hold as it is


@dataclass(frozen=True)
class Finding:
    """What is wrong with one value: a code for programs, a sentence for people."""

    code: str
    detail: str

    @staticmethod
    def wrong_type(wanted: str, value: object) -> Finding:
        return Finding("wrong-type", f"This must be {wanted}, not {_called(value)}.")


def pointer_to(pointer: str, name: str) -> str:
    """The JSON pointer (RFC 6901, as a URI fragment) to the member of that name."""
    return f"{pointer}/{quote(name.replace('~', '~0').replace('/', '~1'), safe=IN_FRAGMENT)}"


def of_kind(kind: inspect.Type, value: object) -> bool:
    """Whether that kind of field was meant, be the value right or wrong."""
    if isinstance(kind, inspect.IntType):
        return isinstance(value, int | float)
    if isinstance(kind, inspect.ListType):
        return isinstance(value, list)
    if isinstance(kind, inspect.StructType | inspect.DictType):
        return isinstance(value, dict)
    return isinstance(value, str)


def _called(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "an object"


def _text(kind: inspect.Type, value: object) -> Finding | None:
    assert isinstance(kind, inspect.StrType)  # noqa: S101 (tells the type checker what the table says)
    if not isinstance(value, str):
        return Finding.wrong_type("a text", value)
    if "\0" in value:
        return Finding("nul-character", "A text cannot hold the character U+0000.")
    if kind.min_length is not None and len(value) < kind.min_length:
        return Finding("too-short", f"This needs at least {kind.min_length} character(s).")
    if kind.max_length is not None and len(value) > kind.max_length:
        return Finding("too-long", f"At most {kind.max_length} characters are allowed; these are {len(value)}.")
    # `$` would let a line break at the end pass.
    if kind.pattern is not None and (value.endswith("\n") or not _compiled(kind.pattern).search(value)):
        return Finding("pattern", f"This must match {kind.pattern}.")
    return None


def _integer(kind: inspect.Type, value: object) -> Finding | None:
    assert isinstance(kind, inspect.IntType)  # noqa: S101
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return Finding.wrong_type("an integer", value)
    if not isinstance(value, int):
        return Finding("amount-not-integer", "This must be an integer; money counts in the currency's minor unit.")
    return _in_bounds(kind, value)


def _number(kind: inspect.Type, value: object) -> Finding | None:
    assert isinstance(kind, inspect.FloatType)  # noqa: S101
    if isinstance(value, bool) or not isinstance(value, int | float):
        return Finding.wrong_type("a number", value)
    return _in_bounds(kind, value)


def _in_bounds(kind: inspect.IntType | inspect.FloatType, value: float) -> Finding | None:
    if kind.ge is not None and value < kind.ge:
        return Finding("out-of-range", f"This must be at least {kind.ge}.")
    if kind.le is not None and value > kind.le:
        return Finding("out-of-range", f"This must be at most {kind.le}.")
    return None


def _truth(_kind: inspect.Type, value: object) -> Finding | None:
    return None if isinstance(value, bool) else Finding.wrong_type("true or false", value)


def _null(_kind: inspect.Type, value: object) -> Finding | None:
    return None if value is None else Finding("not-allowed", "Only null is allowed here.")


def _word(kind: inspect.Type, value: object) -> Finding | None:
    assert isinstance(kind, inspect.EnumType)  # noqa: S101
    if not isinstance(value, str):
        return Finding.wrong_type("a text", value)
    allowed = [str(member.value) for member in kind.cls]
    return None if value in allowed else Finding("not-allowed", f"Allowed are {', '.join(allowed)}.")


def _instant(_kind: inspect.Type, value: object) -> Finding | None:
    if not isinstance(value, str):
        return Finding.wrong_type("a timestamp", value)
    try:
        instant = msgspec.convert(value, datetime)
    except msgspec.ValidationError:
        return Finding("timestamp", "This must be a timestamp after RFC 3339, such as 2026-10-25T01:30:11Z.")
    if instant.tzinfo is None:
        return Finding("timestamp-without-offset", "Say which time is meant: end with Z or an offset such as +02:00.")
    return _within_reach(instant)


def _day(_kind: inspect.Type, value: object) -> Finding | None:
    if not isinstance(value, str):
        return Finding.wrong_type("a date", value)
    try:
        return _within_reach(msgspec.convert(value, date))
    except msgspec.ValidationError:
        return Finding("date", "This must be a date such as 2026-10-25.")


def _within_reach(day: date) -> Finding | None:
    if EARLIEST <= day.year < LATEST:
        return None
    return Finding("out-of-range", f"The year must be from {EARLIEST} to {LATEST - 1}.")


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


FITS: Mapping[type[inspect.Type], Callable[[inspect.Type, object], Finding | None]] = {
    inspect.StrType: _text,
    inspect.IntType: _integer,
    inspect.FloatType: _number,
    inspect.BoolType: _truth,
    inspect.NoneType: _null,
    inspect.EnumType: _word,
    inspect.DateTimeType: _instant,
    inspect.DateType: _day,
}
