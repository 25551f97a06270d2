"""No call of the API without a key: a guard of the whole router, so that no handler can forget it."""

from __future__ import annotations

from litestar.handlers import BaseRouteHandler

from portal.activity import By
from routes import given
from routes.given import AnyConnection, AnyRequest


async def with_key(connection: AnyConnection, _handler: BaseRouteHandler) -> None:
    """Asked before a body is read. Raises 401."""
    request: AnyRequest = AnyRequest(connection.scope)
    connection.state.by = await given.by(request, given.house(connection.app.state), given.now())


def by(request: AnyRequest) -> By:
    """Whose key it is, as the guard found."""
    holder: By = request.state.by
    return holder
