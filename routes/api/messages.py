"""Mails that were written, and what became of them."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath, RawBody
from litestar.response import Response

from portal import message_log
from portal.message_log import MessageQuery, NewBounce, ToldMessage
from routes.api.body import decoded
from routes.api.calls import Call, Listed, asked, row_id, told
from routes.given import AnyRequest, ApiKeyHolder, House, Reading


@get(
    "/messages",
    opt=told(Call(summary="List the mails, newest first", query=MessageQuery, gives={200: Listed[ToldMessage]})),
)
async def list_messages(request: AnyRequest, reading: Reading) -> Listed[ToldMessage]:
    items, cursor = await message_log.page(asked(MessageQuery, request), reading)
    return Listed(items=items, next_cursor=cursor)


@post(
    "/messages/{message:str}/bounces",
    opt=told(
        Call(
            summary="Note that a mail came back", takes=NewBounce, gives={201: ToldMessage, 200: ToldMessage}
        )
    ),
)
async def note_bounce(
    message: FromPath[str], body: RawBody, house: House, by: ApiKeyHolder
) -> Response[ToldMessage]:
    """The first report counts."""
    new = decoded(NewBounce, body)
    async with house.database.writing() as session:
        row = await message_log.one(row_id(message), session)
        is_news = await message_log.bounced(row, new, session, by)
        await session.flush()
        return Response(await message_log.told(row.id, session), status_code=201 if is_news else 200)
