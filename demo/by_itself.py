"""What the demo's merchant has set up to happen by itself: a wording, two automations, and a mapping for tables."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from db.automations import Trigger
from portal import automations, csv_presets, message_templates
from portal.actions import Action, ActionKind
from portal.activity import By
from portal.automations import NewAutomation, Readiness, TriggerChoice
from portal.conditions import Condition, ConditionKind, Op
from portal.csv_mappings import CsvMapping
from portal.message_templates import NewTemplate

WORDING = NewTemplate(
    name="Tipps zum Ausdrucken",
    subject="So drucken Sie Ihr Schnittmuster ({OrderNumber})",
    html="<p>Hallo {UserName},</p><p>drucken Sie Ihr Muster in Originalgröße und messen Sie das Kästchen auf Bogen 1"
    ' nach.</p><p><a href="{PortalUrl}">Zu Ihren Dateien</a></p>',
)
AUTOMATIONS = (
    NewAutomation(
        name="Dateikäufe kennzeichnen",
        active=True,
        trigger=TriggerChoice(kind=Trigger.ORDER_PAID),
        conditions=[Condition(kind=ConditionKind.HAS_FILES, op=Op.IS, value=True)],
        actions=[Action(kind=ActionKind.ADD_TAG, value="Schnittmuster")],
    ),
    NewAutomation(
        name="Tipps zum Ausdrucken senden (von Hand)",
        active=False,  # the demo has no mail server
        trigger=TriggerChoice(kind=Trigger.MANUAL),
        actions=[Action(kind=ActionKind.SEND_MESSAGE, template=WORDING.name)],
    ),
)
MAPPING = CsvMapping(
    name="Stoffmarkt",
    columns={
        "order_id": "Beleg",
        "order_date": "Tag",
        "buyer_name": "Kundin",
        "email": "Mail",
        "title": "Ware",
        "sku": "Artikel",
        "line_gross": "Preis",
    },
    constants={"currency": "EUR", "tax_rate": "19", "platform": "Stoffmarkt"},
    decimal_sign=",",
    dates="dmy",
)


async def set_up(session: AsyncSession, by: By) -> None:
    """Once: where the demo was started on this directory before, the merchant may have changed it."""
    if any(row.name == AUTOMATIONS[0].name for row in await automations.every(session)):
        return
    await message_templates.add(WORDING, session, by)
    for each in AUTOMATIONS:
        await automations.add(each, Readiness(base_url=True, mail=False), session, by)
    await csv_presets.keep(MAPPING.name, MAPPING, session, by)
