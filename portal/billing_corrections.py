"""The customer corrects the billing address, as long as no invoice bears it. What the source told stays as it is."""

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


async def correct(address: BillingAddress, dossier: Dossier, session: AsyncSession, by: By) -> None:
    """One more row in the running transaction; the address that stands already is none. Raises Refused, Invalid."""
    if why := refusal(dossier):
        raise Refused(why)
    if found := billing_addresses.faults(address):
        raise Invalid(*found)
    if address == await billing_addresses.of_order(dossier.order.id, session):
        return
    values = {name: getattr(address, name) for name in NAMES}
    row = BillingCorrection(order_id=dossier.order.id, corrected_by=by.actor, corrected_at=by.at, **values)
    session.add(row)
    await session.flush()
    session.add(entry(by, "billing_address_corrected", dossier.order.id, {"correction": row.id}))
