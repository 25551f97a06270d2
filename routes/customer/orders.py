"""The portal page behind the link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from litestar import route

from portal import dossiers
from portal.dossiers import Dossier
from portal.observations import Opened
from portal.refusals import Refusal
from portal.windows import local_day
from routes.given import AnyRequest, AnyResponse, House, Now, OrderBehindLink, Visit
from views import Page, flashes
from views.customer.order import OrderPage
from views.customer.waivers import SILENT, Asking
from views.flashes import Deed, Flash
from views.kept import Asked, Shelf

SHELF = Shelf()
OUR_FAULT = frozenset(
    {
        Refusal.STAMP_FAILED,
        Refusal.STORAGE_UNAVAILABLE,
        Refusal.DISK_FULL,
        Refusal.FILE_MISSING,
        Refusal.INVOICE_FAILED,
        Refusal.PROVIDER_UNAVAILABLE,
    }
)


@route("/o/{token:str}", http_method=["GET", "HEAD"])
async def show_order(visit: Visit, request: AnyRequest) -> AnyResponse:
    order, house, now = visit.order, visit.house, visit.now
    if request.method == "GET":
        house.observations.opened(Opened(order.id, visit.ip_prefix), now)
    # Whatever the page shows changes with a version or at midnight, when windows and due dates end.
    today = local_day(now, house.storefront.zone)
    facts = (order.token, order.seen.version, order.seen.shop_version, today)
    asked = Asked.of(request, OrderPage.template, order.seen.locale, *facts)
    return SHELF.answer(asked) or SHELF.put(asked, await _view(order, house, now))


@dataclass(frozen=True)
class DownloadOf:
    """A click on one file."""

    file_id: int


Wanted = Deed | DownloadOf | None


async def page_of(order: OrderBehindLink, house: House, now: Now, refused: Refusal, wanted: Wanted = None) -> Page:
    """The page with why a click was just refused. No browser may keep it."""
    view = await _view(order, house, now, partial(_flash, refused, wanted))
    headers = {"Cache-Control": "no-store"}
    return Page(view, locale=order.seen.locale, status_code=status_of(refused), headers=headers)


async def page_again(order: OrderBehindLink, house: House, now: Now, asking: Asking) -> Page:
    """The page with what was wrong with a form, said beside its fields."""
    view = await _view(order, house, now, asking=asking)
    return Page(view, locale=order.seen.locale, status_code=422, headers={"Cache-Control": "no-store"})


async def _view(
    order: OrderBehindLink,
    house: House,
    now: Now,
    told: Callable[[Dossier], Flash] | None = None,
    asking: Asking = SILENT,
) -> OrderPage:
    async with house.database.reading() as session:
        dossier = await dossiers.of(order.id, session, house.zone)
        by_mail = dossier.waiver_question is not None and await house.confirmations.reaches(dossier, session)
    flash = told(dossier) if told else None
    return OrderPage.of(dossier, now, token=order.token, flash=flash, asking=replace(asking, by_mail=by_mail))


def _flash(refused: Refusal, wanted: Wanted, dossier: Dossier) -> Flash:
    if isinstance(wanted, DownloadOf):
        titles = {entitlement.file.id: entitlement.file.title for entitlement in dossier.entitlements}
        return flashes.flash(refused, file=titles.get(wanted.file_id, ""))
    return flashes.flash(refused, wanted)


def status_of(refused: Refusal) -> int:
    """503 where something failed on our side and may work later, 202 where it goes on, 409 where a rule applies."""
    if refused is Refusal.BEING_PREPARED:
        return 202
    return 503 if refused in OUR_FAULT else 409
