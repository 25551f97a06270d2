"""The orders that previews are made with: the latest ones to choose from, and any other by its number."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import Order
from portal.refusals import NotFound

LATEST = 20
ROW_ID = re.compile("[1-9][0-9]{0,17}", re.ASCII)


async def latest(session: AsyncSession) -> Sequence[Order]:
    return (await session.scalars(select(Order).order_by(Order.id.desc()).limit(LATEST))).all()


async def chosen(number: str, order_id: str, session: AsyncSession) -> Order | None:
    """Of several orders of that number, which sources may give, the newest."""
    if number:
        return await session.scalar(select(Order).where(Order.number == number).order_by(Order.id.desc()).limit(1))
    return await session.get(Order, int(order_id)) if ROW_ID.fullmatch(order_id) else None


def row_id(text: str) -> int:
    """Raises NotFound for what no row can have."""
    if not ROW_ID.fullmatch(text):
        raise NotFound
    return int(text)
