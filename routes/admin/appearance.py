"""Einstellungen / Kundenportal / Erscheinungsbild."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from http import HTTPStatus

from litestar import post, route
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from db.settings import AppearanceSettings
from pdfkit.outcome import PictureCause
from portal import dossiers, images, sample_order, settings
from portal.refusals import Conflict, Fault, Invalid
from portal.sessions import SignedIn
from portal.settings import AppearanceChange
from routes.admin.example_orders import chosen, latest, row_id
from routes.admin.tabs import Section, Tab, saved, shown
from routes.api.images import LARGEST_UPLOAD
from routes.forms import LONGEST_FIELD, field_of
from routes.given import AnyRequest, House, Merchant, Now
from routes.protection import PREVIEW
from views import Page
from views.admin.frame import Frame
from views.admin.labels import APPEARANCE
from views.admin.settings_appearance import (
    IN_USE,
    AppearancePage,
    ImageChoice,
    OrderChoice,
    Preview,
    chosen_of,
    proof,
    upload_refused,
)
from views.customer.order import OrderPage
from views.form import Form
from views.placeholders import IN_GREETING
from views.sentences import Sentence

TAB = Tab("/admin/settings/portal/appearance", [Section(AppearanceSettings, AppearanceChange, APPEARANCE)])


@route(TAB.path, http_method=["GET", "HEAD"])
async def show_appearance(request: AnyRequest, house: House, merchant: Merchant) -> Page:
    return await _page(request, await shown(TAB, request, house, merchant), house, merchant)


@post(TAB.path)
async def change_appearance(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    found = await saved(TAB, request, house, merchant)
    return found if isinstance(found, Redirect) else await _page(request, found, house, merchant, 422)


@post(f"{TAB.path}/images", request_max_body_size=LARGEST_UPLOAD)
async def upload_image(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    """The new image is the chosen one at once."""
    try:
        name, content = await _file(request)
        new = await images.looked_through(content, name, house.child, house.scratch)
    except Invalid as invalid:
        why = upload_refused(invalid.faults[0].code)
        return await _page(request, await shown(TAB, request, house, merchant), house, merchant, 422, upload=why)
    async with house.database.writing() as session:
        row = await images.add(new, session, merchant.by)
        await settings.change(AppearanceSettings, AppearanceChange(image=row.id), session, merchant.by)
    return Redirect(f"{TAB.path}?saved=image", status_code=303)


@post(f"{TAB.path}/image-removals")
async def remove_image(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    wanted = await field_of(request, "image")
    try:
        async with house.database.writing() as session:
            await images.remove(await images.one(row_id(wanted), session), session, merchant.by)
    except Conflict:
        form = await shown(TAB, request, house, merchant)
        return await _page(request, form, house, merchant, 409, removal=IN_USE)
    return Redirect(TAB.path, status_code=303)


@route(PREVIEW, http_method=["GET", "HEAD"])
async def show_preview(request: AnyRequest, house: House, merchant: Merchant, now: Now) -> Page:
    """The real portal page of an order, or of the sample. Its links lead nowhere, and nobody counts as having come."""
    wanted = request.query_params.get("order", "")
    async with house.database.reading() as session:
        if wanted:
            dossier = await dossiers.of(row_id(wanted), session, house.zone)
        else:
            dossier = await sample_order.dossier(session, now, house.zone)
    page = OrderPage.of(dossier, now, token="preview")  # noqa: S106 (no token: it opens nothing)
    return Page(page, locale=dossier.locale or merchant.locale)


async def _file(request: AnyRequest) -> tuple[str, bytes]:
    """Name and content of the part `file`. Raises Invalid, also for what is too large to be read."""
    try:
        file = (await request.form()).get("file")
    except HTTPException as error:
        if error.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise
        raise Invalid(Fault(images.FIELD, PictureCause.TOO_LARGE, "An image has at most 5 MB.")) from error
    if not isinstance(file, UploadFile) or not file.filename:
        raise Invalid(Fault(images.FIELD, "missing", "Choose an image first."))
    return file.filename, await file.read()


async def _page(
    request: AnyRequest,
    form: Form,
    house: House,
    merchant: SignedIn,
    status: int = 200,
    **why: Sentence,
) -> Page:
    async with house.database.reading() as session:
        choices = tuple(ImageChoice.of(row) for row in await images.every(session))
        stored = await TAB.stored(session)
        preview = await _preview(request.query_params, stored, session)
    colour = str(stored["accent_colour"])
    page = AppearancePage(
        frame=Frame.of(merchant, TAB.path),
        form=form.noted(IN_GREETING),
        images=choices,
        chosen=chosen_of(choices, form["image"].value),
        upload_error=why.get("upload"),
        removal_error=why.get("removal"),
        placeholders=AppearancePage.braced(),
        colour=colour,
        proof=proof(colour),
        preview=preview,
    )
    return Page(page, locale=merchant.locale, status_code=status)


async def _preview(asked: Mapping[str, str], stored: Mapping[str, object], session: AsyncSession) -> Preview:
    """Of the order asked for by `order`, its id, or by `number`; of the sample where there is none such."""
    number = asked.get("number", "")[:LONGEST_FIELD].strip()
    orders = [OrderChoice.of(row) for row in await latest(session)]
    row = await chosen(number, asked.get("order", ""), session)
    order = OrderChoice.of(row) if row else None
    if order and order not in orders:
        orders.insert(0, order)
    mark = hashlib.sha256(repr(sorted(stored.items())).encode()).hexdigest()[:12]
    address = f"{PREVIEW}?v={mark}" + (f"&order={order.id}" if order else "")
    missing = number if number and not order else ""
    return Preview(address=address, order=order, orders=tuple(orders), missing=missing)
