"""Lists in pages: each page says where the next one begins, so that nothing is skipped or shown twice in between."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct

from portal.refusals import Fault, Invalid

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
RowId = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Microseconds = Annotated[int, Meta(ge=0, le=10**16)]  # since 1970; the end lies in 2286

Row = TypeVar("Row")
Place = TypeVar("Place")


class AfterId(Struct, array_like=True, frozen=True):
    id: RowId


class AfterText(Struct, array_like=True, frozen=True):
    text: str


class AfterMoment(Struct, array_like=True, frozen=True):
    microseconds: Microseconds
    id: RowId


class Paging(Struct, kw_only=True, frozen=True):
    """`cursor` is the `next_cursor` of the page before."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: Annotated[str, Meta(max_length=2000)] = ""


def place(cursor: str, kind: type[Place]) -> Place:
    """Where a page begins. Raises Invalid for what was never a `next_cursor` of this list."""
    try:
        return msgspec.json.decode(urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)), type=kind)
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        fault = Fault("#/cursor", "unusable", "Send the next_cursor of the page before, or none.")
        raise Invalid(fault) from error


def cursor(at: Struct) -> str:
    return urlsafe_b64encode(msgspec.json.encode(at)).rstrip(b"=").decode()


def cut(rows: Sequence[Row], limit: int, at: Callable[[Row], Struct]) -> tuple[list[Row], str | None]:
    """Of one row more than `limit`: the page, and where the next one begins, if there is one."""
    page = list(rows[:limit])
    return page, cursor(at(page[-1])) if len(rows) > limit else None


def microseconds(instant: datetime) -> int:
    return (instant - EPOCH) // MICROSECOND


def instant(since_epoch: int) -> datetime:
    return EPOCH + since_epoch * MICROSECOND
