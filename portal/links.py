"""The portal link: one signed address for each order, which the merchant can renew."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.orders import Order
from db.settings import LinkStart
from portal.activity import By, entry
from portal.signing import Signer

PURPOSE = "order"
RENEWED = "link_renewed"
NOBODY = 0  # no order has this id


class LinkUnknown(Exception):
    """No order opens with this address, for whatever cause."""


class LinkEnded(Exception):
    """The order was removed from the portal, or the link's time is over."""


@dataclass(frozen=True)
class Link:
    order_id: int
    version: int

    def opens(self) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
        """Holds for the one order that this link leads to, unless it was renewed."""
        return Order.id == self.order_id, Order.link_version == self.version


class Links:
    """Writes and reads portal links for one public address, such as `https://shop.example`."""

    def __init__(self, signer: Signer, base_url: str) -> None:
        self._signer = signer
        self._base_url = base_url

    def token(self, link: Link) -> str:
        return self._signer.sign(PURPOSE, [link.order_id, link.version])

    def url(self, link: Link) -> str:
        return f"{self._base_url}/o/{self.token(link)}"

    def read(self, token: str) -> Link | None:
        match self._signer.read(PURPOSE, token):
            case [int(order_id), int(version)]:
                return Link(order_id, version)
            case _:
                return None


async def begin_anew(session: AsyncSession, now: datetime) -> None:
    """At each start: links of orders that come in from now on open with none that was ever given.

    The database may have been put back meanwhile, by whatever way, and ids that were given to customers since are given
    to others. Nobody renews a link so often that its version grows to the second of a start.
    """
    start = (await session.scalars(select(LinkStart))).one()
    start.first_version = max(start.first_version + 1, int(now.timestamp()))


async def renew(order: Order, session: AsyncSession, by: By) -> Link:
    """The old link, and every address made from it, dies at once."""
    order.link_version += 1
    session.add(entry(by, RENEWED, order.id))
    return Link(order.id, order.link_version)


async def was_renewed(order_id: int, since: datetime, session: AsyncSession) -> bool:
    """Whether the address in a mail of that moment opens nothing any more."""
    renewed = select(Activity.id).where(Activity.order_id == order_id, Activity.kind == RENEWED, Activity.at >= since)
    return await session.scalar(renewed.limit(1)) is not None
