"""Letters, orders and consents are kept as long as the law and the merchant say, and then they go by themselves."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from db.messages import Attachment, Message, MessageState
from db.orders import Order, State
from db.retention import RetentionRun
from db.settings import FileSettings, RetentionSettings
from db.waivers import ConfirmationWay, Waiver, WaiverMessage
from portal import consents, dossiers, retention, settings
from portal.activity import By
from portal.consents import Consent
from portal.imported import Buyer
from portal.retention_clocks import Clock, first_of_year, last_day
from portal.settings import FilesChange, RetentionChange
from portal.waivers import Confirmation
from tests.factories import BERLIN, SHOP, berlin
from tests.portal.selling import KEY, Shop

ONCE = berlin(2020, 6, 15)


@pytest.fixture
async def shop(house):
    shop = Shop(house)
    (shop.folder / "bente.zip").write_bytes(b"PK" + bytes(50))
    await shop.opens(window_days=30, waiver_required=True)
    await shop.sells("bente.zip", at=ONCE)
    return shop


async def ordered(shop: Shop, at: datetime = ONCE) -> int:
    return await shop.is_ordered(KEY, ordered_at=at, paid_at=at, buyer=Buyer(name="Max", email="max@example.org"))


async def run(shop: Shop, now: datetime) -> dict[Clock, int]:
    """What was removed, which is what was foretold."""
    database = shop.house.database
    async with database.reading() as session:
        foretold = await retention.foretold(session, now, BERLIN)
    removed = await retention.run(database, now, BERLIN)
    assert {clock: count for clock, count in removed.items() if clock not in (Clock.ORDERS, Clock.WAIVERS)} == {
        clock: count for clock, count in foretold.items() if clock not in (Clock.ORDERS, Clock.WAIVERS)
    }
    return removed


async def wrote(shop: Shop, at: datetime, state: MessageState = MessageState.SENT, order_id: int | None = None) -> None:
    async with shop.house.database.writing() as session:
        mail = Message(
            order_id=order_id,
            kind="portal_link",
            locale="de",
            to_address="max@example.org",
            subject="Ihr Link",
            text="…",
            message_id=f"<{at.timestamp()}-{state}@x>",
            created_at=at,
            state=state,
        )
        session.add(mail)
        await session.flush()
        session.add(
            Attachment(message_id=mail.id, position=0, name="x.pdf", media_type="application/pdf", content=b"1")
        )


async def test_a_letter_goes_with_its_attachments_when_its_six_years_are_over(shop):
    await wrote(shop, berlin(2020, 12, 31))
    await wrote(shop, berlin(2021, 1, 1, 0))
    await wrote(shop, ONCE, MessageState.QUEUED)

    assert (await run(shop, berlin(2026, 12, 31)))[Clock.MESSAGES] == 0
    assert (await run(shop, berlin(2027, 1, 1)))[Clock.MESSAGES] == 1

    assert len(await shop.every(Message)) == len(await shop.every(Attachment)) == 2


async def test_a_buyer_is_forgotten_when_the_years_of_the_order_are_over(shop):
    order_id = await ordered(shop)

    assert (await run(shop, berlin(2028, 12, 31)))[Clock.ORDERS] == 0
    assert (await run(shop, berlin(2029, 1, 1)))[Clock.ORDERS] == 1
    assert (await run(shop, berlin(2029, 1, 2)))[Clock.ORDERS] == 0

    (order,) = await shop.every(Order)
    assert (order.id, order.state, order.buyer_name, order.buyer_email) == (order_id, State.DELETED, "", "")


async def test_no_buyer_is_forgotten_who_may_still_download(shop):
    await ordered(shop)
    async with shop.house.database.writing() as session:
        await settings.change(FileSettings, FilesChange(window_days=None, waiver_required=False), session, SHOP)

    assert (await run(shop, berlin(2035, 1, 1)))[Clock.ORDERS] == 0
    assert (await shop.every(Order))[0].buyer_name == "Max"


async def test_a_consent_is_kept_three_years_and_as_long_as_its_order_tells_of_somebody(shop):
    order_id = await ordered(shop)
    database = shop.house.database
    async with database.writing() as session:
        dossier = await dossiers.of(order_id, session, BERLIN)
        soon = ONCE + timedelta(days=1)
        await consents.give(Consent(accepted=True, locale="de-DE"), dossier, session, By("customer", soon))
        await consents.confirm(1, Confirmation(at=soon, way=ConfirmationWay.PDF), session)
    await wrote(shop, ONCE, order_id=order_id)
    async with database.writing() as session:
        session.add(WaiverMessage(waiver_id=1, message_id=1))

    assert (await run(shop, berlin(2028, 12, 31)))[Clock.WAIVERS] == 0
    assert len(await shop.every(Waiver)) == len(await shop.every(Message)) == 1
    await run(shop, berlin(2029, 1, 1))

    assert await shop.every(Waiver) == await shop.every(Message) == []


async def test_every_night_is_written_down_without_telling_of_anybody(shop):
    await wrote(shop, ONCE)

    await run(shop, berlin(2029, 1, 1))

    (row,) = await shop.every(RetentionRun)
    assert (row.ended_at, row.removed) == (berlin(2029, 1, 1), {"messages": 1})


@pytest.mark.parametrize("change", [{"message_retention_years": 5}, {"waiver_retention_years": 2}])
def test_nobody_keeps_less_than_the_law_asks_for(change):

    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(change, RetentionChange)


async def test_a_change_of_a_clock_stands_in_the_history(shop):
    async with shop.house.database.writing() as session:
        await settings.change(RetentionSettings, RetentionChange(message_retention_years=10), session, SHOP)

    await wrote(shop, ONCE)
    assert (await run(shop, berlin(2030, 12, 31)))[Clock.MESSAGES] == 0


def test_years_run_to_the_end_of_the_calendar_year_on_the_merchants_clock():
    assert last_day(date(2026, 1, 1), 8) == last_day(date(2026, 12, 31), 8) == date(2034, 12, 31)
    assert first_of_year(datetime(2026, 12, 31, 23, 30, tzinfo=UTC), 6, BERLIN) == berlin(2021, 1, 1, 0)


def test_a_night_is_once_a_day_whatever_the_clocks_do():
    next_after = retention.every_night(lambda: BERLIN)
    moment = datetime(2026, 10, 24, 12, tzinfo=UTC)
    nights = []
    for _ in range(3):
        moment = next_after(moment)
        nights.append(moment.astimezone(UTC))

    assert [(night.day, night.hour) for night in nights] == [(25, 2), (26, 2), (27, 2)]
