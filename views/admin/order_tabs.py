"""The pages of one order, a tab each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Protocol
from zoneinfo import ZoneInfo

from db.messages import MessageState
from portal.download_log import LoggedDownload
from portal.order_history import Happening, WrittenMail
from views.admin.frame import OfficePage
from views.admin.history_words import HistoryEntry
from views.admin.message_history import why_kept
from views.admin.order import OrderHead
from views.admin.order_invoices import OrderInvoices
from views.admin.order_numbers import Numbers, PortalLink
from views.admin.order_overview import Overview
from views.admin.order_ready import FileNumbers
from views.sentences import Sentence, plain, said

DONE = {
    "renewed": said("The portal link is renewed. The old one opens nothing any more."),
    "sent": said("The mail with the portal link is on its way."),
    "waits": said("The mail with the portal link is queued and leaves as soon as the mail server takes it."),
    "no-address": said("The mail was not queued: the order’s mail address cannot be used."),
    "mail-sent": said("The mail is on its way."),
    "asked": said("The automation is asked. What it does stands in the history."),
    "asked-again": said("The automation is asked once more. What it does stands in the history."),
    "mail-waits": said("The mail is queued and leaves as soon as the mail server takes it."),
    "mail-outdated": said(
        "Not sent: the portal link was renewed since, and the one in that mail opens nothing any more."
    ),
    "given": said("The downloads are given. The customer can have them at once."),
    "booked": said("The payment is booked."),
    "taken-back": said("The booking is taken back. It counts no more."),
    "repaid": said("What you have sent back is entered."),
    "refunded": said("The refund is done."),
    "refund-pending": said("PayPal has taken the refund on and still checks it. It is looked at every day."),
    "refund-missing": said("The refund did not go through at the payment service. It can be asked for again."),
    "refund-waits": said("The payment service has not answered yet. The refund is asked for again by itself."),
    "refund-failed": said("The payment service has refused the refund. The history says why."),
    "invoice-created": said("The invoice is created. The customer finds it on the portal page."),
    "invoice-stored": said("The invoice from elsewhere is stored. The customer finds it on the portal page."),
    "cancelled": said("The invoice is cancelled. Its credit note stands beside it."),
    "corrected": said("What was taken back stands on a credit note of its own."),
    "address-corrected": said("The billing address is corrected. The next invoice bears it."),
    "address-withdrawn": said("The correction is withdrawn. The address of the order’s source counts again."),
    "changed-meanwhile": said("Nothing was done: this had just been done already."),
}
FAILED = frozenset({"no-address", "mail-outdated", "refund-failed", "refund-missing"})


@dataclass(frozen=True)
class Done:
    """What came of a click, said once. `tone` is stop where nothing came of it."""

    tone: str
    words: Sentence

    @staticmethod
    def of(word: str) -> Done | None:
        return Done("stop" if word in FAILED else "", DONE[word]) if word in DONE else None


@dataclass(frozen=True, kw_only=True)
class OrderTab(OfficePage):
    head: OrderHead
    done: Done | None


@dataclass(frozen=True, kw_only=True)
class OverviewTab(OrderTab):
    template: ClassVar = "admin/order_overview.html"

    overview: Overview


@dataclass(frozen=True, kw_only=True)
class NumbersTab(OrderTab):
    """`link` is None for an order that was removed: no link opens it."""

    template: ClassVar = "admin/order_numbers.html"

    link: PortalLink | None
    link_version: int
    newest_mail: int
    numbers: Numbers
    papers: OrderInvoices


@dataclass(frozen=True, kw_only=True)
class AllowanceForm:
    """What was typed for one file, and what is wrong with it."""

    file: int
    downloads: str = "1"
    reason: str = ""
    wrong_downloads: Sentence | None = None
    wrong_reason: Sentence | None = None


@dataclass(frozen=True, kw_only=True)
class DownloadRow:
    at: datetime
    name: str
    ip_prefix: str
    served: int
    outcome: Sentence

    @staticmethod
    def of(row: LoggedDownload, zone: ZoneInfo) -> DownloadRow:
        return DownloadRow(
            at=row.started_at.astimezone(zone),
            name=row.name,
            ip_prefix=row.ip_prefix,
            served=row.bytes_served,
            outcome=_outcome(row),
        )


def _outcome(row: LoggedDownload) -> Sentence:
    if row.given_back:
        return said("our failure, does not count")
    if row.finished:
        return said("arrived")
    return said("handed off to be sent") if row.handed_off else said("started, not yet arrived")


@dataclass(frozen=True, kw_only=True)
class DownloadsTab(OrderTab):
    template: ClassVar = "admin/order_downloads.html"

    files: tuple[FileNumbers, ...]
    form: AllowanceForm | None
    log: tuple[DownloadRow, ...]


KEPT_BACK = said("Kept back")
CAME_BACK = said("Came back")
MAIL_STATES = {
    MessageState.QUEUED: ("wait", said("Waits")),
    MessageState.SENT: ("ok", said("Sent")),
    MessageState.FAILED: ("stop", said("Given up")),
}


class Stands(Protocol):
    """A mail as a log tells it."""

    @property
    def state(self) -> MessageState: ...
    @property
    def error(self) -> str: ...
    @property
    def kept_back(self) -> str: ...
    @property
    def bounce(self) -> str | None: ...


def standing(mail: Stands) -> tuple[str, Sentence]:
    """Its tone and a word."""
    if mail.bounce:
        return "stop", CAME_BACK
    return ("", KEPT_BACK) if mail.kept_back else MAIL_STATES[mail.state]


def problem(mail: Stands) -> Sentence | None:
    """What the server said, or why it was kept back."""
    if mail.kept_back and not mail.bounce:
        return why_kept(mail.kept_back)
    words = mail.bounce or mail.error
    return plain(words) if words else None


@dataclass(frozen=True, kw_only=True)
class MailRow:
    """`can_go_again`: it has left or was given up, so that it may be sent once more."""

    id: int
    at: datetime
    to: str
    subject: str
    tone: str
    state: Sentence
    error: Sentence | None
    can_go_again: bool

    @staticmethod
    def of(mail: WrittenMail, zone: ZoneInfo) -> MailRow:
        tone, state = standing(mail)
        return MailRow(
            id=mail.id,
            at=(mail.sent_at or mail.created_at).astimezone(zone),
            to=mail.to,
            subject=mail.subject,
            tone=tone,
            state=state,
            error=problem(mail),
            can_go_again=mail.state is not MessageState.QUEUED,
        )


@dataclass(frozen=True, kw_only=True)
class MessagesTab(OrderTab):
    template: ClassVar = "admin/order_messages.html"

    mails: tuple[MailRow, ...]
    newest: int
    wordings: tuple[str, ...]
    by_hand: tuple[tuple[int, str], ...]


@dataclass(frozen=True, kw_only=True)
class HistoryTab(OrderTab):
    template: ClassVar = "admin/order_activity.html"

    entries: tuple[HistoryEntry, ...]


def with_questions(
    entries: Sequence[HistoryEntry], happenings: Sequence[Happening], skipped: Collection[int], order_url: str
) -> tuple[HistoryEntry, ...]:
    """The newest entry of each run that did nothing leads to where it is asked again."""
    left = set(skipped)
    found = []
    for each, happening in zip(entries, happenings, strict=True):
        run = happening.details.get("run") if happening.kind == "automation_skipped" else None
        asks = isinstance(run, int) and run in left
        left.discard(run if isinstance(run, int) else 0)
        found.append(replace(each, again=f"{order_url}/automation-runs/{run}/repeats") if asks else each)
    return tuple(found)
