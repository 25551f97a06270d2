"""Nachrichten: what mails say, how they would look, and which were written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from markupsafe import Markup

from db.message_templates import MessageTemplate
from db.messages import Message, MessageState
from portal import message_templates
from portal.message_log import ToldMessage
from views.admin.frame import OfficePage
from views.admin.order_tabs import problem, standing
from views.admin.settings_appearance import OrderChoice
from views.form import Form
from views.sentences import Sentence, counted, plain, said

PATH = "/admin/messages"
LANGUAGES = {"de": said("German"), "en": said("English")}
TAKEN = said("There is a message of this name in this language already.")
IN_USE = said("An automation sends this message. Let it send another one first.")
BRACED = tuple(f"{{{name}}}" for name in message_templates.PLACEHOLDERS)


@dataclass(frozen=True, kw_only=True)
class TemplateRow:
    """`unknown`: placeholders in it that nothing fills."""

    url: str
    name: str
    language: Sentence
    unknown: bool

    @staticmethod
    def of(row: MessageTemplate) -> TemplateRow:
        return TemplateRow(
            url=f"{PATH}/{row.id}",
            name=row.name,
            language=LANGUAGES.get(row.locale) or plain(row.locale),
            unknown=bool(message_templates.unknown(row)),
        )


@dataclass(frozen=True, kw_only=True)
class LogRow:
    """One mail that was written; `order` is the number of what it is about, `url` leads to its messages."""

    at: datetime
    to: str
    subject: str
    order: str
    url: str
    tone: str
    state: Sentence
    error: Sentence | None

    @staticmethod
    def of(mail: ToldMessage, order_id: int | None, zone: ZoneInfo) -> LogRow:
        tone, state = standing(mail)
        return LogRow(
            at=(mail.sent_at or mail.created_at).astimezone(zone),
            to=mail.to,
            subject=mail.subject,
            order=mail.order.number if mail.order else "",
            url=f"/admin/orders/{order_id}/messages" if order_id else "",
            tone=tone,
            state=state,
            error=problem(mail),
        )


@dataclass(frozen=True, kw_only=True)
class Tested:
    """What came of sending a mail to try it."""

    tone: str
    title: Sentence
    detail: str

    @staticmethod
    def of(mail: Message) -> Tested:
        match mail.state:
            case MessageState.SENT:
                title = said("The mail server has taken the mail to %(to)s.", to=mail.to_address)
                return Tested(tone="ok", title=title, detail=mail.error)
            case MessageState.QUEUED:
                title = said("The mail has not left yet; it is tried again.")
                return Tested(tone="wait", title=title, detail=mail.error)
            case _:
                title = said("The mail server has refused the mail.")
                return Tested(tone="stop", title=title, detail=mail.error)


@dataclass(frozen=True, kw_only=True)
class SeenMail:
    """The mail as one order's customer would get it. `order` is None for the sample.

    `missing` is a number that was asked for and that no order has.
    """

    subject: str
    body: Markup
    text: str
    order: OrderChoice | None
    orders: tuple[OrderChoice, ...]
    missing: str


@dataclass(frozen=True, kw_only=True)
class MessagesPage(OfficePage):
    template: ClassVar = "admin/messages.html"

    path: str
    templates: tuple[TemplateRow, ...]
    mails: tuple[LogRow, ...]
    waiting: Sentence | None


@dataclass(frozen=True, kw_only=True)
class NewMessagePage(OfficePage):
    """What was typed stays; `errors` by field name."""

    template: ClassVar = "admin/message_new.html"

    path: str
    templates: tuple[TemplateRow, ...]
    languages: tuple[tuple[str, Sentence], ...]
    typed: dict[str, str]
    errors: dict[str, Sentence]


@dataclass(frozen=True, kw_only=True)
class MessagePage(OfficePage):
    """`words_for` is the language; `test_to` where a test goes; `test_error` why none was sent.

    `removal_error`: why it is still there.
    """

    template: ClassVar = "admin/message.html"

    path: str
    name: str
    words_for: Sentence
    form: Form
    placeholders: tuple[str, ...]
    seen: SeenMail
    test_to: str
    test_error: Sentence | None
    tested: Tested | None
    removal_error: Sentence | None


def still_waiting(count: int) -> Sentence | None:
    return counted("%(count)s mail waits to be sent.", "%(count)s mails wait to be sent.", count) if count else None
