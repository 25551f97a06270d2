"""Through whom customers may pay. The secret goes in and never comes out."""

from __future__ import annotations

from datetime import datetime

from litestar import delete, get, patch, post
from litestar.params import FromPath, RawBody
from msgspec import Struct

from db.payment_providers import CheckOutcome, PaymentProvider, PayMethod, ProviderKind
from db.webhooks import Verification
from portal import payment_providers, webhook_registrations
from portal.payment_providers import NewProvider, ProviderChange
from routes.api.body import decoded
from routes.api.calls import Call, Listed, row_id, told
from routes.given import ApiKeyHolder, House, Reading

PROVIDER = "/payment-providers/{provider:str}"


class ToldProvider(Struct, kw_only=True, frozen=True):
    id: int
    name: str
    kind: ProviderKind
    active: bool
    client_id: str
    client_secret_set: bool
    sandbox: bool
    methods: list[PayMethod]


class ToldCheck(Struct, kw_only=True, frozen=True):
    """What came of asking the service for real; `detail` is what it said."""

    ok: bool
    outcome: CheckOutcome
    detail: str
    milliseconds: int
    sandbox: bool
    at: datetime


@get("/payment-providers", opt=told(Call(summary="List the payment providers", gives={200: Listed[ToldProvider]})))
async def list_providers(reading: Reading) -> Listed[ToldProvider]:
    return Listed(items=[_told(row) for row in await payment_providers.every(reading)])


@post(
    "/payment-providers", opt=told(Call(summary="Add a payment provider", takes=NewProvider, gives={201: ToldProvider}))
)
async def add_provider(body: RawBody, house: House, by: ApiKeyHolder) -> ToldProvider:
    new = decoded(NewProvider, body)
    async with house.database.writing() as session:
        return _told(await payment_providers.add(new, house.vault, session, by))


@get(PROVIDER, opt=told(Call(summary="Show a payment provider", gives={200: ToldProvider})))
async def show_provider(provider: FromPath[str], reading: Reading) -> ToldProvider:
    return _told(await payment_providers.one(row_id(provider), reading))


@patch(PROVIDER, opt=told(Call(summary="Change a payment provider", takes=ProviderChange, gives={200: ToldProvider})))
async def change_provider(provider: FromPath[str], body: RawBody, house: House, by: ApiKeyHolder) -> ToldProvider:
    wanted = decoded(ProviderChange, body)
    async with house.database.writing() as session:
        row = await payment_providers.one(row_id(provider), session)
        return _told(await payment_providers.change(row, wanted, house.vault, session, by))


@delete(PROVIDER, opt=told(Call(summary="Remove a payment provider that no payment refers to", gives={204: None})))
async def remove_provider(provider: FromPath[str], house: House, by: ApiKeyHolder) -> None:
    async with house.database.writing() as session:
        await payment_providers.remove(await payment_providers.one(row_id(provider), session), session, by)


@post(
    PROVIDER + "/checks",
    status_code=200,
    opt=told(Call(summary="Check a payment provider by asking it for a token", gives={200: ToldCheck})),
)
async def check_provider(provider: FromPath[str], house: House, by: ApiKeyHolder) -> ToldCheck:
    done = await payment_providers.check(row_id(provider), house.provider_checks, house.database, by)
    return ToldCheck(
        ok=done.outcome is CheckOutcome.OK,
        outcome=done.outcome,
        detail=done.detail,
        milliseconds=done.milliseconds,
        sandbox=done.sandbox,
        at=done.at,
    )


class WebhookWanted(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How deliveries are verified: by asking PayPal, or by their signature alone."""

    verification: Verification = Verification.POSTBACK


class ToldWebhook(Struct, kw_only=True, frozen=True):
    """`webhook_id` is PayPal's."""

    webhook_id: str
    url: str
    verification: Verification
    registered_at: datetime


@post(
    PROVIDER + "/webhooks",
    status_code=201,
    opt=told(Call(summary="Register PayPal's webhook", takes=WebhookWanted, gives={201: ToldWebhook})),
)
async def register_webhook(provider: FromPath[str], body: RawBody, house: House, by: ApiKeyHolder) -> ToldWebhook:
    """The body may be left out."""
    wanted = decoded(WebhookWanted, body) if body else WebhookWanted()
    row = await webhook_registrations.register(row_id(provider), wanted.verification, house.till, by)
    return ToldWebhook(
        webhook_id=row.reference, url=row.url, verification=row.verification, registered_at=row.registered_at
    )


def _told(row: PaymentProvider) -> ToldProvider:
    return ToldProvider(
        id=row.id,
        name=row.name,
        kind=row.kind,
        active=row.active,
        client_id=row.client_id,
        client_secret_set=bool(row.client_secret),
        sandbox=row.sandbox,
        methods=[PayMethod(method) for method in row.methods],
    )
