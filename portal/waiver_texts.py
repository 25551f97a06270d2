"""The merchant's wording of the waiver. Every one that was ever shown is kept, so that consent to it can be proved."""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.waivers import WaiverText
from portal.activity import TRESEN, By

CONSENTS = re.compile(
    r"stimme\b.{0,200}\bzu\b|zustimm|einverstanden|willige\b|einwillig|\bconsent|\bagree\b", re.IGNORECASE | re.DOTALL
)
RIGHT = r"(widerruf\w*|right (?:of|to) withdraw\w*|right to cancel|withdrawal right)"
EXPIRES = r"(erlischt|erlösch\w*|verlier\w*|verlust|entfäll\w*|expire\w*|los(?:e|es|ing|s)\b|forfeit\w*)"
ACKNOWLEDGES = re.compile(f"{RIGHT}.{{0,200}}{EXPIRES}|{EXPIRES}.{{0,200}}{RIGHT}", re.IGNORECASE | re.DOTALL)


class Lack(StrEnum):
    """What the law asks of the wording and a reader cannot find in it."""

    CONSENT = "consent"
    ACKNOWLEDGEMENT = "acknowledgement"


def warnings(text: str) -> tuple[Lack, ...]:
    """What seems to be missing, judged by its words: a warning for the merchant, never a refusal."""
    found = ((Lack.CONSENT, CONSENTS), (Lack.ACKNOWLEDGEMENT, ACKNOWLEDGES))
    return tuple(lack for lack, pattern in found if not pattern.search(text))


def digest(text: str) -> str:
    """SHA-256 of its UTF-8 bytes, as hex: names the wording in forms, records and papers."""
    return hashlib.sha256(text.encode()).hexdigest()


async def keep(text: str, session: AsyncSession, by: By | None = None) -> WaiverText:
    """The version of that wording, a new one if it was never set before. Without `by` it came with Tresen."""
    known = await of_digest(digest(text), session)
    if known is None:
        known = WaiverText(
            text=text, sha256=digest(text), set_at=by.at if by else None, set_by=by.actor if by else TRESEN
        )
        session.add(known)
        await session.flush()
    return known


async def of_digest(sha256: str, session: AsyncSession) -> WaiverText | None:
    return await session.scalar(select(WaiverText).where(WaiverText.sha256 == sha256))
