"""What every call of the API shares: how it is described, how its query is read, how a list answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation
from msgspec import Struct, inspect

from portal.order_imports import Key
from portal.refusals import Fault, Invalid, NotFound
from routes.api.body import converted
from routes.api.slashes import segment
from routes.given import AnyRequest

Item = TypeVar("Item")
Q = TypeVar("Q", bound=Struct)
OPT = "calls"
JSON = "application/json"
NDJSON = "application/x-ndjson"
PDF = "application/pdf"
CSV = "text/csv"
XML = "application/xml"
MULTIPART = "multipart/form-data"
LARGEST_ID = 2**63 - 1
OrderKey = NamedDependency[SkipValidation[Key]]


class Listed(Struct, Generic[Item], kw_only=True, frozen=True):
    """A list; `next_cursor` is null on its last page."""

    items: list[Item]
    next_cursor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call as the OpenAPI document tells it.

    `takes` and `gives` name a struct for JSON, or the media type of what is none; `gives` goes by status, None for an
    empty body. `path` is set where one handler answers several documented paths.
    """

    summary: str
    path: str = ""
    query: type[Struct] | None = None
    takes: type[Struct] | str | None = None
    gives: Mapping[int, object] = field(default_factory=dict)


def told(*calls: Call) -> dict[str, object]:
    """The `opt` of a handler."""
    return {OPT: calls}


def key(source: FromPath[str], external_id: FromPath[str]) -> Key:
    return Key(segment(source), segment(external_id))


def row_id(text: str) -> int:
    """The id in an address. Raises NotFound for what no row can have."""
    if not re.fullmatch("[0-9]{1,19}", text) or int(text) > LARGEST_ID:
        raise NotFound
    return int(text)


def asked(shape: type[Q], request: AnyRequest) -> Q:
    """The query. Empty parameters count as absent. Raises Invalid, also for unknown ones: typing errors shall show."""
    info = inspect.type_info(shape)
    assert isinstance(info, inspect.StructType)  # noqa: S101 (tells the type checker what the bound says)
    kinds = {each.name: each.type for each in info.fields}
    given: dict[str, str] = {name: value for name, value in request.query_params.items() if value}
    faults = [
        Fault(f"#/{name}", "unknown-parameter", f"Known are {', '.join(kinds)}.") for name in given if name not in kinds
    ]
    faults += [
        Fault(f"#/{name}", "wrong-type", "This must be an integer.")
        for name, value in given.items()
        if _is_number(kinds.get(name)) and not re.fullmatch("-?[0-9]{1,18}", value)
    ]
    if faults:
        raise Invalid(*faults)
    return converted(shape, {name: int(text) if _is_number(kinds[name]) else text for name, text in given.items()})


def _is_number(kind: inspect.Type | None) -> bool:
    return isinstance(kind.type if isinstance(kind, inspect.Metadata) else kind, inspect.IntType)
