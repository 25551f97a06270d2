"""As much of OpenAPI 3.0's schemas as PayPal's files use: says what is wrong with a value, or unknown in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float, Decimal),
}


SENTENCES = ("/message", "/description")  # whoever stands in says it in words of their own


class Spec:
    """One file of PayPal's. `faults` names every wrong place by a path such as `/amount/value`."""

    def __init__(self, file: Path) -> None:
        self.told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))

    def request(self, path: str, method: str) -> dict[str, Any]:
        return self._schema(self._operation(path, method)["requestBody"])

    def answer(self, path: str, method: str, status: int) -> dict[str, Any]:
        answers = self._operation(path, method)["responses"]
        return self._schema(answers.get(str(status)) or answers["default"])

    def faults(self, value: object, schema: dict[str, Any], *, strict: bool = False, at: str = "") -> Iterator[str]:
        """With `strict`, properties that the schema does not name are wrong, too: it would let a typing error pass."""
        schema = self._resolved(schema)
        for part in schema.get("allOf", ()):
            yield from self.faults(value, part, at=at)
        for choice in ("oneOf", "anyOf"):
            if choice in schema and all(any(self.faults(value, part, at=at)) for part in schema[choice]):
                yield f"{at} fits none of {choice}"
        yield from self._of_type(value, schema, at)
        if isinstance(value, dict):
            yield from self._of_object(value, schema, strict, at)

    def _of_type(self, value: object, schema: dict[str, Any], at: str) -> Iterator[str]:
        kind = schema.get("type")
        if kind and (not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
            yield f"{at} is no {kind}"
            return
        if "enum" in schema and value not in schema["enum"] and not at.endswith(SENTENCES):
            yield f"{at} is {value!r}, which is none of those known"
        if isinstance(value, str):
            yield from self._of_text(value, schema, at)
        if isinstance(value, list):
            if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
                yield f"{at} has {len(value)} items"
            for place, item in enumerate(value):
                yield from self.faults(item, schema.get("items", {}), at=f"{at}/{place}")

    def _of_text(self, value: str, schema: dict[str, Any], at: str) -> Iterator[str]:
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield f"{at} has {len(value)} characters"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{at} is {value!r}, which does not fit {schema['pattern']}"

    def _of_object(self, value: dict[str, Any], schema: dict[str, Any], strict: bool, at: str) -> Iterator[str]:
        known = self._properties(schema)
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{at}/{name} is missing"
        for name, part in value.items():
            if name in known:
                yield from self.faults(part, known[name], strict=strict, at=f"{at}/{name}")
            elif strict and known:
                yield f"{at}/{name} is nothing that PayPal knows"

    def _properties(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Its own and those of all parts; what only one of several choices says is asked there."""
        schema = self._resolved(schema)
        found = dict(schema.get("properties", {}))
        for part in schema.get("allOf", ()):
            found = self._properties(part) | found
        return found

    def _operation(self, path: str, method: str) -> dict[str, Any]:
        return dict(self.told["paths"][path][method])

    def _schema(self, content: dict[str, Any]) -> dict[str, Any]:
        return dict(self._resolved(content)["content"]["application/json"]["schema"])

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            found: Any = self.told
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            schema = found
        return schema
