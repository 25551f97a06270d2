"""Giving a waiver: the tick of the box becomes a record, once, in the words that were read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from db.waivers import WaivedLine as StoredLine
from db.waivers import Waiver, WaiverConfirmation, WaiverSource
from portal import downloads, waiver_texts
from portal.activity import By, entry
from portal.dossiers import Dossier
from portal.refusals import Refusal, Refused
from portal.waivers import Confirmation, GivenWaiver, Question, WaivedLine, given


@dataclass(frozen=True, kw_only=True)
class Consent:
    """What the form brought. The digests name what was shown; they are empty where a script sent none.

    The wording itself is never taken from a form.
    """

    accepted: bool
    text_sha256: str = ""
    lines_sha256: str = ""
    locale: str


class NotAccepted(Exception):
    """The box was not ticked. Nothing was recorded."""


class OtherWording(Exception):
    """What was shown is not what would be recorded: the page has to be read again. Nothing was recorded."""


def lines_digest(lines: Iterable[WaivedLine]) -> str:
    """Names the lines of a box, so that nobody agrees to one that was not on the page."""
    return hashlib.sha256(json.dumps([[line.id, line.title] for line in lines]).encode()).hexdigest()


async def give(consent: Consent, dossier: Dossier, session: AsyncSession, by: By) -> GivenWaiver | None:
    """The record; the first one where it was given before; None where there is nothing to waive.

    Raises NotAccepted, OtherWording, and Refused for files that are not to be had anyhow.
    """
    if not consent.accepted:
        raise NotAccepted
    refusals = [downloads.refusal(entitlement, by.at) for entitlement in dossier.entitlements]
    question = dossier.waiver_question
    if Refusal.WAIVER_MISSING not in refusals or question is None:
        return _given_before(dossier, refusals)
    if consent.lines_sha256 and consent.lines_sha256 != lines_digest(question.lines):
        raise OtherWording
    return await _record(consent, question, dossier.order.id, session, by)


async def confirm(waiver_id: int, confirmation: Confirmation, session: AsyncSession) -> None:
    """The customer has the confirmation; the first time counts."""
    if await session.get(WaiverConfirmation, waiver_id) is not None:
        return
    row = WaiverConfirmation(
        waiver_id=waiver_id, confirmed_at=confirmation.at, way=confirmation.way, recipient=confirmation.recipient
    )
    session.add(row)


def _given_before(dossier: Dossier, refusals: list[Refusal | None]) -> GivenWaiver | None:
    if dossier.waivers:
        return dossier.waivers[-1]
    if why := next((refusal for refusal in refusals if refusal), None):
        raise Refused(why)
    return None


async def _record(consent: Consent, question: Question, order_id: int, session: AsyncSession, by: By) -> GivenWaiver:
    text = await _text_shown(consent, question, session)
    row = Waiver(
        order_id=order_id,
        source=WaiverSource.PORTAL,
        text=text,
        text_sha256=waiver_texts.digest(text),
        locale=consent.locale,
        lines=[StoredLine(id=line.id, title=line.title) for line in question.lines],
        given_at=by.at,
        recorded_at=by.at,
    )
    session.add(row)
    await session.flush()
    session.add(entry(by, "waiver_given", order_id, {"waiver": row.id, "text_sha256": row.text_sha256}))
    return given(row)


async def _text_shown(consent: Consent, question: Question, session: AsyncSession) -> str:
    """The merchant may have changed the wording while the page was being read: then the one that was read counts."""
    if consent.text_sha256 in ("", question.text_sha256):
        return question.text
    known = await waiver_texts.of_digest(consent.text_sha256, session)
    if known is None:
        raise OtherWording
    return known.text
