"""Mails in the merchant's own words: what may stand in them, and which of them fits an order's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Automation
from db.base import columns
from db.message_templates import MessageTemplate
from portal import greetings, placeholders
from portal.activity import By, entry
from portal.refusals import Conflict, Fault, Invalid, NotFound

LANGUAGES = ("de", "en")
# In the order in which the editor offers them.
PLACEHOLDERS = (
    "UserName",
    "OrderNumber",
    "OrderDate",
    "Platform",
    "PortalUrl",
    "DownloadUrl",
    "FileList",
    "InvoiceNumber",
    "OpenAmount",
    "PaymentDueDate",
)
USED = "An automation sends this message."
TAKEN = "There is a message of this name in this language already."
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^\S(.*\S)?$")]
Subject = Annotated[str, Meta(min_length=1, max_length=300, pattern=r"^[^\r\n]*$")]
Words = Annotated[str, Meta(max_length=50_000)]
Language = Literal["de", "en"]


class NewTemplate(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`text` or `html` may be empty, but not both: what is missing is made of the other."""

    name: Name
    locale: str = "de"
    subject: Subject
    text: Words = ""
    html: Words = ""
    attach_invoice: bool = False


class TemplateChange(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    name: Name | UnsetType = UNSET
    locale: str | UnsetType = UNSET
    subject: Subject | UnsetType = UNSET
    text: Words | UnsetType = UNSET
    html: Words | UnsetType = UNSET
    attach_invoice: bool | UnsetType = UNSET


def unknown(template: MessageTemplate) -> tuple[str, ...]:
    """Names in braces that nothing will fill: they would reach customers as they are."""
    return placeholders.unknown(f"{template.subject}\n{template.text}\n{template.html}", PLACEHOLDERS)


async def every(session: AsyncSession) -> Sequence[MessageTemplate]:
    """By name, German first."""
    rows = await session.scalars(select(MessageTemplate).order_by(MessageTemplate.name, MessageTemplate.locale))
    return rows.all()


async def one(template_id: int, session: AsyncSession) -> MessageTemplate:
    """Raises NotFound."""
    row = await session.get(MessageTemplate, template_id)
    if row is None:
        raise NotFound
    return row


async def fitting(name: str, locale: str, session: AsyncSession) -> MessageTemplate | None:
    """The template in the language of the order, else in German, else in any; None where there is none of that name."""
    rows = await session.scalars(select(MessageTemplate).where(MessageTemplate.name == name))
    by_language = {row.locale: row for row in rows.all()}
    language = locale.replace("_", "-").partition("-")[0].lower()
    wanted = (language, *LANGUAGES)
    return next((by_language[each] for each in wanted if each in by_language), None)


async def add(new: NewTemplate, session: AsyncSession, by: By) -> MessageTemplate:
    """Raises Invalid, and Conflict where name and language are taken."""
    clean = msgspec.convert(_cleaned(msgspec.structs.asdict(new)), NewTemplate)
    row = MessageTemplate(
        name=clean.name,
        locale=clean.locale,
        subject=clean.subject,
        text=clean.text,
        html=clean.html,
        attach_invoice=clean.attach_invoice,
    )
    await _check(row, session)
    session.add(row)
    await session.flush()
    session.add(entry(by, "message_template_added", details={"template": row.id, **_named(row)}))
    return row


async def change(row: MessageTemplate, wanted: TemplateChange, session: AsyncSession, by: By) -> MessageTemplate:
    """Writes the fields that differ. What automations send keeps its name as long as they do. Raises as `add` does."""
    given = _cleaned({name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not UNSET})
    news = {name: value for name, value in given.items() if getattr(row, name) != value}
    if not news:
        return row
    olds = {name: columns(row)[name] for name in news}
    with session.no_autoflush:
        if "name" in news:
            await _refuse_used(row, session)
        for name, value in news.items():
            setattr(row, name, value)
        await _check(row, session)
    session.add(entry(by, "message_template_changed", details={**_named(row), "old": olds, "new": news}))
    return row


async def remove(row: MessageTemplate, session: AsyncSession, by: By) -> None:
    """Mails that were written stay. Raises Conflict while an automation sends it."""
    await _refuse_used(row, session)
    session.add(entry(by, "message_template_removed", details=_named(row)))
    await session.delete(row)


async def _check(row: MessageTemplate, session: AsyncSession) -> None:
    faults = []
    if row.locale not in LANGUAGES:
        faults.append(Fault("#/locale", "not-allowed", f"Allowed are {', '.join(LANGUAGES)}."))
    if not (row.text.strip() or row.html.strip()):
        faults.append(Fault("#/text", "missing", "A mail says something: give text, html or both."))
    if faults:
        raise Invalid(*faults)
    same = select(MessageTemplate.id).where(MessageTemplate.name == row.name, MessageTemplate.locale == row.locale)
    taken = await session.scalar(same)
    if taken is not None and taken != row.id:
        raise Conflict(TAKEN)


async def _refuse_used(row: MessageTemplate, session: AsyncSession) -> None:
    """The last wording of a name stays while an automation sends it, switched on or not."""
    same = select(MessageTemplate.id).where(MessageTemplate.name == row.name, MessageTemplate.id != row.id)
    if await session.scalar(same.limit(1)) is not None:
        return
    there = select(Automation.actions).where(Automation.removed_at.is_(None))
    if any(action.get("template") == row.name for does in await session.scalars(there) for action in does):
        raise Conflict(USED)


def _cleaned(values: dict[str, object]) -> dict[str, object]:
    """Locales become languages, HTML becomes harmless, line ends become those of texts."""
    for name, value in values.items():
        if isinstance(value, str):
            values[name] = value.replace("\r\n", "\n")
    if isinstance(locale := values.get("locale"), str):
        values["locale"] = locale.replace("_", "-").partition("-")[0].lower()
    if isinstance(html := values.get("html"), str):
        values["html"] = greetings.clean(html)
    return values


def _named(row: MessageTemplate) -> dict[str, object]:
    return {"name": row.name, "locale": row.locale}
