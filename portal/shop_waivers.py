"""Consent that was given in the shop, recorded as the shop told it, with or without evidence."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import LineKind
from db.waivers import WaivedLine, Waiver, WaiverSource
from portal import waiver_texts
from portal.activity import By
from portal.imported import ImportedOrder


async def note(order_id: int, order: ImportedOrder, session: AsyncSession, by: By) -> None:
    """After every import of a known order. What was recorded stays; what is told otherwise is a record more."""
    for row in rows(order, by):
        last = await _last(order_id, session)
        if last is None or (last.text, last.given_at, last.lines) != (row["text"], row["given_at"], row["lines"]):
            await session.execute(insert(Waiver).values(order_id=order_id, **row))


def rows(order: ImportedOrder, by: By) -> Iterator[dict[str, object]]:
    """One where the shop tells of consent, column → value; none elsewhere."""
    if not (order.waiver and order.waiver.accepted):
        return
    text = order.waiver.text or None
    yield {
        "source": WaiverSource.SHOP,
        "text": text,
        "text_sha256": waiver_texts.digest(text) if text else None,
        "locale": order.locale,
        "lines": _lines(order),
        "given_at": order.waiver.at,
        "recorded_at": by.at,
    }


def _lines(order: ImportedOrder) -> list[WaivedLine]:
    """What the shop's box may have spoken of: every article that it did not call physical."""
    return [
        WaivedLine(id=line.id, title=line.title)
        for line in order.lines
        if line.kind is LineKind.ITEM and line.digital is not False
    ]


async def _last(order_id: int, session: AsyncSession) -> Waiver | None:
    return await session.scalar(
        select(Waiver)
        .where(Waiver.order_id == order_id, Waiver.source == WaiverSource.SHOP)
        .order_by(Waiver.id.desc())
        .limit(1)
    )
