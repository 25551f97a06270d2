"""The billing address is corrected, by the customer until there is an invoice, by the merchant also for a new one.

What the source told stays as it is. Taking a correction back is one more row, an empty one.
"""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from db.orders import BillingCorrection
from portal import billing_addresses, invoices
from portal.activity import By, entry
from portal.billing_addresses import NAMES, BillingAddress
from portal.dossiers import Dossier
from portal.orders import death, not_an_order
from portal.refusals import Invalid, Refusal, Refused


def refusal(dossier: Dossier) -> Refusal | None:
    """Why the address cannot be corrected (any more)."""
    if why := death(dossier.order) or not_an_order(dossier.order):
        return why
    if not (dossier.invoice_rules.enabled and dossier.invoice_rules.address_correction):
        return Refusal.DISABLED
    is_invoiced = invoices.issued(dossier.invoices) or dossier.order.source_invoice
    return Refusal.ALREADY_INVOICED if is_invoiced else None


def refusal_by_hand(dossier: Dossier) -> Refusal | None:
    """Why the merchant cannot correct it either: an invoice stands with it, or there will be none."""
    if why := death(dossier.order) or not_an_order(dossier.order):
        return why
    is_invoiced = invoices.standing(dossier.invoices) or dossier.order.source_invoice
    return Refusal.ALREADY_INVOICED if is_invoiced else None


async def correct(address: BillingAddress, dossier: Dossier, session: AsyncSession, by: By) -> None:
    """By the customer. Raises Refused, Invalid."""
    if why := refusal(dossier):
        raise Refused(why)
    await _write(address, dossier.order.id, session, by)


async def correct_by_hand(address: BillingAddress, dossier: Dossier, session: AsyncSession, by: By) -> None:
    """By the merchant, whatever customers may do. Raises Refused, Invalid."""
    if why := refusal_by_hand(dossier):
        raise Refused(why)
    await _write(address, dossier.order.id, session, by)


async def withdraw(dossier: Dossier, session: AsyncSession, by: By) -> None:
    """What the source told counts again; a second time changes nothing. Raises Refused."""
    if why := refusal_by_hand(dossier):
        raise Refused(why)
    if await billing_addresses.newest_correction(dossier.order.id, session):
        await _add(BillingAddress(), "billing_address_withdrawn", dossier.order.id, session, by)


async def _write(address: BillingAddress, order_id: int, session: AsyncSession, by: By) -> None:
    """One more row in the running transaction; the address that stands already is none."""
    if found := billing_addresses.faults(address, await billing_addresses.country_of(order_id, session)):
        raise Invalid(*found)
    if address != await billing_addresses.of_order(order_id, session):
        await _add(address, "billing_address_corrected", order_id, session, by)


async def _add(address: BillingAddress, kind: str, order_id: int, session: AsyncSession, by: By) -> None:
    values = {name: getattr(address, name) for name in NAMES}
    row = BillingCorrection(order_id=order_id, corrected_by=by.actor, corrected_at=by.at, **values)
    session.add(row)
    await session.flush()
    session.add(entry(by, kind, order_id, {"correction": row.id}))
