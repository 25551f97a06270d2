"""What a form brought. A body that is no form is an empty one."""

from __future__ import annotations

from litestar.enums import RequestEncodingType

from routes.given import AnyRequest

FORMS = {RequestEncodingType.URL_ENCODED.value, RequestEncodingType.MULTI_PART.value}
LONGEST_FIELD = 200


async def field_of(request: AnyRequest, name: str, longest: int = LONGEST_FIELD) -> str:
    """One short text field, cut off at `longest` characters; empty where there is none."""
    if request.content_type[0] not in FORMS:
        return ""
    value = (await request.form()).get(name, "")
    return value[:longest] if isinstance(value, str) else ""
