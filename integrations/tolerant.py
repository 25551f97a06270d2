"""Reading what shops send: unknown fields are left alone, numbers may be texts, null is what is not there.

Money never passes through a float: a JSON number becomes the Decimal that its digits say.
"""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import TypeVar

import msgspec
from msgspec import Struct

Shape = TypeVar("Shape", bound=Struct)

LONGEST_WHOLE = 13  # digits before the point: beyond what any order is worth, and inside every later calculation
FIRST_YEAR = 1971  # systems write "no date" as year 1, 1900 or the beginning of their own time


class NotUnderstood(Exception):
    """What came is no order in the shape of its system. `where` is a path such as `$.line_items[0].total`."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


class Figure(Decimal):
    """A number as JSON number or text; an empty text is 0."""


class Words(str):
    """A text, also where a number was sent: ids come as either."""

    __slots__ = ()


def parsed(body: bytes) -> object:
    """JSON with exact numbers. Raises NotUnderstood."""
    try:
        return msgspec.json.Decoder(float_hook=Decimal).decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise NotUnderstood("$", f"This is no JSON: {error}.") from error


def shaped(told: object, shape: type[Shape]) -> Shape:
    """What was parsed, as that shape. Raises NotUnderstood."""
    try:
        return msgspec.convert(_without_nulls(told), shape, strict=False, dec_hook=_scalar)
    except (msgspec.ValidationError, RecursionError) as error:
        why, _, where = str(error).partition(" - at `")
        raise NotUnderstood(where.rstrip("`") or "$", why) from error


def instant(text: str, zone: tzinfo, where: str) -> datetime | None:
    """An ISO 8601 text in UTC; `zone` is that of texts without offset. None for what stands for no date at all."""
    if not text.strip():
        return None
    try:
        told = datetime.fromisoformat(text.strip())
        if told.year < FIRST_YEAR:
            return None
        return (told if told.tzinfo else told.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        if text.startswith("0000"):
            return None
        raise NotUnderstood(where, f"{text[:40]!r} is no date.") from error


def _without_nulls(told: object) -> object:
    """So that a null means the same as a field that is missing."""
    match told:
        case dict():
            return {name: _without_nulls(value) for name, value in told.items() if value is not None}
        case list():
            return [_without_nulls(value) for value in told if value is not None]
        case _:
            return told


def _scalar(wanted: type, told: object) -> object:
    """Raises ValueError, which msgspec tells with the path of the field."""
    if wanted is object:
        return told
    if wanted is Figure:
        return _figure(told)
    if isinstance(told, str | int | Decimal) and not isinstance(told, bool):
        return Words(str(told).replace("\0", ""))
    if not told:
        return Words("")  # PHP writes nothing as false or []
    raise ValueError(f"Expected a text, got {type(told).__name__}")


def _figure(told: object) -> Figure:
    if isinstance(told, str):
        told = told.strip() or "0"
    if isinstance(told, bool) or not isinstance(told, str | int | Decimal):
        raise ValueError(f"Expected a number, got {type(told).__name__}")
    try:
        figure = Figure(told)
    except (InvalidOperation, ValueError) as error:
        raise ValueError(f"Expected a number, got {str(told)[:40]!r}") from error
    if not figure.is_finite() or figure.adjusted() >= LONGEST_WHOLE:
        raise ValueError(f"Expected a number of an order's size, got {str(told)[:40]!r}")
    return figure
