"""Payment providers: what may be set, that the secret stays one, and that a check says what is so now."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, text

from db.activity import Activity
from db.payment_providers import CheckOutcome, PaymentProvider, PaymentProviderCheck, PayMethod, ProviderKind
from db.settings import SellerSettings
from db.versions import ShopVersion
from portal import ibans, payment_providers, settings
from portal.activity import By
from portal.payment_providers import Answer, Credentials, NewProvider, ProviderChange, ProviderChecks
from portal.refusals import Conflict, Invalid, NotFound
from portal.settings import SellerChange
from portal.vault import Vault
from tests.factories import KEYS, NOON

ANNA = By("merchant:1", NOON)
SECRET = "EJ-very-secret-0123456789"
VAULT = Vault(KEYS)


class PretendPayPal:
    """Answers what it is told to, and remembers with what it was asked."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer = answer or Answer(CheckOutcome.OK)
        self.asked: list[Credentials] = []

    async def check(self, credentials):
        self.asked.append(credentials)
        return self.answer


def checks(service: PretendPayPal, vault: Vault = VAULT) -> ProviderChecks:
    return ProviderChecks({ProviderKind.PAYPAL: service, ProviderKind.PAYPAL_PLUS: service}, vault)


def a_provider(**changes) -> NewProvider:
    complete = {"name": "PayPal", "kind": "paypal", "client_id": "AVh3kQ", "client_secret": SECRET}
    return msgspec.convert(complete | changes, NewProvider)


@pytest.fixture
def saved(database):
    async def save(**changes) -> PaymentProvider:
        async with database.writing() as session:
            return await payment_providers.add(a_provider(**changes), VAULT, session, ANNA)

    return save


@pytest.fixture
def changed(database):
    async def change(provider: PaymentProvider, by: By = ANNA, **fields) -> PaymentProvider:
        async with database.writing() as session:
            row = await payment_providers.one(provider.id, session)
            return await payment_providers.change(row, msgspec.convert(fields, ProviderChange), VAULT, session, by)

    return change


async def history(database) -> list[Any]:
    async with database.reading() as session:
        return list(await session.scalars(select(Activity).order_by(Activity.id)))


# --- The secret


async def test_the_secret_lies_sealed_in_the_database(database, saved):
    provider = await saved()

    assert SECRET not in provider.client_secret
    assert VAULT.opened(payment_providers.SECRET, provider.client_secret) == SECRET
    assert SECRET not in repr(provider)
    assert SECRET.encode() not in database.path.read_bytes()


async def test_nobody_who_asks_is_told_the_secret(saved):
    answer = payment_providers.answer(await saved())

    assert answer["client_secret_set"] is True
    assert "client_secret" not in answer
    assert SECRET not in json.dumps(answer)


async def test_the_history_tells_of_a_new_secret_but_not_which(database, saved, changed):
    provider = await saved()
    await changed(provider, client_secret="another-secret-1")
    await changed(provider, client_secret=None)

    told = [row.details for row in await history(database)]
    assert told[0]["new"]["client_secret_set"] is True
    assert told[1]["new"] == {"client_secret_set": True}
    assert told[2]["new"] == {"client_secret_set": False}
    assert SECRET not in json.dumps(told)
    assert "another-secret-1" not in json.dumps(told)


async def test_when_the_secret_was_set_is_known(saved, changed):
    provider = await saved()
    later = await changed(provider, By("merchant:1", NOON + timedelta(days=2)), client_secret="another-secret-1")

    assert provider.client_secret_set_at == NOON
    assert later.client_secret_set_at == NOON + timedelta(days=2)


async def test_another_field_leaves_the_secret_alone(saved, changed):
    provider = await saved()

    assert (await changed(provider, name="Anders")).client_secret == provider.client_secret


# --- What may be set


async def test_only_what_differs_is_written_and_noted(database, saved, changed):
    provider = await saved()
    await changed(provider, name="PayPal", sandbox=False)
    await changed(provider, name="Anders", sandbox=False)

    assert [row.kind for row in await history(database)] == ["payment_provider_added", "payment_provider_changed"]
    assert (await history(database))[-1].details == {
        "provider": provider.id,
        "name": "Anders",
        "old": {"name": "PayPal"},
        "new": {"name": "Anders"},
    }


