"""The API's description to read: made of the very document that programs get, so that both say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import msgspec
from msgspec import Struct, field

from views import View

PATH_ORDER = ("get", "post", "put", "patch", "delete")


class Schema(Struct, frozen=True):
    """As much of a JSON schema as the API's shapes use."""

    ref: str = field(name="$ref", default="")
    type: str = ""
    format: str = ""
    pattern: str = ""
    description: str = ""
    enum: tuple[str | int, ...] = ()
    any_of: tuple[Schema, ...] = field(name="anyOf", default=())
    items: Schema | None = None
    properties: Mapping[str, Schema] = {}
    extra: Schema | bool = field(name="additionalProperties", default=True)
    required: tuple[str, ...] = ()


class Media(Struct, frozen=True):
    schema: Schema


class Body(Struct, frozen=True):
    description: str = ""
    content: Mapping[str, Media] = {}


class Parameter(Struct, frozen=True):
    name: str
    place: str = field(name="in")
    schema: Schema
    required: bool = False


class Operation(Struct, frozen=True):
    summary: str
    operation_id: str = field(name="operationId")
    responses: Mapping[str, Body]
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = field(name="requestBody", default=None)


class Components(Struct, frozen=True):
    schemas: Mapping[str, Schema]


class Info(Struct, frozen=True):
    version: str
    description: str


class Document(Struct, frozen=True):
    info: Info
    paths: Mapping[str, Mapping[str, Operation]]
    components: Components


@dataclass(frozen=True, kw_only=True)
class Named:
    """A field, a parameter or an answer: its name, what it takes in words, and where that is described further."""

    name: str
    words: str
    shape: str = ""
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class CallRow:
    id: str
    method: str
    path: str
    summary: str
    parameters: tuple[Named, ...]
    takes: Named | None
    answers: tuple[Named, ...]


@dataclass(frozen=True, kw_only=True)
class ShapeRow:
    """An object with its fields, or a list of `words` that are allowed."""

    name: str
    fields: tuple[Named, ...]
    words: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ApiDocsPage(View):
    template: ClassVar = "api_docs.html"

    version: str
    about: str
    calls: tuple[CallRow, ...]
    shapes: tuple[ShapeRow, ...]

    @classmethod
    def of(cls, document: Mapping[str, object]) -> ApiDocsPage:
        """The page of an OpenAPI document."""
        read = msgspec.convert(document, Document)
        return cls(
            version=read.info.version,
            about=read.info.description,
            calls=tuple(_calls(read.paths)),
            shapes=tuple(_shape(name, each) for name, each in read.components.schemas.items()),
        )


def _calls(paths: Mapping[str, Mapping[str, Operation]]) -> Iterator[CallRow]:
    for path, methods in paths.items():
        for method in sorted(methods, key=PATH_ORDER.index):
            yield _call(method, path, methods[method])


def _call(method: str, path: str, operation: Operation) -> CallRow:
    asked = (each for each in operation.parameters if each.place == "query")
    return CallRow(
        id=operation.operation_id,
        method=method.upper(),
        path=path,
        summary=operation.summary,
        parameters=tuple(_named(each.name, each.schema, each.required) for each in asked),
        takes=_content("", operation.body) if operation.body else None,
        answers=tuple(_content(status, body) for status, body in sorted(operation.responses.items())),
    )


def _content(name: str, body: Body) -> Named:
    for media_type, media in body.content.items():
        return Named(name=name, words=f"{body.description} {media_type}".strip(), shape=_target(media.schema))
    return Named(name=name, words=body.description)


def _shape(name: str, schema: Schema) -> ShapeRow:
    rows = (_named(each, kind, each in schema.required) for each, kind in schema.properties.items())
    return ShapeRow(name=name, fields=tuple(rows), words=tuple(str(word) for word in schema.enum))


def _named(name: str, schema: Schema, required: bool) -> Named:
    return Named(name=name, words=_words(schema), shape=_target(schema), required=required)


def _target(schema: Schema) -> str:
    """The name of the shape that says more, if there is one."""
    inner = (schema, *schema.any_of, *([schema.items] if schema.items else []))
    return next((each.ref.rpartition("/")[2] for each in inner if each.ref), "")


def _words(schema: Schema) -> str:
    if schema.ref:
        return schema.ref.rpartition("/")[2]
    if schema.any_of:
        return " or ".join(_words(choice) for choice in schema.any_of)
    if schema.enum:
        return " or ".join(str(word) for word in schema.enum)
    if schema.items:
        return f"list of {_words(schema.items)}"
    if isinstance(schema.extra, Schema):
        return f"map of {_words(schema.extra)}"
    return " ".join(filter(None, (schema.type, schema.format, schema.pattern))) or schema.description
