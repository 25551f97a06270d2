"""Automations that come along, each with its mail in both languages: switched off, and the merchant's own from then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Automation, Trigger
from db.message_templates import MessageTemplate
from portal.actions import Action, ActionKind
from portal.conditions import Condition, ConditionKind, Op

WEEK = 7 * 24 * 60


@dataclass(frozen=True)
class Wordings:
    """Subject and HTML of one mail; its text is made of it."""

    de: tuple[str, str]
    en: tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class ReadyMade:
    key: str
    name: str
    trigger: Trigger
    conditions: tuple[Condition, ...]
    message: str
    wordings: Wordings
    delay_minutes: int = 0
    allow_repeat: bool = False
    attach_invoice: bool = False


PAID = ReadyMade(
    key="paid",
    name="Bezahlt: Link senden, wenn es etwas herunterzuladen gibt",
    trigger=Trigger.ORDER_PAID,
    conditions=(Condition(kind=ConditionKind.HAS_FILES, op=Op.IS, value=True),),
    message="Link zum Download",
    wordings=Wordings(
        de=(
            "Ihre Dateien zur Bestellung {OrderNumber}",
            "<p>Hallo {UserName},</p><p>Ihre Bestellung {OrderNumber} vom {OrderDate} ist bezahlt. Hier finden Sie"
            ' Ihre Dateien:</p><p><a href="{PortalUrl}">Zu Ihren Dateien</a></p><p>{FileList}</p>'
            "<p>Der Link öffnet nur diese Bestellung. Bitte geben Sie ihn nicht weiter.</p>",
        ),
        en=(
            "Your files for order {OrderNumber}",
            "<p>Hello {UserName},</p><p>your order {OrderNumber} of {OrderDate} is paid. Here you find your"
            ' files:</p><p><a href="{PortalUrl}">To your files</a></p><p>{FileList}</p>'
            "<p>The link opens this order only. Please do not pass it on.</p>",
        ),
    ),
)
INVOICE = ReadyMade(
    key="invoice",
    name="Rechnung bereit",
    trigger=Trigger.INVOICE_CREATED,
    conditions=(),
    message="Rechnung bereit",
    allow_repeat=True,
    attach_invoice=True,
    wordings=Wordings(
        de=(
            "Ihre Rechnung zur Bestellung {OrderNumber}",
            "<p>Hallo {UserName},</p><p>die Rechnung {InvoiceNumber} zu Ihrer Bestellung {OrderNumber} ist da.</p>"
            '<p><a href="{PortalUrl}">Zu Ihrer Bestellung</a></p>',
        ),
        en=(
            "Your invoice for order {OrderNumber}",
            "<p>Hello {UserName},</p><p>invoice {InvoiceNumber} for your order {OrderNumber} is ready.</p>"
            '<p><a href="{PortalUrl}">To your order</a></p>',
        ),
    ),
)
REMINDER = ReadyMade(
    key="reminder",
    name="Zahlungserinnerung nach 7 Tagen",
    trigger=Trigger.ORDER_IMPORTED,
    delay_minutes=WEEK,
    conditions=(
        Condition(kind=ConditionKind.DUE, op=Op.GTE, value=1),
        Condition(kind=ConditionKind.PAYMENT_STATE, op=Op.IN, value=["unpaid", "partially_paid"]),
    ),
    message="Zahlungserinnerung",
    wordings=Wordings(
        de=(
            "Zahlungserinnerung zur Bestellung {OrderNumber}",
            "<p>Hallo {UserName},</p><p>für Ihre Bestellung {OrderNumber} vom {OrderDate} sind noch {OpenAmount} offen."
            ' Hier können Sie bezahlen:</p><p><a href="{PortalUrl}">Zu Ihrer Bestellung</a></p>'
            "<p>Hat sich Ihre Zahlung mit dieser Mail überschnitten, ist nichts weiter zu tun.</p>",
        ),
        en=(
            "Payment reminder for order {OrderNumber}",
            "<p>Hello {UserName},</p><p>{OpenAmount} of your order {OrderNumber} of {OrderDate} are still open."
            ' Here you can pay:</p><p><a href="{PortalUrl}">To your order</a></p>'
            "<p>If your payment has crossed this mail, there is nothing left to do.</p>",
        ),
    ),
)
THANKS = ReadyMade(
    key="thanks",
    name="Danke für die Zahlung",
    trigger=Trigger.PAYMENT_RECEIVED,
    conditions=(Condition(kind=ConditionKind.DUE, op=Op.LTE, value=0),),
    message="Danke für die Zahlung",
    wordings=Wordings(
        de=(
            "Danke für Ihre Zahlung zur Bestellung {OrderNumber}",
            "<p>Hallo {UserName},</p><p>Ihre Zahlung zur Bestellung {OrderNumber} ist angekommen. Vielen Dank!</p>"
            '<p><a href="{PortalUrl}">Zu Ihrer Bestellung</a></p>',
        ),
        en=(
            "Thank you for your payment of order {OrderNumber}",
            "<p>Hello {UserName},</p><p>your payment of order {OrderNumber} has arrived. Thank you!</p>"
            '<p><a href="{PortalUrl}">To your order</a></p>',
        ),
    ),
)
ALL = (PAID, INVOICE, REMINDER, THANKS)


async def lay_out(session: AsyncSession, at: datetime) -> None:
    """What is not there yet. One that was removed once does not come again."""
    known = set(await session.scalars(select(Automation.ready_made).where(Automation.ready_made.is_not(None))))
    names = set(await session.scalars(select(MessageTemplate.name)))
    for place, each in enumerate(ALL, start=1):
        if each.key in known:
            continue
        if each.message not in names:
            session.add_all(_templates(each))
        session.add(_automation(each, place, at))


def _templates(made: ReadyMade) -> list[MessageTemplate]:
    return [
        MessageTemplate(
            name=made.message, locale=locale, subject=subject, text="", html=html, attach_invoice=made.attach_invoice
        )
        for locale, (subject, html) in (("de", made.wordings.de), ("en", made.wordings.en))
    ]


def _automation(made: ReadyMade, place: int, at: datetime) -> Automation:
    action = Action(kind=ActionKind.SEND_MESSAGE, template=made.message, allow_repeat=made.allow_repeat)
    return Automation(
        name=made.name,
        position=place,
        trigger=made.trigger,
        delay_minutes=made.delay_minutes,
        conditions=msgspec.to_builtins(list(made.conditions)),
        actions=msgspec.to_builtins([action]),
        ready_made=made.key,
        created_at=at,
    )
