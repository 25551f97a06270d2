"""The API described for programs: an OpenAPI 3.1 document, made of what the handlers say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version

import msgspec
from litestar import Litestar, route
from litestar.response import Response
from litestar.routes import HTTPRoute
from msgspec import Struct

from portal.imported import BatchOrder
from routes.api.calls import CSV, JSON, MULTIPART, NDJSON, OPT, PDF, Call
from routes.api.problems import MEDIA_TYPE, Problem
from routes.given import AnyRequest
from views import Page
from views.api_docs import ApiDocsPage

Document = dict[str, object]
WITHIN = "/api/v1"
REF = "#/components/schemas/{name}"
PARAMETER = re.compile("{([a-z_]+)(?::[a-z]+)?}")
ABOUT = (
    "Orders, articles, invoices and settings of one Tresen. Amounts are integers in the currency's minor unit;"
    " timestamps need an offset; unknown fields are refused. Errors are problem documents (RFC 9457) that name every"
    " wrong place. A slash inside an id or SKU is sent as %2F."
)
DESCRIPTIONS = {
    200: "Done.",
    201: "Created.",
    202: "Asked for; it is done as soon as possible.",
    204: "Done; there is nothing to tell.",
    400: "The body is no JSON.",
    401: "The key is missing or wrong.",
    404: "There is no such thing.",
    409: "What is stored already says otherwise.",
    413: "The body is too large.",
    415: "The body is of another media type.",
    422: "Something that was sent is wrong; `errors` names every place.",
}


@dataclass(frozen=True)
class Described:
    """One call at its address, which is told with plain braces: `/api/v1/orders/{source}/{external_id}`."""

    method: str
    path: str
    handler: str
    call: Call

    @property
    def name(self) -> str:
        """Unique among all: `show_invoice_pdf` where one handler answers several paths."""
        if not self.call.path:
            return self.handler
        return re.sub("[^a-z]+", "_", f"{self.handler} {self.call.path.partition('/')[2].partition('/')[2]}").strip("_")


def described(app: Litestar) -> list[Described]:
    """Every call, in the order of the addresses. Raises KeyError for a handler that says nothing of itself."""
    found = [each for known in app.routes if isinstance(known, HTTPRoute) for each in _of_route(known)]
    return sorted(found, key=lambda each: (each.path, each.method))


def _of_route(known: HTTPRoute) -> Iterator[Described]:
    if not known.path.startswith(f"{WITHIN}/"):
        return
    for handler in known.route_handlers:
        for method in handler.http_methods - {"HEAD", "OPTIONS"}:
            for call in handler.opt[OPT]:
                path = f"{WITHIN}{call.path}" if call.path else PARAMETER.sub(r"{\1}", known.path_format)
                yield Described(str(method).lower(), path, handler.handler_name, call)


def document(app: Litestar, base_url: str) -> Document:
    calls = described(app)
    shapes = list(dict.fromkeys([Problem, BatchOrder, *_shapes(each.call for each in calls)]))
    references, components = msgspec.json.schema_components(shapes, schema_hook=_anything, ref_template=REF)
    known = dict(zip(shapes, references, strict=True))
    paths: dict[str, Document] = {}
    for each in calls:
        paths.setdefault(each.path, {})[each.method] = _operation(each, known)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tresen", "version": version("tresen"), "description": ABOUT},
        "servers": [{"url": base_url}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _anything(kind: type) -> Document:
    """What a history tells in its details differs from kind to kind."""
    if kind is object:
        return {"description": "Any JSON value."}
    raise NotImplementedError(kind)


def _shapes(calls: Iterable[Call]) -> Iterator[object]:
    for call in calls:
        for shape in (call.takes, *call.gives.values()):
            if shape is not None and not isinstance(shape, str):
                yield shape


def _operation(each: Described, known: Mapping[object, Document]) -> Document:
    operation: Document = {
        "operationId": each.name,
        "summary": each.call.summary,
        "tags": [each.path.removeprefix(WITHIN).split("/")[1]],
        "parameters": [*_in_path(each.path), *_in_query(each.call.query)],
        "responses": {
            **{str(status): _answer(status, shape, known) for status, shape in each.call.gives.items()},
            **{str(status): _refusal(status, known) for status in refusals(each)},
        },
    }
    if each.call.takes is not None:
        operation["requestBody"] = {"required": True, "content": _content(each.call.takes, known)}
    return operation


def refusals(each: Described) -> Sequence[int]:
    """The statuses a caller must be ready for."""
    statuses = [401]
    if "{" in each.path:
        statuses.append(404)
    if each.call.takes is not None:
        statuses += [409, 413, 422, 415 if each.call.takes in (PDF, MULTIPART, CSV) else 400]
    elif each.call.query is not None:
        statuses.append(422)
    elif each.method == "delete":
        statuses.append(409)
    return sorted(statuses)


def _answer(status: int, shape: object, known: Mapping[object, Document]) -> Document:
    told: Document = {"description": DESCRIPTIONS[status]}
    return told if shape is None else {**told, "content": _content(shape, known)}


def _refusal(status: int, known: Mapping[object, Document]) -> Document:
    return {"description": DESCRIPTIONS[status], "content": {MEDIA_TYPE: {"schema": known[Problem]}}}


def _content(shape: object, known: Mapping[object, Document]) -> Document:
    if shape == NDJSON:
        return {NDJSON: {"schema": known[BatchOrder]}}
    binary: Document = {"type": "string", "format": "binary"}
    if shape == MULTIPART:
        return {MULTIPART: {"schema": {"type": "object", "properties": {"file": binary}, "required": ["file"]}}}
    if isinstance(shape, str):
        return {shape: {"schema": binary}}
    return {JSON: {"schema": known[shape]}}


def _in_path(path: str) -> Iterator[Document]:
    for name in PARAMETER.findall(path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _in_query(shape: type[Struct] | None) -> Iterator[Document]:
    if shape is None:
        return
    _, components = msgspec.json.schema_components([shape], ref_template=REF)
    schema = components[shape.__name__]
    for name, kind in schema["properties"].items():
        asked = {"name": name, "in": "query", "required": name in schema["required"]}
        yield {**asked, "schema": _inlined(kind, components)}


def _inlined(kind: Document, components: Mapping[str, Document]) -> Document:
    """Without references: a query parameter is never more than a word, a number or a date."""
    if reference := kind.get("$ref"):
        return components[str(reference).rpartition("/")[2]]
    choices = kind.get("anyOf")
    if isinstance(choices, list):
        return {**kind, "anyOf": [_inlined(choice, components) for choice in choices]}
    return kind


@cache
def _encoded(app: Litestar, base_url: str) -> bytes:
    return msgspec.json.encode(document(app, base_url))


@cache
def _readable(app: Litestar, base_url: str) -> ApiDocsPage:
    return ApiDocsPage.of(document(app, base_url))


@route("/api/openapi.json", http_method=["GET", "HEAD"])
async def show_document(request: AnyRequest) -> Response[bytes]:
    return Response(_encoded(request.app, request.app.state.house.base_url), media_type=JSON)


@route("/api/docs", http_method=["GET", "HEAD"])
async def show_docs(request: AnyRequest) -> Page:
    return Page(_readable(request.app, request.app.state.house.base_url), locale="en")
