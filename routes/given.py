"""What a route may ask for, by the name of its parameter. Who may touch what is decided here and nowhere else."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotAuthorizedException
from litestar.params import FromPath, SkipValidation
from litestar.response import Response
from sqlalchemy.ext.asyncio import AsyncSession

from db.glance import Sighting
from db.orders import State as OrderState
from portal import dossiers, keys, link_ends, links
from portal.activity import CUSTOMER, By
from portal.house import House as PortalHouse
from portal.links import NOBODY, Link
from portal.sessions import SignedIn

AnyRequest = Request[Any, Any, Any]
AnyConnection = ASGIConnection[Any, Any, Any, Any]
AnyResponse = Response[Any]
AnyHandlers = dict[int | type[Exception], Callable[[AnyRequest, Any], AnyResponse]]


@dataclass(frozen=True)
class OrderBehindLink:
    """The order that the signed link opens, and the token that opened it."""

    id: int
    token: str
    link: Link
    seen: Sighting


@dataclass(frozen=True)
class OpenedLink:
    """A look at the portal page: at which order, when and from where."""

    order: OrderBehindLink
    house: PortalHouse
    now: datetime
    ip_prefix: str


House = NamedDependency[SkipValidation[PortalHouse]]
Reading = NamedDependency[SkipValidation[AsyncSession]]
Writing = NamedDependency[SkipValidation[AsyncSession]]
Now = NamedDependency[SkipValidation[datetime]]
Visit = NamedDependency[SkipValidation[OpenedLink]]
LinkedOrder = NamedDependency[SkipValidation[OrderBehindLink]]
Merchant = NamedDependency[SkipValidation[SignedIn]]
ApiKeyHolder = NamedDependency[SkipValidation[By]]
Customer = NamedDependency[SkipValidation[By]]
IpPrefix = NamedDependency[SkipValidation[str]]


def house(state: State) -> PortalHouse:
    found: PortalHouse = state.house
    return found


async def reading(house: House) -> AsyncIterator[AsyncSession]:
    """A consistent view for this request."""
    async with house.database.reading() as session:
        yield session


async def writing(house: House) -> AsyncIterator[AsyncSession]:
    """The write transaction of this request: committed when its handler returns, before the answer leaves."""
    async with house.database.writing() as session:
        yield session


def now() -> datetime:
    return datetime.now(UTC)


async def order(token: FromPath[str], house: House, now: Now) -> OrderBehindLink:
    """Opens the link. Forged, renewed and never issued ones look the same, and cost one look each."""
    link = house.links.read(token)
    seen = house.glance.at(link.order_id if link else NOBODY)
    if link is None or seen is None or seen.link_version != link.version:
        raise links.LinkUnknown
    if seen.state == OrderState.DELETED or await _is_over(link, seen, house, now):
        raise links.LinkEnded
    return OrderBehindLink(link.order_id, token, link, seen)


async def _is_over(link: Link, seen: Sighting, house: PortalHouse, now: datetime) -> bool:
    """Only an order that is old enough is asked what rights are left."""
    await house.storefront.keep_up(seen.shop_version, house.database.reading)
    days = house.storefront.link_retention_days
    if link_ends.cannot_have_ended(seen.ordered_at, days, now):
        return False
    async with house.database.reading() as session:
        dossier = await dossiers.of(link.order_id, session, house.zone)
    return link_ends.has_ended(dossier, days, now)


async def by(request: AnyRequest, house: House, now: Now) -> By:
    """The holder of the API key that the request bears. Raises 401."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key:
        async with house.database.reading() as session:
            holder = await keys.owner(key.strip(), session)
        if holder:
            house.observations.key_used(holder.id, now)
            return keys.by(holder, now)
    raise NotAuthorizedException(
        "Send a valid API key as Authorization: Bearer …", headers={"WWW-Authenticate": "Bearer"}
    )


def customer(now: Now) -> By:
    return By(CUSTOMER, now)


async def visit(request: AnyRequest, token: FromPath[str]) -> OpenedLink:
    """What opening a link takes, in one: each dependency of its own costs more than the look into the database."""
    place, at = house(request.app.state), now()
    return OpenedLink(await order(token, place, at), place, at, ip_prefix(request))


def ip_prefix(request: AnyRequest) -> str:
    """The shortened address: /24 of IPv4, /48 of IPv6. The whole one is never stored."""
    return _prefix(request.client.host if request.client else "")


@lru_cache(maxsize=4096)
def _prefix(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    bits = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address, bits), strict=False))


EVERYWHERE = {
    "house": Provide(house, sync_to_thread=False),
    "reading": Provide(reading),
    "writing": Provide(writing),
    "now": Provide(now, sync_to_thread=False),
    "customer": Provide(customer, sync_to_thread=False),
    "ip_prefix": Provide(ip_prefix, sync_to_thread=False),
}
BEHIND_LINK = {"order": Provide(order), "visit": Provide(visit)}
WITH_KEY = {"by": Provide(by)}
