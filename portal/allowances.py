"""More downloads for one order, given by the merchant: always a new row."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncSession

from db.downloads import Allowance
from db.orders import Order
from portal.activity import By, entry
from portal.dossiers import Dossier
from portal.refusals import Fault, Invalid


class NewAllowance(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    file: int
    downloads: Annotated[int, Meta(ge=1, le=1_000_000)]
    reason: Annotated[str, Meta(min_length=1, max_length=1000)]


async def give(new: NewAllowance, order: Order, dossier: Dossier, session: AsyncSession, by: By) -> Allowance:
    """Raises Invalid for a file that the order does not entitle to."""
    if new.file not in {entitlement.file.id for entitlement in dossier.entitlements}:
        raise Invalid(Fault("#/file", "unknown-file", "The order has no such file."))
    row = Allowance(
        order_id=order.id,
        file_id=new.file,
        downloads=new.downloads,
        reason=new.reason,
        given_by=by.actor,
        given_at=by.at,
    )
    session.add(row)
    details: dict[str, object] = {"file": new.file, "downloads": new.downloads, "reason": new.reason}
    session.add(entry(by, "allowance_given", order.id, details))
    await session.flush()
    return row