@pytest.mark.parametrize("missing", [{"client_id": ""}, {"client_secret": None}])
async def test_without_credentials_nothing_of_paypals_becomes_active(saved, changed, missing):
    provider = await saved(**missing)

    with pytest.raises(Invalid) as told:
        await changed(provider, active=True)

    assert [(fault.pointer, fault.code) for fault in told.value.faults] == [("#/active", "credentials-missing")]


async def test_credentials_cannot_be_taken_from_an_active_provider(database, saved, changed):
    provider = await saved(active=True)

    with pytest.raises(Invalid):
        await changed(provider, client_secret=None)

    async with database.reading() as session:
        assert (await payment_providers.one(provider.id, session)).client_secret


async def test_a_bank_transfer_needs_no_credentials(saved):
    assert (await saved(kind="bank_transfer", client_id="", client_secret=None, active=True)).active


async def test_paypal_plus_offers_every_method_until_somebody_chooses(saved, changed):
    provider = await saved(kind="paypal_plus")
    chosen = await changed(provider, methods=["card", "paypal"])

    assert provider.methods == list(PayMethod)
    assert chosen.methods == ["card", "paypal"]


@pytest.mark.parametrize(
    ("kind", "methods", "code"),
    [
        ("paypal_plus", [], "too-few"),
        ("paypal_plus", ["card", "card"], "repeated"),
        ("paypal", ["card"], "not-for-this-kind"),
        ("bank_transfer", ["sepa"], "not-for-this-kind"),
    ],
)
async def test_methods_that_cannot_be_offered_are_refused(saved, kind, methods, code):
    with pytest.raises(Invalid) as told:
        await saved(kind=kind, methods=methods)

    assert [(fault.pointer, fault.code) for fault in told.value.faults] == [("#/methods", code)]


async def test_methods_come_and_go_with_the_kind(saved, changed):
    provider = await saved(kind="paypal")
    plus = await changed(provider, kind="paypal_plus")
    assert plus.methods == list(PayMethod)

    assert (await changed(provider, kind="paypal")).methods == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 201},
        {"client_id": "with a blank"},
        {"client_id": "with:colon"},
        {"client_id": "ä"},
        {"client_secret": "two\nlines"},
        {"client_secret": "x" * 201},
        {"methods": ["gold"]},
        {"kind": "cash"},
        {"merchant": 1},
    ],
)
def test_what_no_provider_can_have_is_no_provider(wrong):
    with pytest.raises(msgspec.ValidationError):
        a_provider(**wrong)


async def test_every_change_makes_the_customers_pages_anew(database, saved, changed):
    async def version() -> int:
        async with database.reading() as session:
            return (await session.scalars(select(ShopVersion.version))).one()

    start = await version()
    provider = await saved()
    await changed(provider, active=True)
    async with database.writing() as session:
        await payment_providers.remove(await payment_providers.one(provider.id, session), session, ANNA)

    assert await version() == start + 3


# --- Deleting


async def test_a_provider_goes_with_its_checks(database, saved):
    provider = await saved()
    await payment_providers.check(provider.id, checks(PretendPayPal()), database, ANNA)
    async with database.writing() as session:
        await payment_providers.remove(await payment_providers.one(provider.id, session), session, ANNA)

    async with database.reading() as session:
        assert await payment_providers.every(session) == []
        assert list(await session.scalars(select(PaymentProviderCheck))) == []
        with pytest.raises(NotFound):
            await payment_providers.one(provider.id, session)


async def test_a_provider_stays_while_payments_refer_to_it(database, saved):
    """Whatever table they stand in."""
    provider = await saved()
    async with database.writing() as session:
        await session.execute(text("CREATE TABLE paid (provider_id INTEGER REFERENCES payment_provider (id))"))
        await session.execute(text(f"INSERT INTO paid VALUES ({provider.id})"))

    with pytest.raises(Conflict, match="deactivate it"):
        async with database.writing() as session:
            await payment_providers.remove(await payment_providers.one(provider.id, session), session, ANNA)

    async with database.reading() as session:
        assert [row.id for row in await payment_providers.every(session)] == [provider.id]
    assert [row.kind for row in await history(database)] == ["payment_provider_added"]


# --- Checking


