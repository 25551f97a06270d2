"""What a form brought. A body that is no form is an empty one."""

from __future__ import annotations

from litestar.enums import RequestEncodingType

from routes.given import AnyRequest

FORMS = {RequestEncodingType.URL_ENCODED.value, RequestEncodingType.MULTI_PART.value}
LONGEST_FIELD = 200


async def field_of(request: AnyRequest, name: str) -> str:
    """One short text field; empty where there is none."""
    if request.content_type[0] not in FORMS:
        return ""
    value = (await request.form()).get(name, "")
    return value[:LONGEST_FIELD] if isinstance(value, str) else ""
