"""Mails made of a template and an order: worded by a view, with the invoice where the template asks for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db.invoices import DocumentFormat, InvoiceKind
from db.message_templates import MessageTemplate
from portal import invoices
from portal.dossiers import Dossier
from portal.links import Links
from portal.new_messages import NewAttachment, NewMessage, Written

KIND = "template:"  # the kind of such a mail is this and the template's name
PDF = "application/pdf"


@dataclass(frozen=True, kw_only=True)
class Wording:
    """What the merchant wrote, placeholders and all, and in which language, such as `de`."""

    subject: str
    text: str
    html: str
    locale: str

    @staticmethod
    def of(template: MessageTemplate) -> Wording:
        return Wording(subject=template.subject, text=template.text, html=template.html, locale=template.locale)


Writer = Callable[[Wording, Dossier, str, datetime], Written]


def kind_of(name: str) -> str:
    """By which it is known that an order got this mail already, in whatever language."""
    return f"{KIND}{name}"


def name_of(kind: str) -> str:
    """The other way round; empty for a mail that comes of no template."""
    return kind.removeprefix(KIND) if kind.startswith(KIND) else ""


@dataclass(frozen=True)
class TemplatedMails:
    links: Links
    write: Writer

    def written(self, wording: Wording, dossier: Dossier, now: datetime) -> Written:
        """The mail as that order's customer would get it."""
        return self.write(wording, dossier, self.links.url(dossier.link), now)

    async def message(
        self, template: MessageTemplate, dossier: Dossier, session: AsyncSession, now: datetime
    ) -> NewMessage:
        mail = self.written(Wording.of(template), dossier, now)
        return NewMessage(
            kind=kind_of(template.name),
            to=dossier.buyer_email,
            to_name=dossier.user_name,
            subject=mail.subject,
            text=mail.text,
            html=mail.html,
            locale=mail.locale,
            order_id=dossier.order.id,
            attachments=await _invoice(dossier, session, now) if template.attach_invoice else (),
        )


async def _invoice(dossier: Dossier, session: AsyncSession, now: datetime) -> tuple[NewAttachment, ...]:
    """The newest invoice that stands and that the customer may have; nothing where there is none."""
    standing = [
        each
        for each in dossier.invoices
        if each.kind is InvoiceKind.INVOICE
        and each.stands
        and DocumentFormat.PDF in each.formats
        and invoices.refusal(dossier.order, each, dossier.invoice_rules, now) is None
    ]
    if not standing:
        return ()
    content = await invoices.document(standing[-1].id, DocumentFormat.PDF, session)
    return (NewAttachment(name=f"{standing[-1].number}.pdf", media_type=PDF, content=content),)
