"""What a form brought. A body that is no form is an empty one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from litestar.enums import RequestEncodingType
from msgspec import Struct, inspect

from routes.api.body import wrong
from routes.given import AnyRequest
from views.faults import advice
from views.form import Submitted, as_text
from views.sentences import Sentence

FORMS = {RequestEncodingType.URL_ENCODED.value, RequestEncodingType.MULTI_PART.value}
LONGEST_FIELD = 200
SEEN = "was."  # the prefix of what a field was rendered with; an unticked box is known by it
NEVER = "\0"  # what no field holds
WHOLE = re.compile("-?[0-9]{1,18}")
GROUPED = re.compile(r"-?[0-9]{1,3}([.,\u00a0\u202f ][0-9]{3})+")  # as pages write a large whole number
AMBIGUOUS = re.compile(r"-?[1-9][0-9]{0,2}[.,][0-9]{3}")  # a thousand, or a little more than one?
DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")


async def texts_of(request: AnyRequest) -> dict[str, str]:
    """Every text field; files are left out, and of several with one name the last counts."""
    if request.content_type[0] not in FORMS:
        return {}
    form = await request.form()
    return {name: value.replace("\r\n", "\n") for name, value in form.multi_items() if isinstance(value, str)}


async def field_of(request: AnyRequest, name: str, longest: int = LONGEST_FIELD) -> str:
    """One short text field, cut off at `longest` characters; empty where there is none."""
    return (await texts_of(request)).get(name, "")[:longest]


def submitted(shape: type[Struct], texts: Mapping[str, str]) -> Submitted:
    """The fields of `shape` that a form brought, checked by the very rules of the API."""
    typed: dict[str, str] = {}
    values: dict[str, object] = {}
    faults: dict[str, Sentence] = {}
    kinds = {name: kind for name, kind in _kinds(shape).items() if SEEN + name in texts}
    for name, kind in kinds.items():
        typed[name] = texts.get(name, "").strip()
        value = _value(kind, typed[name])
        if found := next(wrong(kind, value, name), None):
            faults[name] = advice(name, kind, found.code, typed[name])
        elif texts[SEEN + name] not in (as_text(value), texts.get(name)):
            values[name] = value
    return Submitted(typed, {name: texts[SEEN + name] for name in kinds}, values, faults)


def read(shape: type[Struct], texts: Mapping[str, str]) -> Submitted:
    """The same of texts that stand alone, such as a query: every one of them counts."""
    return submitted(shape, {**texts, **{SEEN + name: NEVER for name in texts}})


@cache
def _kinds(shape: type[Struct]) -> dict[str, inspect.Type]:
    info = inspect.type_info(shape)
    assert isinstance(info, inspect.StructType)  # noqa: S101 (tells the type checker what the bound says)
    return {field.encode_name: field.type for field in info.fields}


def _value(kind: inspect.Type, text: str) -> object:
    """The value that is meant; what cannot be read stays a text, which the check then refuses."""
    match kind:
        case inspect.Metadata(type=inner):
            return _value(inner, text)
        case inspect.UnionType(types=types):
            return None if not text else _value(_besides_null(types), text)
        case inspect.BoolType():
            return text == "yes"
        case inspect.IntType():
            plain = re.sub("[^0-9-]", "", text) if GROUPED.fullmatch(text) else text
            return int(plain) if WHOLE.fullmatch(plain) else text
        case inspect.FloatType():
            number = text.replace(",", ".")
            return float(number) if DECIMAL.fullmatch(number) and not AMBIGUOUS.fullmatch(text) else text
        case _:
            return text


def _besides_null(types: tuple[inspect.Type, ...]) -> inspect.Type:
    return next(each for each in types if not isinstance(each, inspect.NoneType))
