"""Einstellungen / Kundenportal / Zahlungsanbieter: the list, and the provider that was chosen from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from zoneinfo import ZoneInfo

from db.payment_providers import CheckOutcome, PaymentProvider, PaymentProviderCheck, PayMethod, ProviderKind
from db.settings import SellerSettings
from db.webhooks import Verification, Webhook
from portal import payment_providers
from views.admin.frame import OfficePage
from views.admin.labels import METHODS, PROVIDER, SELLER
from views.form import Form
from views.sentences import Sentence, said

KINDS = PROVIDER["kind"].choices
IN_USE = said("Payments refer to this provider, so it stays. Switched off, customers do not see it any more.")
FAULTS = {
    "active": said("First enter the client ID and the client secret of the PayPal app."),
    "methods": said("At least one method has to be offered. If none is wanted, switch the provider off."),
}
PAYMENT_OPEN = said(
    "A payment is open: as long as PayPal has not said what came of it, app and environment stay."
    " For another app, add a further provider."
)


@dataclass(frozen=True, kw_only=True)
class ProviderRow:
    """One line of the list. `badge`: "active", "sandbox" or empty for switched off."""

    id: int
    name: str
    kind: Sentence
    badge: str
    is_chosen: bool

    @staticmethod
    def of(row: PaymentProvider, chosen: int | None) -> ProviderRow:
        return ProviderRow(
            id=row.id,
            name=row.name,
            kind=KINDS[row.kind],
            badge=("sandbox" if row.sandbox else "active") if row.active else "",
            is_chosen=row.id == chosen,
        )


@dataclass(frozen=True, kw_only=True)
class MethodRow:
    """`place` counts from 1; None where it is not offered."""

    method: str
    name: Sentence
    place: int | None
    is_last: bool


@dataclass(frozen=True, kw_only=True)
class CheckResult:
    """What came of the last check. `detail` is what the service said, in its own words."""

    tone: str
    title: Sentence
    advice: Sentence | None
    detail: str

    @staticmethod
    def of(check: PaymentProviderCheck, kind: ProviderKind, zone: ZoneInfo) -> CheckResult:
        title, advice = _told(check, kind, zone)
        tone = "ok" if check.outcome is CheckOutcome.OK else "wait" if check.outcome in MAY_PASS else "stop"
        return CheckResult(tone=tone, title=title, advice=advice, detail=check.detail)


@dataclass(frozen=True, kw_only=True)
class AccountLine:
    label: Sentence
    value: str


VERIFICATIONS = (
    (Verification.POSTBACK.value, said("PayPal is asked whether it sent it")),
    (Verification.OFFLINE.value, said("The signature is checked here")),
)


@dataclass(frozen=True, kw_only=True)
class WebhookState:
    """`url` is where PayPal calls, empty as long as it does not; `trouble` is what came of asking it to."""

    url: str
    registered_on: date | None
    verification: str
    verifications: tuple[tuple[str, Sentence], ...]
    can_register: bool
    trouble: str

    @staticmethod
    def of(row: Webhook | None, zone: ZoneInfo, *, can_register: bool, trouble: str) -> WebhookState:
        return WebhookState(
            url=row.url if row else "",
            registered_on=row.registered_at.astimezone(zone).date() if row else None,
            verification=row.verification.value if row else Verification.POSTBACK.value,
            verifications=VERIFICATIONS,
            can_register=can_register,
            trouble=trouble,
        )


@dataclass(frozen=True, kw_only=True)
class ChosenProvider:
    """`account` is filled for bank transfers, `methods` for PayPal Plus; `lacks` is what the account misses."""

    path: str
    name: str
    kind: str
    by_app: bool
    secret_set: bool
    secret_set_on: date | None
    form: Form
    methods: tuple[MethodRow, ...]
    account: tuple[AccountLine, ...]
    lacks: tuple[Sentence, ...]
    check: CheckResult | None
    removal_error: Sentence | None
    webhook: WebhookState | None


@dataclass(frozen=True, kw_only=True)
class PaymentsPage(OfficePage):
    """`chosen` is None where only the list is shown."""

    template: ClassVar = "admin/settings_payments.html"

    path: str
    providers: tuple[ProviderRow, ...]
    chosen: ChosenProvider | None
    kinds: tuple[tuple[str, Sentence], ...]


@dataclass(frozen=True, kw_only=True)
class NewProviderPage(OfficePage):
    template: ClassVar = "admin/settings_payments_new.html"

    path: str
    providers: tuple[ProviderRow, ...]
    kinds: tuple[tuple[str, Sentence], ...]
    name: str
    kind: str
    error: Sentence | None


def kinds() -> tuple[tuple[str, Sentence], ...]:
    return tuple((str(kind), told) for kind, told in KINDS.items())


def methods_of(row: PaymentProvider) -> tuple[MethodRow, ...]:
    """Those offered in their order, then the others."""
    if row.kind is not ProviderKind.PAYPAL_PLUS:
        return ()
    others = [method for method in PayMethod if method not in row.methods]
    return tuple(
        MethodRow(
            method=str(PayMethod(method)),
            name=METHODS[PayMethod(method)],
            place=place if method in row.methods else None,
            is_last=place == len(row.methods),
        )
        for place, method in enumerate([*row.methods, *others], start=1)
    )


def account_of(seller: SellerSettings) -> tuple[AccountLine, ...]:
    names = ("name", "iban", "bic", "bank_name")
    return tuple(AccountLine(label=SELLER[name].text, value=getattr(seller, name)) for name in names)


def lacks(seller: SellerSettings) -> tuple[Sentence, ...]:
    return tuple(SELLER[name].text for name in payment_providers.missing_account(seller))


MAY_PASS = frozenset({CheckOutcome.TIMED_OUT, CheckOutcome.UNREACHABLE, CheckOutcome.UNAVAILABLE})
TROUBLE = {
    CheckOutcome.WRONG_CREDENTIALS: (
        said("PayPal does not know these credentials."),
        said("Client ID, client secret and sandbox have to belong to the same app. Copy them once more from PayPal."),
    ),
    CheckOutcome.TIMED_OUT: (
        said("PayPal has not answered in time."),
        said("This says nothing about the credentials. Please try again in a few minutes."),
    ),
    CheckOutcome.UNREACHABLE: (
        said("PayPal cannot be reached from here."),
        said("This says nothing about the credentials. Does this server get out to the internet?"),
    ),
    CheckOutcome.UNAVAILABLE: (
        said("PayPal has trouble of its own at the moment."),
        said("This says nothing about the credentials. Please try again in a few minutes."),
    ),
    CheckOutcome.UNEXPECTED: (
        said("The answer is none that PayPal would give."),
        said("Something between this server and PayPal seems to answer in its place."),
    ),
}


def _told(check: PaymentProviderCheck, kind: ProviderKind, zone: ZoneInfo) -> tuple[Sentence, Sentence | None]:
    environment = said("test environment") if check.sandbox else said("live environment")
    match check.outcome:
        case CheckOutcome.OK if kind is ProviderKind.BANK_TRANSFER:
            return said("The account can be paid into."), None
        case CheckOutcome.OK:
            seconds = Decimal(check.milliseconds).scaleb(-3).quantize(Decimal("0.1"))
            issued = said(
                "PayPal issued an access token at %(at)s within %(seconds)s s (%(environment)s).",
                at=_moment(check.at.astimezone(zone)),
                seconds=seconds,
                environment=environment,
            )
            return said("The connection works."), issued
        case CheckOutcome.WRONG_ENVIRONMENT if check.sandbox:
            return said("These are credentials of the live environment."), said("Switch off “Sandbox”, and they fit.")
        case CheckOutcome.WRONG_ENVIRONMENT:
            return said("These are credentials of the test environment."), said("Switch on “Sandbox”, and they fit.")
        case CheckOutcome.INCOMPLETE if kind is ProviderKind.BANK_TRANSFER:
            return said("The account is not complete."), said("Name and IBAN stand in the settings of the seller.")
        case CheckOutcome.INCOMPLETE:
            return said("Nothing was asked yet."), said("Client ID and client secret are needed for it.")
        case _:
            return TROUBLE[check.outcome]


def _moment(at: datetime) -> Sentence:
    return said("%(day)s at %(time)s", day=at.date(), time=at.strftime("%H:%M:%S"))
