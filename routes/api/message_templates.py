"""Mails in the merchant's own words."""

from __future__ import annotations

from litestar import delete, get, patch, post
from litestar.params import FromPath, RawBody
from msgspec import Struct

from db.message_templates import MessageTemplate
from portal import message_templates
from portal.message_templates import NewTemplate, TemplateChange
from routes.api.body import decoded
from routes.api.calls import Call, Listed, row_id, told
from routes.given import ApiKeyHolder, House, Reading

TEMPLATE = "/message-templates/{template:str}"


class ToldTemplate(Struct, kw_only=True, frozen=True):
    """`unknown_placeholders` would reach customers as they are."""

    id: int
    name: str
    locale: str
    subject: str
    text: str
    html: str
    attach_invoice: bool
    unknown_placeholders: list[str]


@get("/message-templates", opt=told(Call(summary="List the message templates", gives={200: Listed[ToldTemplate]})))
async def list_templates(reading: Reading) -> Listed[ToldTemplate]:
    return Listed(items=[_told(row) for row in await message_templates.every(reading)])


@post(
    "/message-templates", opt=told(Call(summary="Add a message template", takes=NewTemplate, gives={201: ToldTemplate}))
)
async def add_template(body: RawBody, house: House, by: ApiKeyHolder) -> ToldTemplate:
    new = decoded(NewTemplate, body)
    async with house.database.writing() as session:
        return _told(await message_templates.add(new, session, by))


@get(TEMPLATE, opt=told(Call(summary="Show a message template", gives={200: ToldTemplate})))
async def show_template(template: FromPath[str], reading: Reading) -> ToldTemplate:
    return _told(await message_templates.one(row_id(template), reading))


@patch(TEMPLATE, opt=told(Call(summary="Change a message template", takes=TemplateChange, gives={200: ToldTemplate})))
async def change_template(template: FromPath[str], body: RawBody, house: House, by: ApiKeyHolder) -> ToldTemplate:
    wanted = decoded(TemplateChange, body)
    async with house.database.writing() as session:
        row = await message_templates.one(row_id(template), session)
        return _told(await message_templates.change(row, wanted, session, by))


@delete(TEMPLATE, opt=told(Call(summary="Remove a message template that no automation sends", gives={204: None})))
async def remove_template(template: FromPath[str], house: House, by: ApiKeyHolder) -> None:
    async with house.database.writing() as session:
        await message_templates.remove(await message_templates.one(row_id(template), session), session, by)


def _told(row: MessageTemplate) -> ToldTemplate:
    names = "id name locale subject text html attach_invoice".split()
    unknown = list(message_templates.unknown(row))
    return ToldTemplate(**{name: getattr(row, name) for name in names}, unknown_placeholders=unknown)
