"""Einstellungen / Kundenportal / Zahlungsanbieter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from litestar import post, route
from litestar.params import FromPath
from litestar.response import Redirect
from sqlalchemy.ext.asyncio import AsyncSession

from db.base import columns
from db.payment_providers import PaymentProvider, PayMethod, ProviderKind
from db.settings import SellerSettings
from db.webhooks import Verification, Webhook
from portal import payment_providers, sessions, settings, webhook_registrations
from portal.house import House as PortalHouse
from portal.paying import ProviderRefused, ProviderTrouble
from portal.payment_providers import ACCOUNT, BY_APP, NewProvider, ProviderChange, has_credentials
from portal.refusals import Conflict, Invalid, NotFound
from portal.sessions import SignedIn
from portal.windows import local_day
from routes.admin.signed_in import kept_for
from routes.api.body import converted
from routes.forms import read, submitted, texts_of
from routes.given import AnyRequest, House, Merchant
from views import Page
from views.admin.frame import Frame
from views.admin.labels import PROVIDER
from views.admin.settings_payments import (
    FAULTS,
    IN_USE,
    PAYMENT_OPEN,
    CheckResult,
    ChosenProvider,
    NewProviderPage,
    PaymentsPage,
    ProviderRow,
    WebhookState,
    account_of,
    kinds,
    lacks,
    methods_of,
)
from views.faults import told_of
from views.form import Form
from views.sentences import Sentence

PATH = "/admin/settings/portal/payments"
NEW = f"{PATH}/new"
PROVIDER_PATH = f"{PATH}/{{provider:str}}"


@dataclass(frozen=True)
class Shown:
    """What a page shows besides what is stored. `form` is None where it is shown as stored."""

    form: Form | None = None
    saved: str = ""
    status: int = 200
    removal_error: Sentence | None = None
    webhook_trouble: str = ""


AS_STORED = Shown()


@route(PATH, http_method=["GET", "HEAD"])
async def show_providers(house: House, merchant: Merchant) -> Page:
    async with house.database.reading() as session:
        rows = await _rows(session, None)
    page = PaymentsPage(frame=Frame.of(merchant, PATH), path=PATH, providers=rows, chosen=None, kinds=kinds())
    return Page(page, locale=merchant.locale)


@route(NEW, http_method=["GET", "HEAD"])
async def show_new_provider(house: House, merchant: Merchant) -> Page:
    return await _new(await kept_for(NEW, merchant, house), house, merchant)


@post(NEW)
async def add_provider(request: AnyRequest, house: House, merchant: Merchant) -> Page | Redirect:
    """Switched off, until somebody has entered the rest and switches it on."""
    texts = await texts_of(request)
    wanted = {"name": texts.get("name", "").strip(), "kind": texts.get("kind", "")}
    given = read(NewProvider, wanted)
    if given.faults:
        return await _new(wanted, house, merchant, given.faults.get("name"), 422)
    async with house.database.writing() as session:
        new = converted(NewProvider, wanted)
        row = await payment_providers.add(new, house.vault, session, merchant.by)
        await sessions.let_go(merchant.session_id, NEW, session)
    return Redirect(f"{PATH}/{row.id}", status_code=303)


@route(PROVIDER_PATH, http_method=["GET", "HEAD"])
async def show_provider(provider: FromPath[str], request: AnyRequest, house: House, merchant: Merchant) -> Page:
    return await _page(_id(provider), house, merchant, Shown(saved=request.query_params.get("saved", "")))


@post(PROVIDER_PATH)
async def change_provider(
    provider: FromPath[str], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    """Writes the fields that differ from what they were rendered with, all of them or none."""
    provider_id, path = _id(provider), f"{PATH}/{_id(provider)}"
    given, status = submitted(ProviderChange, await texts_of(request)), 422
    async with house.database.writing() as session:
        row = await payment_providers.one(provider_id, session)
        stored = _stored(row)
        if not given.faults and not given.overtaken(stored):
            try:
                wanted = converted(ProviderChange, given.values)
                await payment_providers.change(row, wanted, house.vault, session, merchant.by)
                if given.values:
                    await sessions.let_go(merchant.session_id, path, session)
            except Invalid as invalid:
                found = {**told_of(invalid.faults), **{name: FAULTS[name] for name in FAULTS if _is_at(name, invalid)}}
                given = given.with_faults(found)
                await session.rollback()
            except Conflict:
                status = 409
                given = given.with_faults({name: PAYMENT_OPEN for name in ACCOUNT if name in given.values})
                await session.rollback()
    if given.faults or given.overtaken(stored):
        form = Form.of(path, PROVIDER, stored).with_typed(given, stored)
        return await _page(provider_id, house, merchant, Shown(form=form, status=status))
    return Redirect(f"{path}?saved={'.'.join(sorted(given.values))}", status_code=303)


@post(f"{PROVIDER_PATH}/methods")
async def move_method(provider: FromPath[str], request: AnyRequest, house: House, merchant: Merchant) -> Redirect:
    """One step up or down, in or out; a step that leads nowhere changes nothing."""
    texts = await texts_of(request)
    async with house.database.writing() as session:
        row = await payment_providers.one(_id(provider), session)
        methods = _moved([PayMethod(method) for method in row.methods], *texts.get("move", "").partition("-")[::2])
        if methods and row.kind is ProviderKind.PAYPAL_PLUS:
            wanted = ProviderChange(methods=methods)
            await payment_providers.change(row, wanted, house.vault, session, merchant.by)
    return Redirect(f"{PATH}/{row.id}", status_code=303)


@post(f"{PROVIDER_PATH}/checks")
async def check_provider(provider: FromPath[str], house: House, merchant: Merchant) -> Redirect:
    done = await payment_providers.check(_id(provider), house.provider_checks, house.database, merchant.by)
    return Redirect(f"{PATH}/{done.provider_id}", status_code=303)


@post(f"{PROVIDER_PATH}/removals")
async def remove_provider(provider: FromPath[str], house: House, merchant: Merchant) -> Page | Redirect:
    try:
        async with house.database.writing() as session:
            row = await payment_providers.one(_id(provider), session)
            await payment_providers.remove(row, session, merchant.by)
    except Conflict:
        return await _page(_id(provider), house, merchant, Shown(removal_error=IN_USE, status=409))
    return Redirect(PATH, status_code=303)


@post(f"{PROVIDER_PATH}/webhooks")
async def register_webhook(
    provider: FromPath[str], request: AnyRequest, house: House, merchant: Merchant
) -> Page | Redirect:
    """Asks PayPal to call us from now on; again, where the address or the way to verify has changed."""
    chosen = (await texts_of(request)).get("verification", "")
    verification = Verification(chosen) if chosen in set(Verification) else Verification.POSTBACK
    try:
        await webhook_registrations.register(_id(provider), verification, house.till, merchant.by)
    except (Conflict, ProviderTrouble, ProviderRefused) as error:
        return await _page(_id(provider), house, merchant, Shown(webhook_trouble=str(error), status=409))
    return Redirect(f"{PATH}/{_id(provider)}", status_code=303)


def _id(text: str) -> int:
    """Raises NotFound for what no row can have."""
    if not re.fullmatch("[1-9][0-9]{0,17}", text, re.ASCII):
        raise NotFound
    return int(text)


def _is_at(name: str, invalid: Invalid) -> bool:
    return any(fault.pointer == f"#/{name}" for fault in invalid.faults)


def _stored(row: PaymentProvider) -> dict[str, object]:
    """As it is; of the secret, nothing."""
    values = columns(row)
    return {name: None if name == "client_secret" else values[name] for name in PROVIDER}


def _moved(methods: list[PayMethod], step: str, name: str) -> list[PayMethod]:
    """The methods after one of them has taken that step: `up`, `down`, `in` or `out`."""
    method = next((each for each in PayMethod if each.value == name), None)
    if method is None or (method in methods) == (step == "in"):
        return methods
    place = methods.index(method) if method in methods else len(methods)
    others = [each for each in methods if each is not method]
    if step != "out":
        others.insert(max(place + {"up": -1, "down": 1}.get(step, 0), 0), method)
    return others


async def _rows(session: AsyncSession, chosen: int | None) -> tuple[ProviderRow, ...]:
    return tuple(ProviderRow.of(row, chosen) for row in await payment_providers.every(session))


async def _new(
    typed: Mapping[str, str], house: PortalHouse, merchant: SignedIn, error: Sentence | None = None, status: int = 200
) -> Page:
    async with house.database.reading() as session:
        rows = await _rows(session, None)
    page = NewProviderPage(
        frame=Frame.of(merchant, f"{PATH}/new"),
        path=PATH,
        providers=rows,
        kinds=kinds(),
        name=typed.get("name", ""),
        kind=typed.get("kind", ""),
        error=error,
    )
    return Page(page, locale=merchant.locale, status_code=status)


def _webhook(row: Webhook | None, house: PortalHouse, shown: Shown) -> WebhookState:
    can_register = webhook_registrations.is_reachable(house.base_url, from_here=house.till.hooks_from_here)
    zone = house.storefront.zone
    return WebhookState.of(row, zone, can_register=can_register, trouble=shown.webhook_trouble)


async def _page(provider_id: int, house: PortalHouse, merchant: SignedIn, shown: Shown = AS_STORED) -> Page:
    path = f"{PATH}/{provider_id}"
    async with house.database.reading() as session:
        row = await payment_providers.one(provider_id, session)
        rows = await _rows(session, row.id)
        seller = await settings.of(SellerSettings, session)
        check = await payment_providers.last_check(row, session)
        webhook = await webhook_registrations.of(row.id, session)
    zone, stored = house.storefront.zone, _stored(row)
    form = shown.form or Form.of(path, PROVIDER, stored, saved=shown.saved.split("."))
    if waiting := await kept_for(path, merchant, house):
        form = form.with_typed(submitted(ProviderChange, waiting), stored)
    is_transfer = row.kind is ProviderKind.BANK_TRANSFER
    chosen = ChosenProvider(
        path=path,
        name=row.name,
        kind=row.kind.value,
        by_app=row.kind in BY_APP,
        secret_set=bool(row.client_secret),
        secret_set_on=local_day(row.client_secret_set_at, zone) if row.client_secret_set_at else None,
        form=form,
        methods=methods_of(row),
        account=account_of(seller) if is_transfer else (),
        lacks=lacks(seller) if is_transfer else (),
        check=CheckResult.of(check, row.kind, zone) if check else None,
        removal_error=shown.removal_error,
        webhook=_webhook(webhook, house, shown) if row.kind in BY_APP and has_credentials(row) else None,
    )
    page = PaymentsPage(frame=Frame.of(merchant, path), path=PATH, providers=rows, chosen=chosen, kinds=kinds())
    return Page(page, locale=merchant.locale, status_code=shown.status)
