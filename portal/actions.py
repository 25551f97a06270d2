"""What an automation can do to one order, each in the running transaction, and why it does not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.automations import AutomationSettings
from db.messages import Message, MessageState
from db.orders import Order, OrderTag, State
from portal import envelopes, first_paid, message_templates, order_updates, relays, settings, templated_mails
from portal.activity import By, entry
from portal.messages import AUTOMATIC, Messages
from portal.refusals import Fault
from portal.situations import Situation
from portal.skips import Skip
from portal.templated_mails import TemplatedMails

Text = Annotated[str, Meta(max_length=500)]
TemplateId = Annotated[int, Meta(ge=1, le=2**63 - 1)]
UNFILLED = "message_unfilled"
NEVER_SET = frozenset({State.DELETED, State.UNKNOWN})  # the one is a deed of its own, the other no judgement


class ActionKind(StrEnum):
    SEND_MESSAGE = "send_message"
    CREATE_INVOICE = "create_invoice"
    ADD_TAG = "add_tag"
    REMOVE_TAG = "remove_tag"
    SET_STATE = "set_state"
    NOTIFY_MERCHANT = "notify_merchant"


class Action(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`template`: the name of a message, or the id of one of its wordings. `value`: a tag, a state, a text.

    `allow_repeat`: the same message may reach the same order more than once.
    """

    kind: ActionKind
    template: TemplateId | Text | None = None
    value: Text | None = None
    allow_repeat: bool = False


@dataclass(frozen=True, kw_only=True)
class Hands:
    """What actions work with."""

    messages: Messages
    mails: TemplatedMails


@dataclass(frozen=True, kw_only=True)
class Case:
    """One order at the moment when an automation acts."""

    seen: Situation
    order: Order
    hands: Hands
    session: AsyncSession
    by: By


def named(action: Action, names: Mapping[int, str]) -> Action:
    """With the name of its template in place of an id."""
    if isinstance(action.template, int):
        return msgspec.structs.replace(action, template=names.get(action.template, f"#{action.template}"))
    return action


def faults(actions: Sequence[Action], templates: Collection[str]) -> list[Fault]:
    return [fault for place, each in enumerate(actions) for fault in _faults(each, templates, f"#/actions/{place}")]


def _faults(action: Action, templates: Collection[str], pointer: str) -> list[Fault]:
    value = (action.value or "").strip()
    match action.kind:
        case ActionKind.SEND_MESSAGE if action.template not in templates:
            return [Fault(f"{pointer}/template", "unknown-template", "There is no message of this name or id.")]
        case ActionKind.SET_STATE if value not in {each.value for each in State if each not in NEVER_SET}:
            return [Fault(f"{pointer}/value", "not-allowed", "Name a state that an order can be set to.")]
        case ActionKind.ADD_TAG | ActionKind.REMOVE_TAG | ActionKind.NOTIFY_MERCHANT if not value:
            return [Fault(f"{pointer}/value", "missing", "This action needs a text.")]
        case _:
            return []


async def refusal(action: Action, seen: Situation, hands: Hands, session: AsyncSession) -> Skip | None:
    """Why it would do nothing now."""
    match action.kind:
        case ActionKind.SEND_MESSAGE:
            return await _unsendable(action, seen, hands, session)
        case ActionKind.ADD_TAG:
            return Skip.NOTHING_TO_DO if action.value in seen.tags else None
        case ActionKind.REMOVE_TAG:
            return None if action.value in seen.tags else Skip.NOTHING_TO_DO
        case ActionKind.SET_STATE:
            return Skip.NOTHING_TO_DO if seen.dossier.order.state.value == action.value else None
        case _:
            return None


async def _unsendable(action: Action, seen: Situation, hands: Hands, session: AsyncSession) -> Skip | None:
    dossier, name = seen.dossier, str(action.template)
    try:
        envelopes.address(dossier.buyer_email)
    except envelopes.BadAddress:
        return Skip.NO_ADDRESS
    if relays.is_relay(dossier.buyer_email) and not (await settings.of(AutomationSettings, session)).relay_addresses:
        return Skip.RELAY_ADDRESS
    if await message_templates.fitting(name, dossier.locale, session) is None:
        return Skip.NO_TEMPLATE
    if not action.allow_repeat and await _was_sent(name, dossier.order.id, session):
        return Skip.ALREADY_SENT
    return None if await hands.messages.is_set_up(session) else Skip.NO_MAIL_SERVER


async def _was_sent(name: str, order_id: int, session: AsyncSession) -> bool:
    """What failed or was kept back does not count: its customer has nothing."""
    same = select(Message.id).where(
        Message.order_id == order_id,
        Message.kind == templated_mails.kind_of(name),
        Message.state != MessageState.FAILED,
    )
    return await session.scalar(same.limit(1)) is not None


async def act(action: Action, case: Case) -> Skip | None:
    """Does it, or says why not."""
    if why := await refusal(action, case.seen, case.hands, case.session):
        return why
    if deed := DEEDS.get(action.kind):
        await deed(action, case)
    return None


async def _send(action: Action, case: Case) -> None:
    dossier = case.seen.dossier
    template = await message_templates.fitting(str(action.template), dossier.locale, case.session)
    if template is None:
        return
    if names := message_templates.unknown(template):
        await _tell_unfilled(template.name, names, case)
    new = await case.hands.mails.message(template, dossier, case.session, case.by.at)
    await case.hands.messages.enqueue(new, case.session, case.by, lane=AUTOMATIC)


async def _tell_unfilled(template: str, names: Sequence[str], case: Case) -> None:
    """One notice for each message and set of names: the customers read them as they are."""
    details: dict[str, object] = {"name": template, "names": ", ".join(names)}
    known = select(Activity.id).where(
        Activity.notice,
        Activity.kind == UNFILLED,
        Activity.details["name"].as_string() == template,
        Activity.details["names"].as_string() == details["names"],
    )
    if await case.session.scalar(known.limit(1)) is None:
        case.session.add(entry(case.by, UNFILLED, case.order.id, details, notice=True))


async def _add_tag(action: Action, case: Case) -> None:
    case.session.add(OrderTag(order_id=case.order.id, tag=action.value or "", own=True))
    _touch(case, "tag_added", {"tag": action.value})


async def _remove_tag(action: Action, case: Case) -> None:
    row = await case.session.get(OrderTag, (case.order.id, action.value))
    await case.session.delete(row)
    _touch(case, "tag_removed", {"tag": action.value})


async def _set_state(action: Action, case: Case) -> None:
    before, case.order.state = case.order.state, State(action.value or "")
    told = _touch(case, "state_set", {"state": case.order.state.value, "state_before": before.value})
    await order_updates.state_changed(order_updates.state_change(case.order, told), before, case.session, case.by)
    await first_paid.note(case.order, case.session, case.by)


async def _notify(action: Action, case: Case) -> None:
    case.session.add(entry(case.by, "automation_notice", case.order.id, {"text": action.value}, notice=True))


def _touch(case: Case, kind: str, details: dict[str, object]) -> Activity:
    case.order.changed_at = case.by.at
    told = entry(case.by, kind, case.order.id, details)
    case.session.add(told)
    return told


DEEDS: Mapping[ActionKind, Callable[[Action, Case], Awaitable[None]]] = {
    ActionKind.SEND_MESSAGE: _send,
    ActionKind.ADD_TAG: _add_tag,
    ActionKind.REMOVE_TAG: _remove_tag,
    ActionKind.SET_STATE: _set_state,
    ActionKind.NOTIFY_MERCHANT: _notify,
}
