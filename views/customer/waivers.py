"""Consent on the portal page: the box that asks for it, and the line that tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum, auto

from db.messages import MessageState
from portal import downloads
from portal.consents import lines_digest
from portal.dossiers import Dossier
from portal.refusals import Refusal
from portal.waivers import GivenWaiver
from portal.windows import local_day
from views.customer.billing_address import TypedAddress
from views.sentences import Sentence, said


class Complaint(Enum):
    """Why the form came back."""

    NOT_TICKED = auto()
    OTHER_WORDING = auto()


COMPLAINTS = {
    Complaint.NOT_TICKED: said("Please tick the box if you consent. Nothing was recorded."),
    Complaint.OTHER_WORDING: said(
        "This text has changed since you opened the page. Nothing was recorded: please read it again."
    ),
}


@dataclass(frozen=True)
class Asking:
    """How the page asks: whether a mail can go out with the confirmation, and what was wrong with the last answer."""

    by_mail: bool = False
    complaint: Complaint | None = None
    address: TypedAddress | None = None


SILENT = Asking()


@dataclass(frozen=True, kw_only=True)
class WaiverBox:
    """The digests name what is shown. `mail_to` is empty where the confirmation comes as a PDF."""

    action: str
    order_url: str
    text: str
    text_sha256: str
    lines_sha256: str
    unlocks_on: date
    mail_to: str
    complaint: Sentence | None

    @staticmethod
    def of(dossier: Dossier, now: datetime, path: str, asking: Asking) -> WaiverBox | None:
        """None where no file waits for consent."""
        question = dossier.waiver_question
        refusals = {downloads.refusal(entitlement, now) for entitlement in dossier.entitlements}
        if question is None or Refusal.WAIVER_MISSING not in refusals:
            return None
        return WaiverBox(
            action=f"{path}/waivers",
            order_url=path,
            text=question.text,
            text_sha256=question.text_sha256,
            lines_sha256=lines_digest(question.lines),
            unlocks_on=question.unlocks_on,
            mail_to=dossier.buyer_email if asking.by_mail else "",
            complaint=COMPLAINTS[asking.complaint] if asking.complaint else None,
        )


@dataclass(frozen=True, kw_only=True)
class ConsentLine:
    """One consent that was given. `action` is where the confirmation is to be had, empty once the customer has it."""

    said: Sentence
    url: str
    pdf_url: str
    action: str
    order_url: str

    @staticmethod
    def of(waiver: GivenWaiver, dossier: Dossier, path: str) -> ConsentLine:
        day = local_day(waiver.given_at or waiver.recorded_at, dossier.zone)
        return ConsentLine(
            said=_told(waiver, day),
            url=f"{path}/waivers/{waiver.id}",
            pdf_url=f"{path}/waivers/{waiver.id}.pdf",
            action="" if waiver.confirmation else f"{path}/waivers/{waiver.id}/confirmations",
            order_url=path,
        )


def _told(waiver: GivenWaiver, day: date) -> Sentence:
    if waiver.confirmation:
        return said("You consented on %(day)s.", day=day)
    if waiver.mail is MessageState.QUEUED:
        return said(
            "You consented on %(day)s. The confirmation has not left by mail yet; you can have it as a PDF right away.",
            day=day,
        )
    return said("You consented on %(day)s. Your files open as soon as you have the confirmation.", day=day)
