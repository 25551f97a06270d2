"""Nachrichten: what mails say, tried out before anybody gets one, and what was written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.base import columns
from db.message_templates import MessageTemplate
from db.messages import Message
from portal import dossiers, mail_tests, message_log, message_templates, sample_order, sessions
from portal.dossiers import Dossier
from portal.envelopes import BadAddress
from portal.house import House as PortalHouse
from portal.message_log import MessageQuery
from portal.message_templates import NewTemplate, TemplateChange
from portal.refusals import Conflict, Invalid
from portal.sessions import SignedIn
from portal.templated_mails import Wording
from routes.admin.example_orders import ROW_ID, chosen, latest, row_id
from routes.admin.signed_in import kept_for
from routes.api.body import converted
from routes.forms import LONGEST_FIELD, field_of, read, submitted, texts_of
from routes.given import AnyRequest, House, Merchant, Now
from views import Page
from views.admin.frame import Frame
from views.admin.labels import MESSAGE
from views.admin.messages import (
    BRACED,
    IN_USE,
    LANGUAGES,
    PATH,
    TAKEN,
    LogRow,
    MessagePage,
    MessagesPage,
    NewMessagePage,
    SeenMail,
    TemplateRow,
    Tested,
    still_waiting,
)
from views.admin.settings_appearance import OrderChoice
from views.faults import EXAMPLES, told_of
from views.form import Form
from views.mail import templated
from views.placeholders import IN_MESSAGE
from views.sentences import Sentence

NEW = f"{PATH}/new"
TEMPLATE = f"{PATH}/{{template:str}}"
LOGGED = 50


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a page shows besides what is stored, and by which order."""

    asked: Mapping[str, str]
    form: Form | None = None
    status: int = 200
    test_to: str = ""
    test_error: Sentence | None = None
    removal_error: Sentence | None = None


@route(PATH, http_method=["GET", "HEAD"])
async def show_messages(house: House, merchant: Merchant) -> Page:
    async with house.database.reading() as session:
        templates = await _rows(session)
        mails, _ = await message_log.page(MessageQuery(limit=LOGGED), session)
        waiting = await message_log.waiting(session)
        about = await session.execute(select(Message.id, Message.order_id).where(Message.id.in_([m.id for m in mails])))
        orders = {message_id: order_id for message_id, order_id in about}
    page = MessagesPage(
        frame=Frame.of(merchant, PATH),
        path=PATH,
        templates=templates,
        mails=tuple(LogRow.of(mail, orders.get(mail.id), house.storefront.zone) for mail in mails),
        waiting=still_waiting(waiting),
    )
    return Page(page, locale=merchant.locale)


@route(NEW, http_method=["GET", "HEAD"])
async def show_new_message(house: House, merchant: Merchant) -> Page:
    return await _new(await kept_for(NEW, merchant, house) or {}, {}, house, merchant)


