"""Who has to give up the right of withdrawal for which file, how consent is recorded, and the way without it."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from db.orders import BuyerKind
from db.settings import GeneralSettings
from db.waivers import ConfirmationWay, WaiverSource
from portal import consents, dossiers, downloads, settings, waiver_texts, waivers
from portal.activity import By
from portal.consents import Consent, NotAccepted, OtherWording
from portal.entitlements import FileWaiver
from portal.imported import Buyer, ShopWaiver
from portal.refusals import Refusal, Refused
from portal.settings import DEFAULT_WAIVER_TEXT, GeneralChange
from portal.waiver_texts import Lack
from portal.waivers import Confirmation
from portal.withdrawal_periods import unlock_day
from tests.factories import BERLIN, NOON, SHOP, a_line, an_entitlement, berlin
from tests.portal.selling import KEY, Shop

PDF_GIVEN = Confirmation(at=NOON, way=ConfirmationWay.PDF)
YES = Consent(accepted=True, locale="de-DE")
RECENTLY = berlin(2026, 11, 25)  # less than fourteen days before NOON


@pytest.fixture
async def shop(house):
    """Sells bente.pdf to whoever consents, as article BENTE."""
    shop = Shop(house)
    (shop.folder / "bente.zip").write_bytes(b"PK" + bytes(50))
    await shop.opens(waiver_required=True)
    await shop.sells("bente.zip", at=RECENTLY)
    return shop


async def ordered(shop, key=KEY, **fields):
    """A paid order of a few days ago."""
    return await shop.is_ordered(key, **{"ordered_at": RECENTLY, "paid_at": RECENTLY, **fields})


async def dossier(shop, order_id):
    async with shop.house.database.reading() as session:
        return await dossiers.of(order_id, session, BERLIN)


async def refusals(shop, order_id, now=NOON):
    return [downloads.refusal(each, now) for each in (await dossier(shop, order_id)).entitlements]


async def consent(shop, order_id, given=YES, at=NOON):
    async with shop.house.database.writing() as session:
        return await consents.give(given, await dossiers.of(order_id, session, BERLIN), session, By("customer", at))


async def confirm(shop, waiver_id, confirmation=PDF_GIVEN):
    async with shop.house.database.writing() as session:
        await consents.confirm(waiver_id, confirmation, session)


async def recorded(shop, order_id):
    async with shop.house.database.reading() as session:
        return await waivers.recorded(order_id, session)


# --- Who is asked


async def test_a_consumer_is_asked_for_a_digital_line_that_was_paid_for(shop):
    order = await ordered(shop)

    assert await refusals(shop, order) == [Refusal.WAIVER_MISSING]


NOT_ASKED = {
    "a business": {"buyer": Buyer(company="Nähstube GmbH", kind=BuyerKind.BUSINESS)},
    "a free order": {"lines": [a_line(line_gross=0)]},
    "a physical line": {"lines": [a_line(digital=False)]},
    "a free line of an order with a price": {"lines": [a_line(line_gross=0), a_line(id="2", sku="", title="Stoff")]},
}


@pytest.mark.parametrize("fields", NOT_ASKED.values(), ids=NOT_ASKED)
async def test_is_never_asked(shop, fields):
    order = await ordered(shop, **fields)

    assert await refusals(shop, order) == [None]
    assert (await dossier(shop, order)).waiver_question is None


async def test_nobody_is_asked_while_the_merchant_does_not_want_it(shop):
    order = await ordered(shop)

    await shop.rules(waiver_required=False)

    assert await refusals(shop, order) == [None]


async def test_one_box_speaks_of_every_line_whose_files_wait_and_of_no_other(shop):
    lines = [
        a_line(id="1", title="Bente"),
        a_line(id="2", title="Noch ohne Datei", sku="LATER", digital=True),
        a_line(id="3", title="Stoff", sku="STOFF"),
        a_line(id="4", title="Zugabe", line_gross=0, digital=True),
        a_line(id="5", title="Erstattet", sku="BENTE", quantity="1", refunded_quantity="1"),
    ]
    order = await ordered(shop, lines=lines)

    asked = (await dossier(shop, order)).waiver_question

    assert [line.title for line in asked.lines] == ["Bente"]


async def test_nobody_gives_up_a_right_for_a_file_that_is_not_to_be_had(shop):
    unpaid = await ordered(shop, paid_at=None)

    with pytest.raises(Refused) as refused:
        await consent(shop, unpaid)

    assert refused.value.refusal is Refusal.NOT_PAID
    assert await recorded(shop, unpaid) == []


# --- The record


async def test_consent_is_recorded_word_for_word_and_waits_for_its_confirmation(shop):
    order = await ordered(shop)

    given = await consent(shop, order)

    assert given.text == DEFAULT_WAIVER_TEXT
    assert given.text_sha256 == hashlib.sha256(DEFAULT_WAIVER_TEXT.encode()).hexdigest()
    assert (given.source, given.locale, given.given_at) == (WaiverSource.PORTAL, "de-DE", NOON)
    assert [(line.id, line.title) for line in given.lines] == [("1", "Schnittmuster Bente")]
    assert await refusals(shop, order) == [Refusal.WAIVER_CONFIRMATION_PENDING]


async def test_the_file_opens_once_the_customer_has_the_confirmation(shop):
    order = await ordered(shop)
    given = await consent(shop, order)

    await confirm(shop, given.id)

    assert await refusals(shop, order) == [None]


async def test_a_box_that_was_not_ticked_records_nothing(shop):
    order = await ordered(shop)

    with pytest.raises(NotAccepted):
        await consent(shop, order, replace(YES, accepted=False))

    assert await recorded(shop, order) == []


async def test_giving_it_twice_keeps_the_first(shop):
    order = await ordered(shop)

    first = await consent(shop, order)
    second = await consent(shop, order, at=NOON + timedelta(hours=1))

    assert second == first
    assert len(await recorded(shop, order)) == 1


async def test_the_first_confirmation_counts(shop):
    order = await ordered(shop)
    given = await consent(shop, order)

    await confirm(shop, given.id)
    await confirm(shop, given.id, Confirmation(at=NOON + timedelta(days=1), way=ConfirmationWay.MAIL, recipient="x"))

    assert [each.confirmation for each in await recorded(shop, order)] == [PDF_GIVEN]


@pytest.mark.parametrize("table", ["waiver", "waiver_confirmation", "waiver_text"])
@pytest.mark.parametrize("deed", ["UPDATE {} SET rowid = rowid", "DELETE FROM {}"])
async def test_the_database_itself_refuses_to_change_evidence(shop, table, deed):
    order = await ordered(shop)
    await confirm(shop, (await consent(shop, order)).id)

    with (
        closing(sqlite3.connect(shop.house.database.path)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="frozen"),
    ):
        connection.execute(deed.format(table))


async def test_a_line_that_came_later_is_asked_for_on_its_own(shop):
    order = await ordered(shop)
    await confirm(shop, (await consent(shop, order)).id)
    (shop.folder / "neu.zip").write_bytes(b"PK")
    await shop.sells("neu.zip", "NEU", at=RECENTLY)

    await ordered(shop, lines=[a_line(), a_line(id="2", title="Neu", sku="NEU")])
    later = await consent(shop, order)
    await confirm(shop, later.id)

    assert [line.title for line in later.lines] == ["Neu"]
    assert await refusals(shop, order) == [None, None]


async def test_a_file_of_two_lines_opens_when_both_were_consented_to_one_after_the_other(shop):
    order = await ordered(shop)
    await confirm(shop, (await consent(shop, order)).id)

    await ordered(shop, lines=[a_line(), a_line(id="2", title="Bente, noch einmal")])

    assert await refusals(shop, order) == [Refusal.WAIVER_MISSING]
    await confirm(shop, (await consent(shop, order)).id)
    assert await refusals(shop, order) == [None]


async def test_consent_follows_the_line_when_the_source_tells_of_the_order_again(shop):
    order = await ordered(shop)
    await confirm(shop, (await consent(shop, order)).id)

    await ordered(shop, note="umbenannt", lines=[a_line(title="Bente, neue Auflage")])

    assert await refusals(shop, order) == [None]
    assert [line.title for each in await recorded(shop, order) for line in each.lines] == ["Schnittmuster Bente"]


# --- The wording


async def test_a_wording_that_was_replaced_while_it_was_read_is_recorded_as_it_was_read(shop):
    order = await ordered(shop)
    read = waiver_texts.digest(DEFAULT_WAIVER_TEXT)

    await shop.rules(waiver_text="Ich bin einverstanden, mein Widerrufsrecht erlischt.")
    given = await consent(shop, order, replace(YES, text_sha256=read))

    assert given.text == DEFAULT_WAIVER_TEXT


async def test_every_wording_that_was_ever_set_is_kept(shop):
    order = await ordered(shop)
    for text in ("Erste Fassung", "Zweite Fassung"):
        await shop.rules(waiver_text=text)

    given = await consent(shop, order, replace(YES, text_sha256=waiver_texts.digest("Erste Fassung")))

    assert given.text == "Erste Fassung"


async def test_a_wording_that_was_never_shown_is_not_recorded(shop):
    order = await ordered(shop)

    with pytest.raises(OtherWording):
        await consent(shop, order, replace(YES, text_sha256=waiver_texts.digest("selbst ausgedacht")))

    assert await recorded(shop, order) == []


async def test_nobody_consents_for_a_line_that_was_not_on_the_page(shop):
    order = await ordered(shop)
    seen = consents.lines_digest((await dossier(shop, order)).waiver_question.lines)

    await ordered(shop, lines=[a_line(), a_line(id="2", title="Neu")])

    with pytest.raises(OtherWording):
        await consent(shop, order, replace(YES, lines_sha256=seen))


@pytest.mark.parametrize(
    ("text", "lacks"),
    [
        (DEFAULT_WAIVER_TEXT, ()),
        ("Ich bin einverstanden, dass sofort begonnen wird, und weiß, dass ich mein Widerrufsrecht verliere.", ()),
        ("I consent to the immediate start and acknowledge that I lose my right of withdrawal.", ()),
        ("Mir ist bekannt, dass mein Widerrufsrecht erlischt.", (Lack.CONSENT,)),
        ("Ich stimme dem sofortigen Beginn ausdrücklich zu.", (Lack.ACKNOWLEDGEMENT,)),
        ("Ich habe die AGB gelesen.", (Lack.CONSENT, Lack.ACKNOWLEDGEMENT)),
        ("Ich stimme zu. Über mein Widerrufsrecht wurde ich belehrt.", (Lack.ACKNOWLEDGEMENT,)),
    ],
)
def test_the_merchant_is_warned_of_a_wording_that_lacks_what_the_law_asks_for(text, lacks):
    assert waiver_texts.warnings(text) == lacks


# --- Consent from the shop


async def test_consent_from_the_shop_asks_nobody_and_is_on_record(shop):
    order = await ordered(shop, waiver=ShopWaiver(accepted=True))

    assert await refusals(shop, order) == [None]
    (told,) = await recorded(shop, order)
    assert (told.source, told.text, told.given_at, told.recorded_at) == (WaiverSource.SHOP, None, None, SHOP.at)


async def test_evidence_from_the_shop_is_kept_as_it_came(shop):
    at = datetime(2026, 11, 24, 8, tzinfo=UTC)
    order = await ordered(shop, waiver=ShopWaiver(accepted=True, at=at, text="Ja, ich will."))

    (told,) = await recorded(shop, order)

    assert (told.text, told.text_sha256, told.given_at) == ("Ja, ich will.", waiver_texts.digest("Ja, ich will."), at)


async def test_the_same_news_from_the_shop_is_no_second_record(shop):
    order = await ordered(shop, waiver=ShopWaiver(accepted=True))

    await ordered(shop, waiver=ShopWaiver(accepted=True), note="neu")

    assert len(await recorded(shop, order)) == 1


async def test_a_shop_that_says_no_leaves_the_question_open(shop):
    order = await ordered(shop, waiver=ShopWaiver(accepted=False))

    assert await refusals(shop, order) == [Refusal.WAIVER_MISSING]
    assert await recorded(shop, order) == []


EVIDENCE = {
    "nothing": (ShopWaiver(accepted=True), Refusal.WAIVER_MISSING),
    "only the text": (ShopWaiver(accepted=True, text="Ja"), Refusal.WAIVER_MISSING),
    "only the time": (ShopWaiver(accepted=True, at=RECENTLY), Refusal.WAIVER_MISSING),
    "both": (ShopWaiver(accepted=True, at=RECENTLY, text="Ja"), None),
}


@pytest.mark.parametrize(("waiver", "refusal"), EVIDENCE.values(), ids=EVIDENCE)
async def test_a_source_that_has_to_bring_evidence_brings(shop, waiver, refusal):
    order = await ordered(shop, waiver=waiver)
    with closing(sqlite3.connect(shop.house.database.path)) as connection, connection:
        connection.execute("UPDATE source SET waiver_needs_text = 1")

    assert await refusals(shop, order) == [refusal]


# --- The way without consent


PERIODS = {
    "on a working day": (date(2026, 11, 2), 14, date(2026, 11, 17)),
    "on a Sunday": (date(2026, 10, 25), 14, date(2026, 11, 10)),
    "on a Saturday": (date(2026, 10, 24), 14, date(2026, 11, 10)),
    "on Christmas Day, before a weekend": (date(2026, 12, 11), 14, date(2026, 12, 29)),
    "on New Year's Day": (date(2026, 12, 18), 14, date(2027, 1, 5)),
    "on Easter Monday": (date(2026, 3, 23), 14, date(2026, 4, 8)),
    "on a holiday of some states only": (date(2026, 5, 21), 14, date(2026, 6, 5)),
    "after thirty days": (date(2026, 11, 1), 30, date(2026, 12, 2)),
}


@pytest.mark.parametrize(("ordered_on", "days", "unlocks_on"), PERIODS.values(), ids=PERIODS)
async def test_the_period_that_ends(ordered_on, days, unlocks_on):
    assert await unlock_day(ordered_on, days) == unlocks_on


async def test_without_consent_the_file_is_to_be_had_from_midnight_after_the_period(shop):
    order = await ordered(shop, ordered_at=berlin(2026, 10, 25, 14, 2), paid_at=berlin(2026, 10, 25, 14, 2))

    assert await refusals(shop, order, berlin(2026, 11, 9, 23, 59)) == [Refusal.WAIVER_MISSING]
    assert await refusals(shop, order, berlin(2026, 11, 10, 0, 0)) == [None]


async def test_the_day_of_the_order_is_that_of_the_merchant_s_clock(shop):
    late = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)  # half past midnight of Sunday 25 October, in summer time

    order = await ordered(shop, ordered_at=late, paid_at=late)

    assert (await dossier(shop, order)).waiver_question.unlocks_on == date(2026, 11, 10)


async def test_once_the_period_is_over_nobody_is_asked_any_more(shop):
    order = await ordered(shop)

    assert await consent(shop, order, at=berlin(2027, 1, 4)) is None
    assert await recorded(shop, order) == []


async def test_the_merchant_may_grant_a_longer_period(shop):
    order = await ordered(shop)
    async with shop.house.database.writing() as session:
        await settings.change(GeneralSettings, GeneralChange(withdrawal_days=30), session, SHOP)

    assert (await dossier(shop, order)).waiver_question.unlocks_on == date(2026, 12, 29)


# --- How long a file is to be had


UNLOCKS = date(2026, 11, 17)


def a_file_that(window=7, **waiver):
    """Paid and linked on 1 November 2026: the first window ends on the 8th, the second one on the 24th."""
    return an_entitlement(window=window, waiver=FileWaiver(unlocks_on=UNLOCKS, **waiver))


def test_with_consent_the_window_counts_from_the_payment():
    consented = a_file_that(is_given=True, confirmed_on=date(2026, 11, 2))

    assert consented.until(berlin(2026, 11, 20)) == date(2026, 11, 8)


def test_who_waits_has_the_whole_window_from_the_day_the_file_unlocks():
    assert a_file_that().until(berlin(2026, 11, 17)) == date(2026, 11, 24)


def test_who_consents_after_the_first_window_has_the_second_one():
    consented = a_file_that(is_given=True, confirmed_on=date(2026, 11, 10))

    assert consented.until(berlin(2026, 11, 10)) == date(2026, 11, 24)


@pytest.mark.parametrize("day", range(1, 17))
def test_a_file_that_is_locked_never_runs_out(day):
    now = berlin(2026, 11, day)

    assert a_file_that().until(now) >= now.date()
    assert downloads.refusal(a_file_that(), now) is Refusal.WAIVER_MISSING


def test_a_file_that_was_waited_for_runs_out_in_its_own_time():
    assert downloads.refusal(a_file_that(), berlin(2026, 11, 24, 23, 59)) is None
    assert downloads.refusal(a_file_that(), berlin(2026, 11, 25, 0, 0)) is Refusal.EXPIRED


def test_without_limit_there_is_no_last_day_either_way():
    assert a_file_that(window=None).until(berlin(2026, 11, 20)) is None