async def test_a_check_asks_with_what_is_stored_and_is_noted(database, saved):
    provider, service = await saved(sandbox=True), PretendPayPal()
    done = await payment_providers.check(provider.id, checks(service), database, ANNA)

    [asked] = service.asked
    assert (asked.client_id, asked.client_secret, asked.sandbox) == ("AVh3kQ", SECRET, True)
    assert (done.outcome, done.sandbox) == (CheckOutcome.OK, True)
    assert (await history(database))[-1].details == {"provider": provider.id, "name": "PayPal", "outcome": "ok"}


async def test_no_transaction_waits_on_the_service(database, saved):
    provider = await saved()

    class Writing(PretendPayPal):
        async def check(self, credentials):
            async with database.writing() as session:
                await payment_providers.change(
                    await payment_providers.one(provider.id, session), ProviderChange(name="Neu"), VAULT, session, ANNA
                )
            return await super().check(credentials)

    done = await payment_providers.check(provider.id, checks(Writing()), database, ANNA)

    assert done.outcome is CheckOutcome.OK


async def test_what_was_deleted_meanwhile_is_not_there(database, saved):
    provider = await saved()

    class Deleting(PretendPayPal):
        async def check(self, credentials):
            async with database.writing() as session:
                await payment_providers.remove(await payment_providers.one(provider.id, session), session, ANNA)
            return await super().check(credentials)

    with pytest.raises(NotFound):
        await payment_providers.check(provider.id, checks(Deleting()), database, ANNA)


@pytest.mark.parametrize("missing", [{"client_id": ""}, {"client_secret": None}])
async def test_without_credentials_nobody_is_asked(database, saved, missing):
    service = PretendPayPal()
    done = await payment_providers.check((await saved(**missing)).id, checks(service), database, ANNA)

    assert done.outcome is CheckOutcome.INCOMPLETE
    assert service.asked == []


async def test_a_secret_whose_key_is_lost_has_to_be_entered_anew(database, saved):
    service = PretendPayPal()
    lost = checks(service, Vault(("another key of the shop, 32 signs",)))
    done = await payment_providers.check((await saved()).id, lost, database, ANNA)

    assert done.outcome is CheckOutcome.INCOMPLETE
    assert "enter it anew" in done.detail
    assert service.asked == []


async def test_a_bank_transfer_is_checked_by_the_seller_s_account(database, saved):
    provider = await saved(kind="bank_transfer", client_id="", client_secret=None)
    lacking = await payment_providers.check(provider.id, checks(PretendPayPal()), database, ANNA)
    async with database.writing() as session:
        account = SellerChange(name="Nähwerk", iban="DE02 1203 0000 0000 2020 51")
        await settings.change(SellerSettings, account, session, ANNA)
    complete = await payment_providers.check(provider.id, checks(PretendPayPal()), database, ANNA)

    assert (lacking.outcome, lacking.detail) == (CheckOutcome.INCOMPLETE, "The seller's settings lack: name, iban.")
    assert complete.outcome is CheckOutcome.OK


@pytest.mark.parametrize(
    ("change", "still"),
    [
        ({"name": "Anders"}, True),
        ({"sandbox": True}, False),
        ({"client_id": "B"}, False),
        ({"client_secret": "C"}, False),
    ],
)
async def test_a_check_is_shown_until_its_credentials_change(database, saved, changed, change, still):
    provider = await saved()
    done = await payment_providers.check(provider.id, checks(PretendPayPal()), database, ANNA)
    later = await changed(provider, By("merchant:1", done.at + timedelta(seconds=1)), **change)

    async with database.reading() as session:
        assert (await payment_providers.last_check(later, session) is not None) == still


# --- Numbers of accounts


@pytest.mark.parametrize("iban", ["DE02120300000000202051", "de02 1203 0000 0000 2020 51", "NO9386011117947"])
def test_an_iban_may_be_written_as_people_do(iban):
    assert ibans.is_one(iban)


@pytest.mark.parametrize(
    "iban",
    [
        "",
        "DE02120300000000202052",
        "DE0212",
        "0" * 22,
        "DE02120300000000202051X" + "0" * 40,
        "DE０２120300000000202051",
    ],
)
def test_a_typing_error_makes_it_none(iban):
    assert not ibans.is_one(iban)
