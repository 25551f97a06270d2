"""How PayPal words an answer, and how it says no."""

from __future__ import annotations

import secrets

from litestar import Response

from demo.paypal_stand_in.ledger import Json

PROBLEMS = {
    400: ("INVALID_REQUEST", "Request is not well-formed, syntactically incorrect, or violates schema."),
    401: ("AUTHENTICATION_FAILURE", "Authentication failed due to missing authorization header, or invalid token."),
    404: ("RESOURCE_NOT_FOUND", "The specified resource does not exist."),
    415: ("UNSUPPORTED_MEDIA_TYPE", "The server does not support the request payload's media type."),
    422: ("UNPROCESSABLE_ENTITY", "The requested action could not be performed, or failed business validation."),
}


def answer(status: int, content: Json | None) -> Response[Json | None]:
    return Response(content, status_code=status, headers={"Paypal-Debug-Id": secrets.token_hex(7)})


def refused(status: int, issue: str = "", place: str = "") -> Response[Json | None]:
    name, message = PROBLEMS[status]
    content: Json = {"name": name, "message": message, "debug_id": secrets.token_hex(7)}
    if issue:
        detail = {"issue": issue, "description": issue.replace("_", " ").capitalize()}
        content["details"] = [detail | ({"field": place, "location": "body"} if place else {})]
    return answer(status, content)