@post(NEW)
async def add_message(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    texts = await texts_of(request)
    wanted = {name: texts.get(name, "").strip() for name in ("name", "locale", "subject", "text")}
    given = read(NewTemplate, wanted)
    faults = dict(given.faults)
    if not faults:
        try:
            async with house.database.writing() as session:
                row = await message_templates.add(converted(NewTemplate, wanted), session, merchant.by)
                await sessions.let_go(merchant.session_id, NEW, session)
            return Redirect(f"{PATH}/{row.id}", status_code=303)
        except Invalid as invalid:
            faults = told_of(invalid.faults)
        except Conflict:
            faults = {"name": TAKEN}
    return await _new(wanted, faults, house, merchant, 422)


@route(TEMPLATE, http_method=["GET", "HEAD"])
async def show_message(template: FromPath[str], request: AnyRequest, house: House, merchant: Merchant) -> Page:
    return await _page(row_id(template), house, merchant, Shown(asked=request.query_params))


@post(TEMPLATE)
async def change_message(
    template: FromPath[str], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    """Writes the fields that differ from what they were rendered with, all of them or none."""
    template_id = row_id(template)
    path = f"{PATH}/{template_id}"
    given, status = submitted(TemplateChange, await texts_of(request)), 422
    async with house.database.writing() as session:
        row = await message_templates.one(template_id, session)
        stored = _stored(row)
        if not given.faults and not given.overtaken(stored):
            try:
                await message_templates.change(row, converted(TemplateChange, given.values), session, merchant.by)
                if given.values:
                    await sessions.let_go(merchant.session_id, path, session)
            except Invalid as invalid:
                given = given.with_faults(told_of(invalid.faults))
                await session.rollback()
            except Conflict as conflict:
                status = 409
                given = given.with_faults({"name": TAKEN if str(conflict) == message_templates.TAKEN else IN_USE})
                await session.rollback()
    if given.faults or given.overtaken(stored):
        form = Form.of(path, MESSAGE, stored).with_typed(given, stored)
        return await _page(template_id, house, merchant, Shown(asked={}, form=form, status=status))
    names = given.values or (given.typed if len(given.typed) == 1 else ())
    return Redirect(f"{path}?saved={'.'.join(sorted(names))}", status_code=303)


@post(f"{TEMPLATE}/tests")
async def test_message(
    template: FromPath[str], request: AnyRequest, house: House, merchant: Merchant, now: Now
) -> Page | Redirect:
    """To whom the merchant says, of the order that the preview shows."""
    to, asked = await field_of(request, "to"), request.query_params
    async with house.database.reading() as session:
        row = await message_templates.one(row_id(template), session)
        dossier, order = await _example(asked, session, house, now)
    try:
        mail = house.templated_mails.written(Wording.of(row), dossier, now)
        tested = await mail_tests.send(mail, to, house.messages, house.database, merchant.by)
    except BadAddress:
        wrong = Shown(asked=asked, status=422, test_to=to, test_error=EXAMPLES["email"])
        return await _page(row.id, house, merchant, wrong)
    about = f"&order={order.id}" if order else ""
    return Redirect(f"{PATH}/{row.id}?test={tested}{about}", status_code=303)


@post(f"{TEMPLATE}/removals")
async def remove_message(template: FromPath[str], house: House, merchant: Merchant) -> Page | Redirect:
    try:
        async with house.database.writing() as session:
            row = await message_templates.one(row_id(template), session)
            await message_templates.remove(row, session, merchant.by)
    except Conflict:
        return await _page(row_id(template), house, merchant, Shown(asked={}, status=409, removal_error=IN_USE))
    return Redirect(PATH, status_code=303)


async def _rows(session: AsyncSession) -> tuple[TemplateRow, ...]:
    return tuple(TemplateRow.of(row) for row in await message_templates.every(session))


async def _new(
    typed: Mapping[str, str],
    errors: Mapping[str, Sentence],
    house: PortalHouse,
    merchant: SignedIn,
    status: int = 200,
) -> Page:
    async with house.database.reading() as session:
        templates = await _rows(session)
    page = NewMessagePage(
        frame=Frame.of(merchant, NEW),
        path=PATH,
        templates=templates,
        languages=tuple(LANGUAGES.items()),
        typed=dict(typed),
        errors=dict(errors),
    )
    return Page(page, locale=merchant.locale, status_code=status)


async def _page(template_id: int, house: PortalHouse, merchant: SignedIn, shown: Shown) -> Page:
    path = f"{PATH}/{template_id}"
    tested = shown.asked.get("test", "")
    async with house.database.reading() as session:
        row = await message_templates.one(template_id, session)
        seen = await _seen(row, shown.asked, session, house, merchant)
        test = await mail_tests.sent(int(tested), session) if ROW_ID.fullmatch(tested) else None
    stored = _stored(row)
    form = shown.form or Form.of(path, MESSAGE, stored, saved=shown.asked.get("saved", "").split("."))
    if waiting := await kept_for(path, merchant, house):
        form = form.with_typed(submitted(TemplateChange, waiting), stored)
    page = MessagePage(
        frame=Frame.of(merchant, path),
        path=PATH,
        name=row.name,
        words_for=LANGUAGES[row.locale],
        form=form.noted(IN_MESSAGE),
        placeholders=BRACED,
        seen=seen,
        test_to=shown.test_to or merchant.email,
        test_error=shown.test_error,
        tested=Tested.of(test) if test else None,
        removal_error=shown.removal_error,
    )
    return Page(page, locale=merchant.locale, status_code=shown.status)


async def _seen(
    row: MessageTemplate, asked: Mapping[str, str], session: AsyncSession, house: PortalHouse, merchant: SignedIn
) -> SeenMail:
    orders = [OrderChoice.of(each) for each in await latest(session)]
    dossier, order = await _example(asked, session, house, merchant.at)
    if order and order not in orders:
        orders.insert(0, order)
    number = asked.get("number", "")[:LONGEST_FIELD].strip()
    wording, url = Wording.of(row), house.links.url(dossier.link)
    mail = templated.written(wording, dossier, url, merchant.at)
    return SeenMail(
        subject=mail.subject,
        body=templated.body_of(wording, dossier, url, merchant.at),
        text=mail.text,
        order=order,
        orders=tuple(orders),
        missing=number if number and not order else "",
    )


async def _example(
    asked: Mapping[str, str], session: AsyncSession, house: PortalHouse, now: Now
) -> tuple[Dossier, OrderChoice | None]:
    """The order asked for by id or number, else the sample."""
    row = await chosen(asked.get("number", "")[:LONGEST_FIELD].strip(), asked.get("order", ""), session)
    if row is None:
        return await sample_order.dossier(session, now, house.zone), None
    return await dossiers.of(row.id, session, house.zone), OrderChoice.of(row)


def _stored(row: MessageTemplate) -> dict[str, object]:
    values = columns(row)
    return {name: values[name] for name in MESSAGE}
