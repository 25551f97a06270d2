"""What there is of a person, what of it would stay, and the two things that may be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from db.erasures import Erasure
from portal.subjects import Kept, Subject
from views.admin.frame import Frame, OfficePage
from views.admin.privacy_words import FOUND, KEPT, REASONS, REMOVED, counted
from views.admin.retention import PATH, Counts
from views.sentences import Sentence, said

PEOPLE = f"{PATH}/people"
EXPORT = f"{PATH}/people.zip"
ERASURES = f"{PATH}/erasures"
NO_ADDRESS = said("This is no mail address.")
OTHER_ADDRESS = said("This is not the address above. Nothing was erased.")


@dataclass(frozen=True, kw_only=True)
class FoundOrder:
    url: str
    number: str
    on: date
    name: str


@dataclass(frozen=True, kw_only=True)
class KeptRow:
    kind: Sentence
    what: str
    order: str
    until: date
    reason: Sentence


@dataclass(frozen=True, kw_only=True)
class SubjectPage(OfficePage):
    """`error` stands at the field that asks for the address; `typed_error` at the one that confirms an erasure."""

    template: ClassVar = "admin/subject.html"

    address: str
    error: Sentence | None
    is_known: bool
    orders: tuple[FoundOrder, ...]
    counts: Counts
    queued: int
    kept: tuple[KeptRow, ...]
    export_url: str
    typed: str
    typed_error: Sentence | None

    @staticmethod
    def of(frame: Frame, found: Subject, typed: str = "", typed_error: Sentence | None = None) -> SubjectPage:
        return SubjectPage(
            frame=frame,
            address=found.address,
            error=None,
            is_known=found.is_known,
            orders=tuple(
                FoundOrder(url=f"/admin/orders/{order.id}", number=order.number, on=order.ordered_on, name=order.name)
                for order in found.orders
            ),
            counts=counted(found.counts, FOUND),
            queued=found.queued,
            kept=kept_rows(found.kept),
            export_url=f"{EXPORT}?{urlencode({'email': found.address})}",
            typed=typed,
            typed_error=typed_error,
        )

    @staticmethod
    def unfit(frame: Frame, typed: str) -> SubjectPage:
        """For what is no mail address."""
        nobody = Subject(address=typed, orders=(), counts={}, queued=0, kept=())
        return replace(SubjectPage.of(frame, nobody), error=NO_ADDRESS)


@dataclass(frozen=True, kw_only=True)
class ErasurePage(OfficePage):
    """`ended_at` is None as long as it is under way. Nothing on it names the person."""

    template: ClassVar = "admin/erasure.html"

    number: int
    asked_at: datetime
    ended_at: datetime | None
    removed: Counts
    kept: tuple[KeptRow, ...]

    @staticmethod
    def of(frame: Frame, row: Erasure, kept: Sequence[Kept], zone: ZoneInfo) -> ErasurePage:
        return ErasurePage(
            frame=frame,
            number=row.id,
            asked_at=row.asked_at.astimezone(zone),
            ended_at=row.ended_at.astimezone(zone) if row.ended_at else None,
            removed=counted(row.removed, REMOVED),
            kept=kept_rows(kept),
        )


def kept_rows(kept: Sequence[Kept]) -> tuple[KeptRow, ...]:
    return tuple(
        KeptRow(
            kind=KEPT[each.kind],
            what=each.what,
            order=each.order_number,
            until=each.until,
            reason=REASONS[each.kind],
        )
        for each in kept
    )
