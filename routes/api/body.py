"""JSON in: decoded strictly, and whatever is wrong with it is named all at once, each place by its JSON pointer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import TypeVar

import msgspec
from msgspec import inspect

from portal.refusals import Fault, Invalid
from routes.api.values import FITS, Finding, of_kind, pointer_to

T = TypeVar("T", bound=msgspec.Struct)
Pairs = list[tuple[str, object]]
# What the decoder lets pass and `wrong` may not: characters written as numbers, a line break at the end of a text, and
# what may be a time beyond reach.
ODD = re.compile(rb'\\u00[0-3]|\\n"|"(?!19|2[0-4])\d{4}-')


class MalformedJson(Exception):
    """The body is no JSON document; the text says why."""


def decoded(shape: type[T], body: bytes) -> T:
    """The body as `shape`. Raises MalformedJson, or Invalid with every wrong place."""
    return _plainly(shape, body) or converted(shape, parsed(body))


def converted(shape: type[T], value: object) -> T:
    """A parsed JSON value as `shape`. Raises Invalid with every wrong place."""
    if faults := list(wrong(_inspected(shape), value, "#")):
        raise Invalid(*faults)
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:  # the authority has the last word, should it know more than we do
        raise Invalid(Fault("#", "invalid", str(error))) from error


def parsed(body: bytes) -> object:
    """The JSON value. Raises MalformedJson, also for names that an object gives twice: which one counts is a guess."""
    try:
        value: object = msgspec.json.decode(body)
        json.loads(body, object_pairs_hook=_without_repeated_names)
    except RecursionError as error:
        raise MalformedJson("The JSON is nested too deeply.") from error
    except UnicodeDecodeError as error:
        raise MalformedJson("The body is not UTF-8.") from error
    except (msgspec.MsgspecError, ValueError) as error:
        raise MalformedJson(f"{error}.") from error
    return value


def _plainly(shape: type[T], body: bytes) -> T | None:
    """What is right and without oddities, ten times as fast. None where each place has to be looked at."""
    if ODD.search(body):
        return None
    decoder: msgspec.json.Decoder[T] = _decoder(shape)
    try:
        _names().decode(body.decode())
        return decoder.decode(body)
    except (msgspec.MsgspecError, MalformedJson, ValueError, RecursionError):
        return None


@cache
def _decoder(shape: type[T]) -> msgspec.json.Decoder[T]:
    return msgspec.json.Decoder(shape)


@cache
def _names() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_without_repeated_names)


def _without_repeated_names(pairs: Pairs) -> None:
    if len(dict(pairs)) == len(pairs):
        return
    names: set[str] = set()
    for name, _ in pairs:
        if name in names:
            raise MalformedJson(f"An object gives the name {name!r} twice.")
        names.add(name)


@cache
def _inspected(shape: type[msgspec.Struct]) -> inspect.Type:
    return inspect.type_info(shape)


def wrong(kind: inspect.Type, value: object, pointer: str) -> Iterator[Fault]:
    """Every place below `pointer` where the value does not fit."""
    if isinstance(kind, inspect.Metadata):
        kind = kind.type
    if look := WITHIN.get(type(kind)):
        yield from look(kind, value, pointer)
    elif found := FITS[type(kind)](kind, value):
        yield Fault(pointer, found.code, found.detail)


def _object(kind: inspect.Type, value: object, pointer: str) -> Iterator[Fault]:
    assert isinstance(kind, inspect.StructType)  # noqa: S101 (tells the type checker what the table says)
    if not isinstance(value, dict):
        yield _not("an object", value, pointer)
        return
    fields = {field.encode_name: field for field in kind.fields}
    for name in value:
        if name not in fields and kind.forbid_unknown_fields:
            yield Fault(pointer_to(pointer, name), "unknown-field", "There is no such field.")
    for name, field in fields.items():
        if name in value:
            yield from wrong(field.type, value[name], pointer_to(pointer, name))
        elif field.required:
            yield Fault(pointer_to(pointer, name), "missing", "This field is required.")


def _list(kind: inspect.Type, value: object, pointer: str) -> Iterator[Fault]:
    assert isinstance(kind, inspect.ListType)  # noqa: S101
    if not isinstance(value, list):
        yield _not("a list", value, pointer)
        return
    yield from _wrong_count(kind, value, pointer)
    for place, item in enumerate(value):
        yield from wrong(kind.item_type, item, f"{pointer}/{place}")


def _map(kind: inspect.Type, value: object, pointer: str) -> Iterator[Fault]:
    assert isinstance(kind, inspect.DictType)  # noqa: S101
    if not isinstance(value, dict):
        yield _not("an object", value, pointer)
        return
    yield from _wrong_count(kind, value, pointer)
    for name, item in value.items():
        yield from wrong(kind.key_type, name, pointer_to(pointer, name))
        yield from wrong(kind.value_type, item, pointer_to(pointer, name))


def _one_of(kind: inspect.Type, value: object, pointer: str) -> Iterator[Fault]:
    """What comes closest speaks: with null aside there is mostly one choice, and its faults say the most."""
    assert isinstance(kind, inspect.UnionType)  # noqa: S101
    faults = [list(wrong(choice, value, pointer)) for choice in kind.types]
    if all(faults):
        own = [found for choice, found in zip(kind.types, faults, strict=True) if _is_meant(choice, value)]
        yield from own[0] if own else faults[0]


def _is_meant(choice: inspect.Type, value: object) -> bool:
    return not isinstance(choice, inspect.NoneType) and of_kind(choice, value)


def _wrong_count(
    kind: inspect.ListType | inspect.DictType, value: list[object] | dict[str, object], pointer: str
) -> Iterator[Fault]:
    if kind.max_length is not None and len(value) > kind.max_length:
        yield Fault(pointer, "too-many", f"At most {kind.max_length} are allowed; these are {len(value)}.")
    if kind.min_length is not None and len(value) < kind.min_length:
        yield Fault(pointer, "too-few", f"At least {kind.min_length} are needed; these are {len(value)}.")


def _not(wanted: str, value: object, pointer: str) -> Fault:
    found = Finding.wrong_type(wanted, value)
    return Fault(pointer, found.code, found.detail)


WITHIN: Mapping[type[inspect.Type], Callable[[inspect.Type, object, str], Iterator[Fault]]] = {
    inspect.StructType: _object,
    inspect.ListType: _list,
    inspect.DictType: _map,
    inspect.UnionType: _one_of,
}
