"""Automations at work: once for each event, asked again when due, never a flood, and every run tells why."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select, update

from db.activity import Activity
from db.automations import AutomationRun, AutomationSettings, RunState, Trigger
from db.engine import Database
from db.messages import Message, MessageState
from db.orders import Order, OrderKind, OrderTag, State
from db.outbox import Job
from db.settings import InvoiceSettings, MailTls
from db.sources import RunCause, RunOutcome, Source, SourceKind, SourceRun
from integrations.smtp import SmtpMailer
from pdfkit.outcome import Inspection
from portal import (
    automation_runs,
    automations,
    foreign_invoices,
    held_mails,
    held_runs,
    imported_payments,
    jobs,
    kept_back,
    left_alone,
    links,
    mail_servers,
    message_templates,
    messages,
    order_imports,
    outbox,
    ready_made,
    retention,
    settings,
    skipped_runs,
    sources,
)
from portal.actions import Action, ActionKind, Hands
from portal.activity import TRESEN, By
from portal.automation_runs import AutomationRuns
from portal.automations import AutomationChange, NewAutomation, Readiness, TriggerChoice
from portal.conditions import Condition, ConditionKind, Op
from portal.foreign_invoices import ForeignInvoice
from portal.house import House
from portal.imported import Buyer
from portal.kept_back import Kept
from portal.mail_servers import MailServer
from portal.message_templates import NewTemplate
from portal.messages import Messages, Post
from portal.new_messages import NewMessage
from portal.order_imports import Key
from portal.outbox import Lane
from portal.refusals import Conflict, Invalid, NotFound
from portal.second_looks import SecondLooks
from portal.settings import AutomationsChange, InvoicesChange, MailChange
from portal.sources import SourceChange
from portal.templated_mails import TemplatedMails
from portal.triggers import JOB
from portal.vault import Vault
from tests.factories import BERLIN, KEYS, NOON, a_line, an_imported_order, an_imported_payment
from tests.pretend_mail import PostOffice, open_post_office
from views.mail import templated

READY = Readiness(base_url=True, mail=True)
FRESH = NOON - timedelta(minutes=5)
A_PDF = Inspection(
    pages=1,
    encrypted="none",
    repaired=False,
    signed=False,
    pdf_version="1.7",
    stampable=True,
    cause=None,
    warnings=(),
)
MAIL = Action(kind=ActionKind.SEND_MESSAGE, template="Dank")


def mailing(template: str) -> Action:
    return Action(kind=ActionKind.SEND_MESSAGE, template=template)


@dataclass
class Shop:
    """A shop whose clock stands still unless told otherwise, and whose jobs are done when `work` is called."""

    house: House
    post: Post
    runs: AutomationRuns
    now: datetime = NOON
    orders: int = 0
    smtp_port: int = 1
    known: dict[str, Order] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.house.database

    @property
    def by(self) -> By:
        return By("key:shop", self.now)

    async def automation(self, *does: Action, trigger: str = "order_paid", delay: int = 0, **more: Any) -> int:
        new = NewAutomation(
            name=str(more.pop("name", "Regel")),
            active=bool(more.pop("active", True)),
            trigger=TriggerChoice(kind=Trigger(trigger), delay_minutes=delay),
            actions=list(does) or [MAIL],
            **more,
        )
        async with self.database.writing() as session:
            return (await automations.add(new, READY, session, self.by)).id

    async def put(self, external_id: str = "1", **fields: Any) -> int:
        """An order that came in, or news of it; placed a moment ago."""
        erika = Buyer(name="Erika", email="erika@example.org")
        ordinary: dict[str, Any] = {"ordered_at": FRESH, "buyer": erika, "state": State.PAID}
        order = an_imported_order(**{**ordinary, **fields})
        async with self.database.writing() as session:
            return (await order_imports.put(Key("shop", external_id), order, session, self.by))[0].id

    async def template(self, name: str, text: str, **more: Any) -> None:
        async with self.database.writing() as session:
            await message_templates.add(NewTemplate(name=name, subject=name, text=text, **more), session, self.by)

    async def work(self) -> None:
        """All that is due now, as the worker would do it."""
        while await self.work_once():
            pass

    async def work_once(self) -> bool:
        """Whether there was something to do."""
        async with self.database.writing() as session:
            job = await outbox.claim(Lane(JOB), jobs.lease(self.runs), session, self.now)
        if job is not None:
            await jobs.attempt(job, self.runs, self.database.writing, lambda: self.now)
        return job is not None

    async def tell_of_those_left_alone(self) -> None:
        """What its job does once it is due."""
        async with self.database.writing() as session:
            job = await outbox.claim(Lane(left_alone.JOB), timedelta(minutes=1), session, self.now + left_alone.QUIET)
        if job:
            await jobs.attempt(job, left_alone.Notices(), self.database.writing, lambda: self.now)

    async def every(self, table: Any) -> list[Any]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(table)))

    async def mails(self) -> list[Message]:
        return await self.every(Message)

    async def outcomes(self) -> list[tuple[RunState, str]]:
        return [(run.state, run.reason) for run in await self.every(AutomationRun)]

    async def told(self, *kinds: str) -> list[Activity]:
        return [row for row in await self.every(Activity) if row.kind in kinds]

    async def change(self, **values: Any) -> None:
        async with self.database.writing() as session:
            await settings.change(AutomationSettings, AutomationsChange(**values), session, self.by)


@pytest.fixture
async def shop(house: House) -> AsyncIterator[Shop]:
    """Nobody listens where its mail goes, unless there is a post office."""
    server = MailServer(host="127.0.0.1", port=1, tls=MailTls.NONE, from_address="shop@example.org")
    mails = TemplatedMails(house.links, templated.written)
    post = Post(
        vault=Vault(KEYS),
        mailer_for=lambda server: SmtpMailer(replace(server, port=found.smtp_port)),
        fixed=server,
        base_url=house.base_url,
        second_look=SecondLooks(mails, BERLIN).look,
    )
    hands = Hands(messages=Messages(house.database, post), mails=mails)
    found = Shop(
        house,
        post,
        AutomationRuns(
            database=house.database,
            hands=hands,
            issuing=house.issuing,
            has_base_url=True,
            zone=house.zone,
            clock=lambda: found.now,
        ),
    )
    async with house.database.writing() as session:
        new = NewTemplate(name="Dank", subject="Danke {OrderNumber}", text="{PortalUrl}")
        await message_templates.add(new, session, found.by)
    yield found


@pytest.fixture
async def post_office(shop: Shop) -> AsyncIterator[PostOffice]:
    async with open_post_office() as office:
        shop.smtp_port = office.port
        yield office


# --- Once, and for every way in which it may happen


async def test_an_order_that_comes_in_paid_gets_its_mail(shop):
    await shop.automation()

    order = await shop.put()
    await shop.work()

    (mail,) = await shop.mails()
    assert (mail.to_address, mail.order_id, mail.subject) == ("erika@example.org", order, "Danke 12345678")
    (ran,) = await shop.told("automation_ran")
    assert (ran.order_id, ran.details["name"], ran.details["done"]) == (order, "Regel", ["send_message"])


async def test_one_that_becomes_paid_gets_it_then_and_never_again(shop):
    await shop.automation()
    await shop.put(state=State.ORDERED)
    await shop.work()
    assert await shop.mails() == []

    await shop.put(state=State.PAID)
    await shop.put(state=State.SHIPPED)
    await shop.work()

    assert len(await shop.mails()) == 1
    assert [run.event for run in await shop.every(AutomationRun)] == ["order_paid"]


async def test_a_payment_booked_by_api_is_told_as_received_and_as_paid(shop):
    await shop.automation(trigger="payment_received", name="a")
    await shop.automation(Action(kind=ActionKind.ADD_TAG, value="bezahlt"), name="b")
    order_id = await shop.put(state=State.ORDERED)

    async with shop.database.writing() as session:
        order = await session.get_one(Order, order_id)
        await imported_payments.add(order, an_imported_payment(), session, shop.by)
    await shop.work()

    assert len(await shop.mails()) == 1
    assert [(tag.tag, tag.own) for tag in await shop.every(OrderTag)] == [("bezahlt", True)]


async def test_money_that_a_source_tells_of_later_is_told_as_received_once(shop):
    again = Action(kind=ActionKind.SEND_MESSAGE, template="Dank", allow_repeat=True)
    await shop.automation(again, trigger="payment_received")
    await shop.put(state=State.ORDERED)
    came = an_imported_payment(at=NOON, amount=900)

    for payments in ([came], [came], [msgspec.structs.replace(came, transaction_id="by another name")]):
        await shop.put(state=State.ORDERED, payments=payments)
        await shop.work()
    assert len(await shop.mails()) == 1

    rest = an_imported_payment(at=NOON, amount=1100, transaction_id="rest")
    await shop.put(state=State.PAID, payments=[came, rest])
    await shop.work()
    assert len(await shop.mails()) == 2
    assert [told.details["amount"] for told in await shop.told("payment_received")] == [900, 1100]


async def test_money_that_an_order_brings_along_or_was_known_to_be_paid_with_is_no_news(shop):
    await shop.automation(trigger="payment_received")
    await shop.put("1", payments=[an_imported_payment(at=FRESH)])
    await shop.put("2", state=State.PAID)

    await shop.put("2", state=State.SHIPPED, payments=[an_imported_payment(at=FRESH)])
    await shop.work()

    assert await shop.outcomes() == []


async def test_each_change_of_state_is_an_event_of_its_own(shop):
    action = Action(kind=ActionKind.SEND_MESSAGE, template="Dank", allow_repeat=True)
    await shop.automation(action, trigger="state_changed")
    await shop.put(state=State.ORDERED)

    for state in (State.CONFIRMED, State.CONFIRMED, State.SHIPPED):
        await shop.put(state=state, note=state.value)
        await shop.work()

    assert len(await shop.mails()) == 2


async def test_the_same_message_reaches_an_order_once_whichever_automation_sends_it(shop):
    await shop.automation(name="a")
    await shop.automation(name="b", trigger="order_imported")

    await shop.put()
    await shop.work()

    assert len(await shop.mails()) == 1
    assert sorted(reason for _, reason in await shop.outcomes()) == ["", "already-sent"]


async def test_a_message_that_did_not_reach_anybody_does_not_stand_in_the_way_of_the_same_again(shop):
    await shop.automation(name="a")
    await shop.automation(name="b", trigger="order_imported")

    await shop.put()
    await shop.work_once()
    async with shop.database.writing() as session:
        await session.execute(update(Message).values(state=MessageState.FAILED))
    await shop.work()

    assert len(await shop.mails()) == 2


async def test_they_run_in_their_order(shop):
    for name, position in (("zuletzt", 3), ("zuerst", 1), ("dann", 2)):
        await shop.automation(Action(kind=ActionKind.ADD_TAG, value=name), name=name, position=position)

    await shop.put()
    await shop.work()

    assert [row.details["name"] for row in await shop.told("automation_ran")] == ["zuerst", "dann", "zuletzt"]


async def test_without_a_commit_there_is_neither_the_order_nor_the_run(shop):
    await shop.automation()

    with pytest.raises(RuntimeError):
        async with shop.database.writing() as session:
            await order_imports.put(Key("shop", "1"), an_imported_order(state=State.PAID), session, shop.by)
            raise RuntimeError

    assert await shop.every(AutomationRun) == []
    assert await shop.every(Job) == []


async def test_one_that_is_switched_off_is_not_asked(shop):
    await shop.automation(active=False)

    await shop.put()

    assert await shop.every(AutomationRun) == []


# --- Why not


async def test_what_conditions_turn_away_is_told_with_the_condition(shop):
    wants = [Condition(kind=ConditionKind.TAG, op=Op.IN, value=["vip"])]
    await shop.automation(conditions=wants)

    await shop.put()
    await shop.work()

    (told,) = await shop.told("automation_skipped")
    assert (told.details["reason"], told.details["condition"], told.details["place"]) == ("conditions", "tag", 1)
    assert await shop.mails() == []


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("", "no-address"),
        ("nowhere", "no-address"),
        ("abc123@marketplace.amazon.de", "relay-address"),
        ("abc@members.ebay.com", "relay-address"),
    ],
)
async def test_nobody_is_written_to_where_no_mail_should_go(shop, email, reason):
    await shop.automation()

    await shop.put(buyer=Buyer(name="Erika", email=email))
    await shop.work()

    assert await shop.outcomes() == [(RunState.SKIPPED, reason)]
    assert await shop.mails() == []


async def test_relay_addresses_are_written_to_where_the_merchant_says_so(shop):
    await shop.automation()
    await shop.change(relay_addresses=True)

    await shop.put(buyer=Buyer(name="Erika", email="abc123@marketplace.amazon.de"))
    await shop.work()

    assert len(await shop.mails()) == 1


@pytest.mark.parametrize(("state", "reason"), [(State.CANCELLED, "order-dead"), (State.DELETED, "order-removed")])
async def test_an_order_that_died_before_the_delay_was_over_is_left_in_peace(shop, state, reason):
    await shop.automation(trigger="order_imported", delay=60)
    order_id = await shop.put(state=State.ORDERED)
    await shop.work()
    assert [run.state for run in await shop.every(AutomationRun)] == [RunState.WAITING]

    async with shop.database.writing() as session:
        (await session.get_one(Order, order_id)).state = state
    shop.now += timedelta(minutes=60)
    await shop.work()

    assert await shop.outcomes() == [(RunState.SKIPPED, reason)]
    assert await shop.mails() == []


async def test_what_waits_for_one_event_is_not_done_for_another_that_was_chosen_meanwhile(shop):
    automation_id = await shop.automation(trigger="order_imported", delay=60)
    await shop.put()
    await shop.work()
    async with shop.database.writing() as session:
        row = await automations.one(automation_id, session)
        change = AutomationChange(trigger=TriggerChoice(kind=Trigger.ORDER_CANCELLED, delay_minutes=60))
        await automations.change(row, change, READY, session, shop.by)
    shop.now += timedelta(hours=2)
    await shop.work()

    assert await shop.mails() == []
    assert await shop.outcomes() == [(RunState.SKIPPED, "trigger-changed")]


async def test_conditions_are_asked_again_when_the_delay_is_over(shop):
    wants = [Condition(kind=ConditionKind.DUE, op=Op.GTE, value=1)]
    await shop.automation(trigger="order_imported", delay=7 * 24 * 60, conditions=wants)
    await shop.put("1", state=State.ORDERED)
    await shop.put("2", state=State.ORDERED)
    await shop.work()

    shop.now += timedelta(days=7, seconds=-1)
    await shop.put("1", state=State.PAID)
    await shop.work()
    assert await shop.mails() == []
    shop.now += timedelta(seconds=1)
    await shop.work()

    assert [reason for _, reason in await shop.outcomes()] == ["conditions", ""]
    assert len(await shop.mails()) == 1


async def test_one_that_was_removed_or_switched_off_meanwhile_does_nothing(shop):
    kept, gone = await shop.automation(delay=60), await shop.automation(delay=60)
    await shop.put()
    await shop.work()

    async with shop.database.writing() as session:
        await automations.remove(await automations.one(gone, session), session, shop.by)
        row = await automations.one(kept, session)
        await automations.change(row, AutomationChange(active=False), READY, session, shop.by)
    shop.now += timedelta(hours=1)
    await shop.work()

    assert await shop.outcomes() == [(RunState.SKIPPED, "switched-off")] * 2


async def test_a_placeholder_that_nothing_fills_is_a_notice_told_once(shop):
    async with shop.database.writing() as session:
        new = NewTemplate(name="Kaputt", subject="{OrderNumber}", text="{Ordernumber}")
        await message_templates.add(new, session, shop.by)
    await shop.automation(Action(kind=ActionKind.SEND_MESSAGE, template="Kaputt"))

    await shop.put("1")
    await shop.put("2")
    await shop.work()

    (told,) = await shop.told("message_unfilled")
    assert (told.notice, told.details) == (True, {"name": "Kaputt", "names": "{Ordernumber}"})
    assert [mail.text for mail in await shop.mails()] == ["{Ordernumber}\n"] * 2


# --- Never a flood


@pytest.mark.parametrize("many", [1, 20])
async def test_what_was_sold_long_ago_is_nobody_s_mail_however_much_of_it_comes_in(shop, many):
    await shop.automation()

    for number in range(many):
        await shop.put(str(number), ordered_at=NOON - timedelta(days=90))
    fresh = await shop.put("fresh")
    await shop.work()

    assert [mail.order_id for mail in await shop.mails()] == [fresh]
    assert [reason for _, reason in await shop.outcomes()] == ["initial-import"] * many + [""]
    assert len(await shop.told("automation_skipped")) == many


async def test_a_payment_of_yesterday_makes_an_old_order_one_of_today(shop):
    await shop.automation()

    paid = an_imported_payment(at=NOON - timedelta(days=1))
    await shop.put(ordered_at=NOON - timedelta(days=9), state=State.ORDERED, payments=[paid])
    await shop.work()

    assert len(await shop.mails()) == 1


async def test_old_payments_that_are_told_after_their_old_orders_write_to_nobody(shop):
    await shop.automation()
    await shop.automation(trigger="payment_received", name="Dank")
    order_id = await shop.put(state=State.ORDERED, ordered_at=NOON - timedelta(days=90))

    for place, days in enumerate((89, 0)):
        payment = an_imported_payment(transaction_id=str(place), at=shop.now - timedelta(days=days))
        async with shop.database.writing() as session:
            order = await session.get_one(Order, order_id)
            await imported_payments.add(order, payment, session, shop.by)
    await shop.work()

    (mail,) = await shop.mails()  # for the payment of today
    assert mail.order_id == order_id
    assert [reason for _, reason in await shop.outcomes()] == ["initial-import", "initial-import", ""]


async def test_what_is_told_anew_of_an_old_order_writes_to_nobody_unless_it_happened_since(shop):
    await shop.automation(trigger="state_changed", name="Stand")
    await shop.automation(trigger="order_cancelled", name="Storno")
    long_ago = NOON - timedelta(days=400)
    for number in ("1", "2"):
        await shop.put(number, state=State.ORDERED, ordered_at=long_ago)

    await shop.put("1", state=State.CANCELLED, ordered_at=long_ago, updated_at=long_ago + timedelta(days=1))
    await shop.work()
    assert await shop.mails() == []

    shop.now += timedelta(hours=1)
    await shop.put("2", state=State.SHIPPED, ordered_at=long_ago, updated_at=shop.now)
    await shop.work()
    assert len(await shop.mails()) == 1


@pytest.mark.parametrize(("days", "is_told"), [(90, False), (9, True)])
async def test_old_orders_that_are_corrected_to_paid_without_a_day_write_to_nobody(shop, days, is_told):
    await shop.automation()
    await shop.put(state=State.ORDERED, ordered_at=NOON - timedelta(days=days))

    await shop.put(state=State.PAID, ordered_at=NOON - timedelta(days=days))
    await shop.work()

    assert len(await shop.mails()) == is_told


@pytest.mark.parametrize(
    ("issued", "ordered", "is_told"), [(400, 400, False), (3, 0, False), (1, 400, False), (1, 1, True)]
)
async def test_an_invoice_from_elsewhere_is_told_of_only_while_it_is_new(shop, issued, ordered, is_told):
    await shop.automation(trigger="invoice_created")
    order_id = await shop.put(ordered_at=NOON - timedelta(days=ordered))

    day = (NOON - timedelta(days=issued)).date()
    new = ForeignInvoice(number="R1", issued_on=day, content=b"%PDF", inspection=A_PDF)
    async with shop.database.writing() as session:
        await foreign_invoices.store(new, await session.get_one(Order, order_id), session, shop.by)
    await shop.work()

    assert len(await shop.mails()) == is_told


async def test_what_was_left_alone_is_one_notice_for_each_source_and_day(shop):
    await shop.automation(name="a")
    await shop.automation(trigger="order_imported", name="b")
    for number in range(7):
        await shop.put(str(number), ordered_at=NOON - timedelta(days=90))
    assert await shop.told(left_alone.NOTICE) == []

    await shop.tell_of_those_left_alone()
    shop.now += timedelta(hours=1)
    await shop.put("late", ordered_at=NOON - timedelta(days=90))
    await shop.tell_of_those_left_alone()
    (told,) = await shop.told(left_alone.NOTICE)
    assert (told.notice, told.details["name"], told.details["count"]) == (True, "shop", 7)

    shop.now += timedelta(days=1)
    await shop.tell_of_those_left_alone()
    assert [each.details["count"] for each in await shop.told(left_alone.NOTICE)] == [7, 1]


async def test_nobody_of_today_waits_behind_what_was_sold_long_ago(shop):
    await shop.automation()
    for number in range(50):
        await shop.put(str(number), ordered_at=NOON - timedelta(days=90))
    fresh = await shop.put("fresh")

    async with shop.database.writing() as session:
        job = await outbox.claim(Lane(JOB), jobs.lease(shop.runs), session, shop.now)

    assert job and job.payload["order_id"] == fresh


async def test_a_pause_holds_everything_and_its_end_lets_it_go_once(shop):
    await shop.automation()
    await shop.change(paused=True)
    await shop.put()
    await shop.work()
    assert await shop.outcomes() == [(RunState.HELD, "")]

    shop.now += timedelta(hours=5)
    await shop.change(paused=False)
    await shop.work()

    assert len(await shop.mails()) == 1
    assert await shop.outcomes() == [(RunState.DONE, "")]


async def test_what_a_pause_has_held_is_dropped_and_the_history_says_so(shop):
    await shop.automation()
    await shop.change(paused=True)
    order_id = await shop.put()
    await shop.work()

    async with shop.database.writing() as session:
        assert await held_runs.discard(session, shop.by) == 1
        assert await held_runs.discard(session, shop.by) == 0
    await shop.change(paused=False)
    await shop.work()

    assert await shop.mails() == []
    assert await shop.outcomes() == [(RunState.SKIPPED, "discarded")]
    (told,) = await shop.told("automation_skipped")
    assert (told.order_id, told.details["reason"]) == (order_id, "discarded")


async def test_runs_that_ended_long_ago_go_and_nothing_is_done_twice(shop):
    await shop.automation()
    await shop.put()
    await shop.work()
    await shop.automation(trigger="order_imported", delay=2 * 366 * 24 * 60, name="in zwei Jahren")
    await shop.put("2", state=State.ORDERED)
    await shop.work()

    shop.now += timedelta(days=366)
    await retention.run(shop.database, shop.now)
    await shop.put(state=State.SHIPPED)
    await shop.work()

    assert [run.state for run in await shop.every(AutomationRun)] == [RunState.WAITING]
    assert len(await shop.mails()) == 1


@dataclass
class Fetched:
    """A source that is asked for its orders, connected now."""

    shop: Shop
    source: Source

    @staticmethod
    async def of(shop: Shop) -> Fetched:
        keys = {"username": "jana", "password": "sealed", "api_key": "sealed"}
        source = Source(name="shop", kind=SourceKind.BILLBEE, options=keys, created_at=shop.now)
        async with shop.database.writing() as session:
            session.add(source)
        return Fetched(shop, source)

    async def first_run_ends(self) -> None:
        async with self.shop.database.writing() as session:
            now = self.shop.now
            run = SourceRun(source_id=self.source.id, cause=RunCause.CHANGED, asked_at=now, ended_at=now)
            run.outcome = RunOutcome.OK
            session.add(run)


async def test_what_was_sold_before_its_source_was_connected_writes_to_nobody(shop):
    await shop.automation()
    fetched = await Fetched.of(shop)
    await shop.put("before", ordered_at=FRESH)
    await shop.put("meanwhile", ordered_at=shop.now)
    shop.now += timedelta(minutes=1)
    await fetched.first_run_ends()
    shop.now += timedelta(minutes=1)
    await shop.put("paid late", ordered_at=FRESH)
    await shop.put("touched", ordered_at=NOON - timedelta(days=400))
    await shop.work()

    assert [reason for _, reason in await shop.outcomes()] == ["initial-import", "", "", "initial-import"]


async def test_what_was_sold_while_a_fetched_source_was_away_is_written_to_late(shop):
    await shop.automation()
    fetched = await Fetched.of(shop)
    await fetched.first_run_ends()
    sold = shop.now + timedelta(hours=1)

    shop.now += timedelta(days=9)
    order = await shop.put(ordered_at=sold)
    await shop.work()

    assert [mail.order_id for mail in await shop.mails()] == [order]


async def test_what_was_sold_while_the_merchant_had_switched_it_off_writes_to_nobody(shop):
    await shop.automation()
    fetched = await Fetched.of(shop)
    await fetched.first_run_ends()
    sold = shop.now + timedelta(hours=1)
    shop.now += timedelta(days=60)
    connectors = shop.house.connectors
    for active in (False, True):
        async with shop.database.writing() as session:
            row = await session.get_one(Source, fetched.source.id)
            await sources.change(row, SourceChange(active=active), connectors, session, shop.by)

    await shop.put(ordered_at=sold)
    await shop.work()

    assert await shop.mails() == []


async def test_the_first_run_of_a_source_is_no_notice(shop):
    await shop.automation()
    await Fetched.of(shop)
    await shop.put(ordered_at=NOON - timedelta(days=90))

    await shop.tell_of_those_left_alone()

    assert await shop.told(left_alone.NOTICE) == []


async def test_automations_that_set_each_other_off_come_to_an_end_that_is_told(shop):
    for state, after in ((State.PACKED, State.CONFIRMED), (State.CONFIRMED, State.PACKED)):
        wants = [Condition(kind=ConditionKind.STATE, op=Op.IS, value=after.value)]
        action = Action(kind=ActionKind.SET_STATE, value=state.value)
        await shop.automation(action, trigger="state_changed", conditions=wants, name=state.value)
    await shop.put(state=State.ORDERED)

    await shop.put(state=State.PACKED)
    await shop.work()

    (told,) = await shop.told("automation_loop")
    assert told.notice
    assert 5 <= len(await shop.told("state_set")) < 32
    assert {run.state for run in await shop.every(AutomationRun)} <= {RunState.DONE, RunState.SKIPPED}


# --- Setting up


async def test_nothing_is_switched_on_before_mail_can_leave_to_an_address_that_leads_here(shop):
    off = await shop.automation(active=False)

    for ready in (Readiness(base_url=False, mail=True), Readiness(base_url=True, mail=False)):
        with pytest.raises(Conflict):
            async with shop.database.writing() as session:
                row = await automations.one(off, session)
                await automations.change(row, AutomationChange(active=True), ready, session, shop.by)

    async with shop.database.reading() as session:
        assert not (await automations.one(off, session)).active


async def test_a_message_that_is_sent_keeps_its_name_and_stays(shop):
    await shop.automation()

    async with shop.database.writing() as session:
        row = await message_templates.fitting("Dank", "de", session)
        assert row
        with pytest.raises(Conflict):
            await message_templates.remove(row, session, shop.by)


async def test_a_template_may_be_named_by_its_id(shop):
    async with shop.database.reading() as session:
        template = await message_templates.fitting("Dank", "de", session)
    assert template
    automation = await shop.automation(Action(kind=ActionKind.SEND_MESSAGE, template=template.id))

    async with shop.database.reading() as session:
        (stored,) = automations.actions_of(await automations.one(automation, session))
    assert stored.template == "Dank"


async def test_an_unknown_template_is_refused(shop):
    with pytest.raises(Invalid):
        await shop.automation(Action(kind=ActionKind.SEND_MESSAGE, template="Dunk"))


async def test_what_comes_along_is_switched_off_and_does_not_come_again_once_it_was_removed(shop):
    async with shop.database.writing() as session:
        await ready_made.lay_out(session, NOON)
    async with shop.database.writing() as session:
        rows = await automations.every(session)
        await automations.remove(rows[0], session, shop.by)
    async with shop.database.writing() as session:
        await ready_made.lay_out(session, NOON)
        left = await automations.every(session)

    assert [row.active for row in rows] == [False] * 4
    assert [row.ready_made for row in left] == ["invoice", "reminder", "thanks"]


async def test_tags_given_here_outlive_the_next_import(shop):
    await shop.automation(Action(kind=ActionKind.ADD_TAG, value="neu"))
    await shop.put(tags=["shop"])
    await shop.work()

    await shop.put(tags=["anders"])

    assert {tag.tag for tag in await shop.every(OrderTag)} == {"neu", "anders"}


async def test_a_reminder_does_not_leave_to_somebody_who_has_paid_meanwhile(shop):
    unpaid = Condition(kind=ConditionKind.PAYMENT_STATE, op=Op.IN, value=["unpaid"])
    await shop.automation(trigger="order_imported", conditions=[unpaid])
    await shop.put(state=State.ORDERED)
    await shop.work()
    (mail,) = await shop.mails()
    await shop.put(state=State.PAID, payments=[an_imported_payment()])

    outcome = await shop.runs.hands.messages.send_now(mail.id)

    assert (outcome.state, outcome.error) == (MessageState.FAILED, kept_back.SENTENCES[Kept.CONDITIONS])


@pytest.mark.parametrize("match", ["all", "any"])
@pytest.mark.parametrize(
    ("condition", "deed"),
    [
        (Condition(kind=ConditionKind.TAG, op=Op.NOT_IN, value=["gemailt"]), ("add_tag", "gemailt")),
        (Condition(kind=ConditionKind.STATE, op=Op.IN, value=["paid"]), ("set_state", "completed")),
    ],
)
async def test_what_a_rule_does_besides_does_not_keep_its_own_mail_back(shop, match, condition, deed):
    kind, value = deed
    besides = Action(kind=ActionKind(kind), value=value)
    money = Condition(kind=ConditionKind.PAYMENT_STATE, op=Op.IN, value=["paid" if match == "all" else "voided"])
    await shop.automation(MAIL, besides, conditions=[condition, money], match=match)
    await shop.put(payments=[an_imported_payment()])
    await shop.work()
    (mail,) = await shop.mails()

    outcome = await shop.runs.hands.messages.send_now(mail.id)

    assert outcome.error not in kept_back.SENTENCES.values()
    assert outcome.state is MessageState.QUEUED  # nobody listens at that port: it was handed to the server


async def test_nothing_is_sent_about_an_order_that_was_cancelled_meanwhile_but_its_cancellation(shop):
    await shop.automation()
    again = Action(kind=ActionKind.SEND_MESSAGE, template="Dank", allow_repeat=True)
    await shop.automation(again, trigger="order_cancelled", name="Storno")
    await shop.put()
    await shop.work()
    await shop.put(state=State.CANCELLED)
    await shop.work()

    outcomes = [await shop.runs.hands.messages.send_now(mail.id) for mail in await shop.mails()]

    assert [outcome.error == kept_back.SENTENCES[Kept.ORDER_DEAD] for outcome in outcomes] == [True, False]


async def test_a_mail_with_a_link_that_was_renewed_meanwhile_does_not_leave(shop):
    await shop.automation()
    order_id = await shop.put()
    await shop.work()
    (mail,) = await shop.mails()
    async with shop.database.writing() as session:
        await links.renew(await session.get_one(Order, order_id), session, shop.by)

    outcome = await shop.runs.hands.messages.send_now(mail.id)

    assert (outcome.state, outcome.error) == (MessageState.FAILED, kept_back.SENTENCES[Kept.LINK_RENEWED])


async def test_a_mail_that_waited_says_what_is_open_by_now_and_goes_where_the_order_says_by_now(shop, post_office):
    await shop.template("Erinnerung", "Offen: {OpenAmount}")
    await shop.automation(mailing("Erinnerung"), trigger="order_imported")
    await shop.put(state=State.ORDERED, payments=[], buyer=Buyer(name="Erika", email="wrong@example.org"))
    await shop.work()
    (queued,) = await shop.mails()
    part = an_imported_payment(amount=1_000)
    await shop.put(state=State.ORDERED, payments=[part], buyer=Buyer(name="Erika", email="erika@example.org"))

    await shop.runs.hands.messages.send_now(queued.id)

    (left,) = post_office.mails
    (logged,) = await shop.mails()
    assert left["To"] == "Erika <erika@example.org>"
    assert "Offen: 20,00" in queued.text
    assert "Offen: 10,00" in left.get_body(("plain",)).get_content()
    assert "Offen: 10,00" in logged.text
    assert (logged.to_address, logged.state) == ("erika@example.org", MessageState.SENT)


async def test_a_mail_whose_order_has_no_address_any_more_does_not_leave_to_the_old_one(shop):
    await shop.automation()
    await shop.put(buyer=Buyer(name="Erika", email="wrong@example.org"))
    await shop.work()
    (mail,) = await shop.mails()
    await shop.put(buyer=Buyer(name="Erika", email=""))

    outcome = await shop.runs.hands.messages.send_now(mail.id)

    assert (outcome.state, outcome.error) == (MessageState.FAILED, kept_back.SENTENCES[Kept.ADDRESS_CHANGED])


async def test_a_mail_that_brings_an_invoice_does_not_leave_without_it(shop):
    await shop.template("Rechnung", "Anbei.", attach_invoice=True)
    await shop.automation(mailing("Rechnung"), trigger="invoice_created")
    order_id = await shop.put()
    new = ForeignInvoice(number="R1", issued_on=NOON.date(), content=b"%PDF", inspection=A_PDF)
    async with shop.database.writing() as session:
        await foreign_invoices.store(new, await session.get_one(Order, order_id), session, shop.by)
    await shop.work()
    (mail,) = await shop.mails()
    async with shop.database.writing() as session:
        await settings.change(InvoiceSettings, InvoicesChange(download_enabled=False), session, shop.by)

    outcome = await shop.runs.hands.messages.send_now(mail.id)

    assert (outcome.state, outcome.error) == (MessageState.FAILED, kept_back.SENTENCES[Kept.INVOICE_GONE])


@pytest.mark.parametrize("broken", [True, False])
async def test_words_that_are_broken_by_now_leave_as_they_were_and_to_no_wrong_address(shop, post_office, broken):
    await shop.template("Erinnerung", "Danke {UserName}")
    await shop.automation(mailing("Erinnerung"))
    await shop.put("1", number="1")
    await shop.put("2", number="2", buyer=Buyer(name="Berta", email="wrong@example.org"))
    await shop.work()
    async with shop.database.writing() as session:
        template = await message_templates.fitting("Erinnerung", "de", session)
        assert template
        if broken:
            template.text = "Danke {UserNam}"
        else:
            await session.delete(template)
    await shop.put("2", number="2", buyer=Buyer(name="Berta", email="berta@example.org"))

    outcomes = [await shop.runs.hands.messages.send_now(mail.id) for mail in await shop.mails()]

    (left,) = post_office.mails
    assert "Danke Erika" in left.get_body(("plain",)).get_content()
    assert [outcome.error for outcome in outcomes] == ["", kept_back.SENTENCES[Kept.ADDRESS_CHANGED]]


async def test_of_two_mails_of_a_kind_that_wait_only_the_later_one_leaves(shop, post_office):
    again = Action(kind=ActionKind.SEND_MESSAGE, template="Dank", allow_repeat=True)
    await shop.automation(again, trigger="state_changed")
    await shop.put(state=State.ORDERED)
    for state in (State.PAID, State.COMPLETED):
        await shop.put(state=state)
        await shop.work()

    outcomes = [await shop.runs.hands.messages.send_now(mail.id) for mail in await shop.mails()]

    assert [outcome.error for outcome in outcomes] == [kept_back.SENTENCES[Kept.REPEATED], ""]
    assert len(post_office.mails) == 1


async def test_a_mail_does_not_give_way_to_another_rule_s_which_may_never_leave(shop, post_office):
    again = Action(kind=ActionKind.SEND_MESSAGE, template="Dank", allow_repeat=True)
    await shop.automation(again)
    other = await shop.automation(again, name="Andere")
    await shop.put()
    await shop.work()
    async with shop.database.writing() as session:
        (await automations.one(other, session)).active = False

    outcomes = [await shop.runs.hands.messages.send_now(mail.id) for mail in await shop.mails()]

    assert [outcome.error for outcome in outcomes] == ["", kept_back.SENTENCES[Kept.SWITCHED_OFF]]
    assert len(post_office.mails) == 1


async def test_who_was_silenced_by_a_mail_that_never_left_speaks_after_all(shop, post_office):
    unpaid = Condition(kind=ConditionKind.PAYMENT_STATE, op=Op.IN, value=["unpaid"])
    await shop.automation(trigger="order_imported", conditions=[unpaid])
    await shop.automation(trigger="order_paid", name="Bezahlt")
    await shop.put(state=State.ORDERED)
    await shop.work()
    await shop.put(state=State.PAID, payments=[an_imported_payment()])
    await shop.work()
    (mail,) = await shop.mails()
    await shop.runs.hands.messages.send_now(mail.id)

    await shop.work()

    assert [mail.state for mail in await shop.mails()] == [MessageState.FAILED, MessageState.QUEUED]


async def test_a_refusal_is_shown_beside_the_address_that_was_refused(shop, post_office):
    post_office.refuses["erika@example.org"] = "550 5.1.1 no such user"
    await shop.automation()
    await shop.put(buyer=Buyer(name="Erika", email="wrong@example.org"))
    await shop.work()
    (mail,) = await shop.mails()
    await shop.put(buyer=Buyer(name="Erika", email="erika@example.org"))

    await shop.runs.hands.messages.send_now(mail.id)

    (logged,) = await shop.mails()
    assert (logged.to_address, logged.state) == ("erika@example.org", MessageState.FAILED)


async def test_an_address_that_mail_servers_spell_otherwise_is_the_same_one(shop):
    await shop.automation()
    await shop.put(buyer=Buyer(name="Erika", email="Erika@Bücher.example"))
    await shop.work()
    (mail,) = await shop.mails()

    outcome = await shop.runs.hands.messages.send_now(mail.id)

    assert outcome.state is MessageState.QUEUED  # nobody listens at that port: it was handed to the server


@pytest.mark.parametrize("removed", [True, False])
async def test_a_rule_that_was_switched_off_or_removed_keeps_its_queued_mail_back(shop, removed):
    automation = await shop.automation()
    await shop.put()
    await shop.work()
    (mail,) = await shop.mails()

    async with shop.database.writing() as session:
        row = await automations.one(automation, session)
        if removed:
            await automations.remove(row, session, shop.by)
        else:
            await automations.change(row, AutomationChange(active=False), READY, session, shop.by)
    await shop.runs.hands.messages.send_now(mail.id)

    (mail,) = await shop.mails()
    assert (mail.state, mail.kept_back) == (MessageState.FAILED, Kept.SWITCHED_OFF)


async def test_mails_that_are_kept_back_are_one_notice_for_each_cause_and_day(shop):
    await shop.automation()
    for number in range(3):
        await shop.put(str(number))
    await shop.work()
    for number in range(3):
        await shop.put(str(number), state=State.CANCELLED)

    for mail in await shop.mails():
        await shop.runs.hands.messages.send_now(mail.id)

    (told,) = await shop.told(kept_back.NOTICE)
    assert (told.notice, told.details["reason"]) == (True, "order-dead")
    assert len(await shop.told(kept_back.HISTORY)) == 3
    assert [row.kind for row in await shop.every(Activity) if row.notice] == [kept_back.NOTICE]


async def test_what_a_pause_keeps_in_the_queue_is_dropped_but_not_what_was_sent_by_hand(shop):
    await shop.automation()
    await shop.put()
    await shop.work()
    async with shop.database.writing() as session:
        by_hand = NewMessage(kind="portal_link", to="erika@example.org", subject="Ihr Link", text="!")
        await shop.runs.hands.messages.enqueue(by_hand, session, shop.by)
        with pytest.raises(Conflict):
            await held_mails.discard(session, shop.by)

    await shop.change(paused=True)
    async with shop.database.writing() as session:
        assert await held_mails.count(session) == 1
        assert await held_mails.discard(session, shop.by) == 1
        assert await held_mails.discard(session, shop.by) == 0

    dropped, kept = await shop.mails()
    assert (dropped.state, dropped.kept_back) == (MessageState.FAILED, Kept.DISCARDED)
    assert kept.state is MessageState.QUEUED
    assert [job.kind for job in await shop.every(Job) if not job.done_at] == [messages.KIND]
    (told,) = await shop.told(kept_back.HISTORY)
    assert (told.order_id, told.details["reason"]) == (dropped.order_id, "discarded")


async def test_a_run_without_a_mail_server_is_held_with_a_notice_until_there_is_one(shop):
    await shop.automation()
    hands = shop.runs.hands
    nobody = Messages(shop.database, replace(shop.post, fixed=None))
    shop.runs = replace(shop.runs, hands=replace(hands, messages=nobody))
    for number in range(2):
        await shop.put(str(number))
    await shop.work()
    assert await shop.outcomes() == [(RunState.HELD, "")] * 2
    assert [told.notice for told in await shop.told(automation_runs.NO_SERVER)] == [True]

    shop.runs = replace(shop.runs, hands=hands)
    shop.now += timedelta(hours=1)
    await shop.change(paused=True)
    async with shop.database.writing() as session:
        await held_runs.release_unless_paused(session, shop.now)
    assert await shop.outcomes() == [(RunState.HELD, "")] * 2
    await shop.change(paused=False)
    await shop.work()
    assert len(await shop.mails()) == 2


async def test_a_mail_server_that_is_set_up_on_screen_lets_go_what_was_held_for_it(shop):
    await shop.automation()
    hands = shop.runs.hands
    nobody = Messages(shop.database, replace(shop.post, fixed=None))
    shop.runs = replace(shop.runs, hands=replace(hands, messages=nobody))
    await shop.put()
    await shop.work()

    shop.runs = replace(shop.runs, hands=hands)
    shop.now += timedelta(hours=1)
    async with shop.database.writing() as session:
        await mail_servers.change(MailChange(smtp_host="mail.example.org"), Vault(KEYS), session, shop.by)
    await shop.work()

    assert len(await shop.mails()) == 1


async def test_a_run_that_did_nothing_is_asked_again_once_and_acts(shop):
    tagged = Condition(kind=ConditionKind.TAG, op=Op.IN, value=["neu"])
    await shop.automation(conditions=[tagged], delay=60)
    order_id = await shop.put(tags=["neu"])
    await shop.work()
    shop.now += timedelta(hours=1)
    await shop.put()
    await shop.work()
    (run,) = await shop.every(AutomationRun)
    assert (run.state, run.reason) == (RunState.SKIPPED, "conditions")
    await shop.put(tags=["neu"])

    async with shop.database.writing() as session:
        await skipped_runs.ask_again(run.id, order_id, session, shop.by)
        with pytest.raises(Conflict):
            await skipped_runs.ask_again(run.id, order_id, session, shop.by)
        with pytest.raises(NotFound):
            await skipped_runs.ask_again(run.id, order_id + 1, session, shop.by)
    await shop.work()

    assert len(await shop.mails()) == 1
    (told,) = await shop.told("automation_asked_again")
    assert (told.order_id, told.details["run"]) == (order_id, run.id)


async def test_an_old_order_is_written_to_if_the_merchant_asks_for_it(shop):
    await shop.automation()
    order_id = await shop.put(ordered_at=NOON - timedelta(days=90))
    (run,) = await shop.every(AutomationRun)

    async with shop.database.writing() as session:
        await skipped_runs.ask_again(run.id, order_id, session, shop.by)
    await shop.work()

    assert len(await shop.mails()) == 1


async def test_a_credit_is_no_order_and_writes_to_nobody(shop):
    await shop.automation(trigger="state_changed")
    credit = {"kind": OrderKind.CREDIT, "refers_to": "0", "total_gross": -2000, "lines": [a_line(line_gross=-2000)]}
    await shop.put(state=State.ORDERED, **credit)
    await shop.put(state=State.SHIPPED, **credit)
    await shop.work()

    assert await shop.outcomes() == []


async def test_a_mail_whose_order_was_removed_before_it_left_does_not_leave(shop):
    await shop.automation()
    order_id = await shop.put()
    await shop.work()
    (mail,) = await shop.mails()

    async with shop.database.writing() as session:
        await order_imports.bury(await session.get_one(Order, order_id), session, By(TRESEN, shop.now))
    outcome = await shop.runs.hands.messages.send_now(mail.id)

    assert outcome.state is MessageState.FAILED
