"""The mails of one order: which there were, one of them once more, and one in the merchant's own words."""

from __future__ import annotations

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Trigger
from db.messages import Message
from db.orders import State
from portal import automations, message_log, message_templates, order_history, skipped_runs
from portal.envelopes import BadAddress
from portal.refusals import Conflict, NotFound
from routes.admin.example_orders import row_id
from routes.admin.orders import LARGEST, Asked, ShownOrder
from routes.forms import texts_of
from routes.given import AnyRequest, House, Now
from views import Page
from views.admin.order_tabs import Done, MailRow, MessagesTab

LONGEST_MARK = 64
TAB = "/admin/orders/{order_id:int}/messages"


@route(TAB, http_method=["GET", "HEAD"])
async def show_messages(asked: Asked, house: House) -> Page:
    async with house.database.reading() as session:
        mails = await order_history.mails(asked.dossier.order.id, session)
        wordings = dict.fromkeys(row.name for row in await message_templates.every(session))
        by_hand = [row for row in await automations.every(session) if row.active and row.trigger is Trigger.MANUAL]
    tab = MessagesTab(
        frame=asked.frame(),
        head=asked.head("messages"),
        done=Done.of(asked.done),
        mails=tuple(MailRow.of(mail, asked.dossier.zone) for mail in mails),
        newest=mails[0].id if mails else 0,
        wordings=() if asked.dossier.order.state is State.DELETED else tuple(wordings),
        by_hand=tuple((row.id, row.name) for row in by_hand),
    )
    return Page(tab, locale=asked.merchant.locale)


@post(f"{TAB}/{{message_id:int}}/resends")
async def resend(asked: Asked, message_id: FromPath[int], request: AnyRequest, house: House) -> Redirect:
    """The same words once more. The form says which mail was the newest: a second click sends nothing."""
    texts = await texts_of(request)
    if not 0 < message_id <= LARGEST:
        raise NotFound
    try:
        async with house.database.writing() as session:
            message = await message_log.one(message_id, session)
            if message.order_id != asked.dossier.order.id:
                raise NotFound
            if not await _is_newest(texts, asked, session):
                return asked.back("messages", "changed-meanwhile")
            new = await message_log.again(message, house.messages, session, asked.merchant.by)
    except Conflict:
        return asked.back("messages", "mail-outdated")
    except BadAddress:
        return asked.back("messages", "no-address")
    return await _sent(new, asked, house)


@post("/admin/orders/{order_id:int}/templated-messages")
async def send_templated(asked: Asked, request: AnyRequest, house: House, now: Now) -> Redirect:
    texts = await texts_of(request)
    if asked.dossier.order.state is State.DELETED:
        raise NotFound
    try:
        async with house.database.writing() as session:
            template = await message_templates.fitting(texts.get("wording", ""), asked.dossier.locale, session)
            if template is None or not await _is_newest(texts, asked, session):
                return asked.back("messages", "changed-meanwhile")
            mail = await house.templated_mails.message(template, asked.dossier, session, now)
            new = await house.messages.enqueue(mail, session, asked.merchant.by)
    except BadAddress:
        return asked.back("messages", "no-address")
    return await _sent(new, asked, house)


@post("/admin/orders/{order_id:int}/automation-runs")
async def run_by_hand(asked: Asked, request: AnyRequest, house: House) -> Redirect:
    """One that waits for nothing else. The form bears a mark: a second click runs nothing."""
    texts = await texts_of(request)
    mark = texts.get("attempt", "")[:LONGEST_MARK]
    async with house.database.writing() as session:
        row = await automations.one(row_id(texts.get("automation", "")), session)
        try:
            if not mark:
                raise Conflict
            await automations.run_by_hand(row, asked.dossier.order.id, mark, session, asked.merchant.by)
        except Conflict:
            return asked.back("messages", "changed-meanwhile")
    return asked.back("messages", "asked")


@post("/admin/orders/{order_id:int}/automation-runs/{run_id:int}/repeats")
async def ask_again(asked: Asked, run_id: FromPath[int], house: House) -> Redirect:
    """One that did nothing. A second click finds it asked already."""
    if not 0 < run_id <= LARGEST or asked.dossier.order.state is State.DELETED:
        raise NotFound
    try:
        async with house.database.writing() as session:
            await skipped_runs.ask_again(run_id, asked.dossier.order.id, session, asked.merchant.by)
    except Conflict:
        return asked.back("activity", "changed-meanwhile")
    return asked.back("activity", "asked-again")


async def _is_newest(texts: dict[str, str], asked: ShownOrder, session: AsyncSession) -> bool:
    mails = await order_history.mails(asked.dossier.order.id, session)
    return texts.get("newest", "") == str(mails[0].id if mails else 0)


async def _sent(message: Message, asked: ShownOrder, house: House) -> Redirect:
    outcome = await house.messages.send_now(message.id)
    return asked.back("messages", "mail-sent" if outcome.state == "sent" else "mail-waits")
