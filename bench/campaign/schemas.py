"""Values for JSON schemas as the served OpenAPI document tells them: such as are allowed, and such as are nearly."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import TypeAlias

import httpx
from hypothesis import strategies as st

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
Schema: TypeAlias = Mapping[str, "Json"]
DEEPEST = 6
# What breaks programs that were not asked about it.
ODD = [
    "",
    " ",
    "\x00",
    "\ud7ff",
    "ä" * 300,
    "-1",
    "0",
    "1e999",
    "../..",
    "%00",
    "'\"<b>",
    "null",
    "2026-02-30",
    "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "+inf",
    "9" * 40,
]
ANYTHING: st.SearchStrategy[Json] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(ODD) | st.text(max_size=9),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=5), inside, max_size=3),
    max_leaves=5,
)
NOISE: st.SearchStrategy[bytes] = st.binary(max_size=200) | st.sampled_from(
    [b"{", b"[]", b'{"a":1', b"\xff\xfe", b"null"]
)
NAMES = st.sampled_from(["1", "1", "2", "3", "shop", "shop", "files", "PDF", "FILM"])  # most of these there are


class Schemas:
    """`document` as OpenAPI 3.1 writes it."""

    def __init__(self, document: Mapping[str, Json]) -> None:
        components = document.get("components", {})
        known = components.get("schemas", {}) if isinstance(components, dict) else {}
        self._known = known if isinstance(known, dict) else {}
        self._made: dict[str, st.SearchStrategy[Json]] = {}

    def body(self, call: Schema) -> st.SearchStrategy[Json | bytes | None]:
        """Mostly allowed; now and then with a piece of it replaced, anything, or bytes that are no JSON at all."""
        content = _at(call, "requestBody", "content")
        if not content:
            return st.none()
        schema = _at(content, next(iter(content)), "schema")
        if "json" not in next(iter(content)) or "ndjson" in next(iter(content)):
            return NOISE
        allowed = self.of(schema)
        return st.one_of(allowed, allowed, allowed.flatmap(_broken), allowed.flatmap(_broken), ANYTHING, NOISE)

    def media_type(self, call: Schema) -> str:
        """In which the body is sent; empty where there is none."""
        return next(iter(_at(call, "requestBody", "content")), "")

    def query(self, call: Schema) -> st.SearchStrategy[dict[str, str]]:
        parameters = call.get("parameters", [])
        named = [
            each for each in (parameters if isinstance(parameters, list) else [])
            if isinstance(each, dict) and each.get("in") == "query"
        ]  # fmt: skip
        values = {
            str(each["name"]): self.of(_at(each, "schema")).map(_written) | st.sampled_from(ODD) for each in named
        }
        return st.fixed_dictionaries({}, optional=values).filter(_may_be_sent)

    def names(self) -> st.SearchStrategy[str]:
        return NAMES | NAMES | NAMES | NAMES | st.sampled_from(ODD) | st.text(max_size=20)

    def of(self, schema: Schema, depth: int = 0) -> st.SearchStrategy[Json]:
        if depth > DEEPEST:
            return st.none()
        if isinstance(reference := schema.get("$ref"), str):
            name = reference.rpartition("/")[2]
            return st.deferred(lambda: self.of(_at(self._known, name), depth + 1))
        if isinstance(choices := schema.get("anyOf") or schema.get("oneOf"), list):
            return st.one_of([self.of(each, depth + 1) for each in choices if isinstance(each, dict)])
        if isinstance(choices := schema.get("enum"), list):
            return st.sampled_from(choices)
        if "const" in schema:
            return st.just(schema["const"])
        return self._of_type(schema, depth)

    def _of_type(self, schema: Schema, depth: int) -> st.SearchStrategy[Json]:
        match schema.get("type"):
            case "object":
                return self._object(schema, depth)
            case "array":
                items = self.of(_at(schema, "items"), depth + 1)
                return st.lists(items, min_size=min(_number(schema, "minItems", 0), 3), max_size=3)
            case "integer":
                return st.integers(_number(schema, "minimum", -(10**7)), _number(schema, "maximum", 10**7))
            case "number":
                return st.floats(-1e6, 1e6)
            case "boolean":
                return st.booleans()
            case "string":
                return _text(schema)
            case "null":
                return st.none()
        return ANYTHING

    def _object(self, schema: Schema, depth: int) -> st.SearchStrategy[Json]:
        properties, required = schema.get("properties", {}), schema.get("required", [])
        if not isinstance(properties, dict) or not properties:
            return st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3)
        made = {name: self.of(each, depth + 1) for name, each in properties.items() if isinstance(each, dict)}
        needed = {name: made[name] for name in required if name in made} if isinstance(required, list) else {}
        return st.fixed_dictionaries(needed, optional={name: each for name, each in made.items() if name not in needed})


def _text(schema: Schema) -> st.SearchStrategy[Json]:
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda at: f"{at.isoformat()}Z")
    if schema.get("format") == "date":
        return st.dates().map(lambda day: day.isoformat())
    if isinstance(pattern := schema.get("pattern"), str):
        return st.from_regex(pattern)
    least = _number(schema, "minLength", 0)
    most = max(least, min(_number(schema, "maxLength", 40), 40))
    plain = st.text(string.ascii_letters + string.digits + "äß€-_ .", min_size=least, max_size=most)
    return plain | st.text(min_size=least, max_size=most)


def _broken(value: Json) -> st.SearchStrategy[Json]:
    """The same with one piece of it replaced, taken away, or added."""
    if isinstance(value, dict):
        names = [*sorted(value), "unknown"]
        return st.tuples(st.sampled_from(names), ANYTHING, st.booleans()).map(
            lambda drawn: {
                **{name: each for name, each in value.items() if name != drawn[0]},
                **({drawn[0]: drawn[1]} if drawn[2] else {}),
            }
        )
    if isinstance(value, list) and value:
        return _broken(value[0]).map(lambda first: [first, *value[1:]])
    return ANYTHING


def _at(value: object, *names: str) -> dict[str, Json]:
    for name in names:
        value = value.get(name, {}) if isinstance(value, Mapping) else {}
    return value if isinstance(value, dict) else {}


def _number(schema: Schema, name: str, otherwise: int) -> int:
    found = schema.get(name)
    return found if isinstance(found, int) else otherwise


def _written(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _may_be_sent(values: dict[str, str]) -> bool:
    try:
        httpx.QueryParams(values)
        "".join(values.values()).encode()
    except (UnicodeError, TypeError):
        return False
    return True
