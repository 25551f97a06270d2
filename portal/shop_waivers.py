"""Consent that was given in the shop, recorded as the shop told it, with or without evidence."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Line, LineKind, Order
from db.waivers import WaivedLine, Waiver, WaiverSource
from portal import waiver_texts
from portal.activity import By


async def note(order: Order, session: AsyncSession, by: By) -> None:
    """After every import that tells of consent. What was recorded stays; what is told otherwise is a record more."""
    if not order.waiver_accepted:
        return
    await session.flush()
    text = order.waiver_text or None
    row = Waiver(
        order_id=order.id,
        source=WaiverSource.SHOP,
        text=text,
        text_sha256=waiver_texts.digest(text) if text else None,
        locale=order.locale,
        lines=await _lines(order, session),
        given_at=order.waiver_at,
        recorded_at=by.at,
    )
    last = await _last(order, session)
    if last is None or (last.text, last.given_at, last.lines) != (row.text, row.given_at, row.lines):
        session.add(row)


async def _lines(order: Order, session: AsyncSession) -> list[WaivedLine]:
    """What the shop's box may have spoken of: every article that it did not call physical."""
    rows = await session.execute(
        select(Line.external_id, Line.title)
        .where(Line.order_id == order.id, Line.kind == LineKind.ITEM, Line.digital.is_not(False))
        .order_by(Line.position)
    )
    return [WaivedLine(id=line_id, title=title) for line_id, title in rows]


async def _last(order: Order, session: AsyncSession) -> Waiver | None:
    return await session.scalar(
        select(Waiver)
        .where(Waiver.order_id == order.id, Waiver.source == WaiverSource.SHOP)
        .order_by(Waiver.id.desc())
        .limit(1)
    )
