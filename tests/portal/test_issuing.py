"""One number, one document, one invoice for an order: whoever clicks, however often, and whatever dies meanwhile."""

from __future__ import annotations

import asyncio
import hashlib
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs
from sqlalchemy import select

from db.activity import Activity
from db.articles import Article
from db.engine import Database
from db.invoices import DocumentFormat, NumberSeries
from db.orders import BillingCorrection, BuyerKind, LineKind, Order, PaymentMethod, State, TaxCategory, VatMode
from db.payments import PaymentKind
from db.settings import SellerSettings
from pdfkit.paper import Kind, Means, Paper, PaperCause, PaperRefused, Printed
from portal import order_facts
from portal.activity import By
from portal.imported import Buyer, PostalAddress, SourceInvoice
from portal.refusals import Conflict, Invalid, Refusal, Refused
from tests.factories import NOON, a_line, an_imported_payment, berlin
from tests.portal.invoicing import ERIKA, HOME, Bookkeeping
from tests.pretend import PretendPress


@pytest.fixture
async def books(database: Database, tmp_path: Path) -> Bookkeeping:
    found = Bookkeeping(database, tmp_path)
    await found.opens()
    return found


def by_customer(at: datetime) -> By:
    return By("customer", at)


# --- Issued


async def test_a_click_issues_what_is_frozen_from_then_on(books: Bookkeeping):
    invoice = await books.asks(await books.is_ordered())

    assert (invoice.number, invoice.kind, invoice.issued_on) == ("RE-2026-00001", "invoice", date(2026, 12, 1))
    assert (invoice.total_gross, invoice.currency, invoice.generation) == (2000, "EUR", 1)
    documents = await books.documents()
    assert {document.format for document in documents} == {DocumentFormat.PDF, DocumentFormat.XML}
    assert all(hashlib.sha256(document.content).hexdigest() == document.sha256 for document in documents)
    assert all(invoice.number.encode() in document.content for document in documents)


async def test_a_second_click_gets_the_same_document(books: Bookkeeping):
    order_id = await books.is_ordered()

    first, second = await books.asks(order_id), await books.asks(order_id, by_customer(NOON + timedelta(days=9)))

    assert first.id == second.id
    assert await books.numbers() == ["RE-2026-00001"]


async def test_160_first_clicks_on_40_orders_in_a_house_that_keeps_dying_make_40_invoices(
    database: Database, tmp_path: Path
):
    chance = random.Random(4711)

    async def dies_now_and_then(_paper: Paper) -> None:
        await asyncio.sleep(0)
        if chance.random() < 0.15:
            raise PaperRefused(PaperCause.CRASHED)
        if chance.random() < 0.10:
            raise ConnectionResetError("the lights went out")

    books = Bookkeeping(database, tmp_path, PretendPress(dies_now_and_then))
    await books.opens()
    orders = [await books.is_ordered(str(number)) for number in range(40)]
    clicks = orders * 4
    chance.shuffle(clicks)

    async def clicks_until_it_is_there(order_id: int) -> int:
        while True:
            try:
                return (await books.asks(order_id)).id
            except (Refused, ConnectionResetError):
                continue

    seen = await asyncio.gather(*(clicks_until_it_is_there(order_id) for order_id in clicks))

    assert len(set(seen)) == 40
    assert len({(order, invoice) for order, invoice in zip(clicks, seen, strict=True)}) == 40
    assert await books.numbers() == [f"RE-2026-{number:05}" for number in range(1, 41)]
    assert {invoice.order_id for invoice in await books.every()} == set(orders)
    assert len(await books.documents()) == 80
    (series,) = await books.every(NumberSeries)
    assert series.next == 41
    assert not list(tmp_path.glob("invoice-*"))


async def test_two_processes_share_one_series_without_a_gap(database: Database, tmp_path: Path, books: Bookkeeping):
    other = Bookkeeping(database, tmp_path)
    orders = [await books.is_ordered(str(number)) for number in range(8)]

    await asyncio.gather(*((books, other)[number % 2].asks(order) for number, order in enumerate(orders * 2)))

    assert await books.numbers() == [f"RE-2026-{number:05}" for number in range(1, 9)]


async def test_an_order_that_changes_while_it_is_drawn_is_drawn_again(database: Database, tmp_path: Path):
    changed = False
    books: Bookkeeping

    async def the_shop_corrects_the_name(_paper: Paper) -> None:
        nonlocal changed
        if not changed:
            changed = True
            await books.is_ordered(billing=PostalAddress(name="Maxi Muster", city="Köln", country="DE"))

    press = PretendPress(the_shop_corrects_the_name)
    books = Bookkeeping(database, tmp_path, press)
    await books.opens()

    invoice = await books.asks(await books.is_ordered())

    assert [paper.buyer.address.name for paper in press.drawn] == ["Max Mustermann", "Maxi Muster"]
    assert (await books.snapshot(invoice)).paper.buyer.address.name == "Maxi Muster"
    assert await books.numbers() == ["RE-2026-00001"]


async def test_an_order_that_is_cancelled_while_it_is_drawn_gets_none(database: Database, tmp_path: Path):
    books: Bookkeeping

    async def the_shop_cancels(_paper: Paper) -> None:
        await books.is_ordered(state=State.CANCELLED)

    books = Bookkeeping(database, tmp_path, PretendPress(the_shop_cancels))
    await books.opens()

    assert await books.is_refused(await books.is_ordered()) is Refusal.CANCELLED
    assert await books.numbers() == []


async def test_what_else_happens_in_the_shop_is_in_nobodys_way(database: Database, tmp_path: Path):
    stock = iter(range(1, 100))

    async def an_import_changes_articles(_paper: Paper) -> None:
        async with database.writing() as session:
            session.add(Article(sku=f"A{next(stock)}", title="Stoff", created_at=NOON))

    press = PretendPress(an_import_changes_articles)
    books = Bookkeeping(database, tmp_path, press)
    await books.opens()

    await books.asks(await books.is_ordered())

    assert len(press.drawn) == 1
    assert await books.numbers() == ["RE-2026-00001"]


async def test_a_seller_who_moves_while_it_is_drawn_stands_on_it_with_the_new_address(
    database: Database, tmp_path: Path
):
    books: Bookkeeping

    async def moves(_paper: Paper) -> None:
        await books.sets(street="Neue Gasse 1")

    press = PretendPress(moves)
    books = Bookkeeping(database, tmp_path, press)
    await books.opens()

    invoice = await books.asks(await books.is_ordered())

    assert [paper.seller.street for paper in press.drawn] == ["Nadelgasse 3", "Neue Gasse 1"]
    assert (await books.snapshot(invoice)).paper.seller.street == "Neue Gasse 1"


async def test_an_order_that_never_rests_is_refused_and_nobody_has_to_mend_anything(database: Database, tmp_path: Path):
    notes = iter(range(100))
    books: Bookkeeping

    async def the_shop_writes_a_note(_paper: Paper) -> None:
        await books.is_ordered(note=str(next(notes)))

    books = Bookkeeping(database, tmp_path, PretendPress(the_shop_writes_a_note))
    await books.opens()

    assert await books.is_refused(await books.is_ordered()) is Refusal.INVOICE_FAILED
    assert await books.numbers() == []
    assert await books.notices() == []


# --- Numbers and days


async def test_the_year_is_that_of_the_merchants_clock(books: Bookkeeping):
    a_minute_before = datetime(2026, 12, 31, 22, 59, tzinfo=UTC)

    old = await books.asks(await books.is_ordered("1"), by_customer(a_minute_before))
    new = await books.asks(await books.is_ordered("2"), by_customer(a_minute_before + timedelta(minutes=1)))

    assert (old.number, old.issued_on) == ("RE-2026-00001", date(2026, 12, 31))
    assert (new.number, new.issued_on) == ("RE-2027-00001", date(2027, 1, 1))


async def test_a_clock_that_goes_back_turns_no_date_and_no_year_back(books: Bookkeeping):
    await books.asks(await books.is_ordered("1"), by_customer(berlin(2027, 1, 1)))

    late = await books.asks(await books.is_ordered("2"), by_customer(berlin(2026, 12, 31)))

    assert (late.number, late.issued_on) == ("RE-2027-00002", date(2027, 1, 1))


async def test_one_wrong_clock_does_not_give_every_later_document_its_day(books: Bookkeeping):
    await books.asks(await books.is_ordered("1"), by_customer(berlin(2036, 12, 1)))

    assert await books.is_refused(await books.is_ordered("2")) is Refusal.DAY_AHEAD
    assert await books.notices() == [("invoice_refused", "day-ahead")]
    await books.sets(invoice_series="N-{year}-")
    await books.asks(await books.is_ordered("3"))

    assert await books.numbers() == ["N-2026-00001", "RE-2036-00001"]


async def test_numbers_without_a_year_run_on(books: Bookkeeping):
    await books.sets(invoice_series="R", invoice_start=500)

    for name, at in (("1", berlin(2026, 12, 31)), ("2", berlin(2027, 1, 1))):
        await books.asks(await books.is_ordered(name), by_customer(at))

    assert await books.numbers() == ["R00500", "R00501"]


async def test_the_start_of_a_series_is_fixed_once_there_is_a_number(books: Bookkeeping):
    await books.sets(invoice_start=300)
    await books.asks(await books.is_ordered())

    with pytest.raises(Invalid) as refused:
        await books.sets(invoice_start=1)

    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("#/invoice_start", "fixed")]
    await books.sets(invoice_series="N-{year}-", invoice_start=7)
    await books.asks(await books.is_ordered("2"))
    assert await books.numbers() == ["N-2026-00007", "RE-2026-00300"]


async def test_the_start_is_that_of_one_series_and_of_its_first_number(books: Bookkeeping):
    await books.sets(invoice_start=4711)
    await books.asks(await books.is_ordered("1"))
    await books.asks(await books.is_ordered("2"), by_customer(berlin(2027, 1, 1)))
    await books.sets(invoice_series="N-{year}-")
    await books.asks(await books.is_ordered("3"))

    assert await books.numbers() == ["N-2026-00001", "RE-2026-04711", "RE-2027-00001"]


async def test_who_tells_the_start_of_a_series_as_it_is_changes_nothing(books: Bookkeeping):
    await books.sets(invoice_start=7)
    await books.asks(await books.is_ordered("1"))
    await books.sets(invoice_series="N-")
    await books.sets(invoice_series="RE-{year}-", invoice_start=7)
    await books.asks(await books.is_ordered("2"))

    assert await books.numbers() == ["RE-2026-00007", "RE-2026-00008"]


async def test_a_series_that_comes_back_goes_on_where_it_was(books: Bookkeeping):
    await books.sets(invoice_start=7)
    await books.asks(await books.is_ordered("1"))
    await books.sets(invoice_series="N-")
    await books.asks(await books.is_ordered("2"))
    await books.sets(invoice_series="RE-{year}-")
    await books.asks(await books.is_ordered("3"))

    assert await books.numbers() == ["N-00001", "RE-2026-00007", "RE-2026-00008"]


@pytest.mark.parametrize(
    "seller",
    [
        {"invoice_series": "RE-2026-"},
        {"invoice_series": "re-{year}-"},
        {"credit_note_series": "RE-2026-0"},
        {"invoice_series": "N-", "credit_note_series": "N-1"},
    ],
)
async def test_a_series_that_could_meet_another_is_refused(books: Bookkeeping, seller: dict[str, str]):
    await books.asks(await books.is_ordered())

    with pytest.raises(Invalid) as refused:
        await books.sets(**seller)

    assert {fault.code for fault in refused.value.faults} == {"series-meet"}


async def test_series_that_met_before_that_was_refused_spend_no_number_twice(books: Bookkeeping, database: Database):
    await books.sets(invoice_series="K-", invoice_start=100_001)
    await books.asks(await books.is_ordered("1"))
    async with database.writing() as session:
        (await session.scalars(select(SellerSettings))).one().invoice_series = "K-1"
        (await session.scalars(select(SellerSettings))).one().invoice_start = 1

    assert await books.is_refused(await books.is_ordered("2")) is Refusal.NUMBER_TAKEN
    assert await books.numbers() == ["K-100001"]
    assert await books.notices() == [("invoice_refused", "number-taken")]


async def test_a_prefix_that_another_template_began_is_counted_on(books: Bookkeeping, database: Database):
    await books.asks(await books.is_ordered("1"), by_customer(berlin(2026, 12, 2)))
    async with database.writing() as session:
        (await session.scalars(select(SellerSettings))).one().invoice_series = "RE-2026-"

    second = await books.asks(await books.is_ordered("2"), by_customer(berlin(2026, 12, 1)))

    assert (second.number, second.issued_on) == ("RE-2026-00002", date(2026, 12, 2))


@pytest.mark.parametrize("template", ["王", " ZZ", "Z\u200bZ"])
async def test_a_series_from_before_that_cannot_be_read_is_the_settings_fault(
    books: Bookkeeping, database: Database, template: str
):
    async with database.writing() as session:
        (await session.scalars(select(SellerSettings))).one().invoice_series = template

    assert await books.is_refused(await books.is_ordered()) is Refusal.SELLER_INCOMPLETE
    assert await books.numbers() == []


async def test_a_document_with_another_number_than_its_row_is_not_issued(database: Database, tmp_path: Path):
    class Misprinting(PretendPress):
        async def document(self, paper: Paper, folder: Path) -> Printed:
            return await super().document(structs.replace(paper, number="RE-2026-00007"), folder)

    books = Bookkeeping(database, tmp_path, Misprinting())
    await books.opens()

    assert await books.is_refused(await books.is_ordered()) is Refusal.INVOICE_FAILED
    assert await books.numbers() == []


# --- Refused


UNPAID = {"paid_at": None}
BUSINESS = Buyer(name="Max Mustermann", company="Muster GmbH", kind=BuyerKind.BUSINESS)
REFUSED = {
    "not paid": (UNPAID, Refusal.NOT_PAID, False),
    "cancelled": ({"state": State.CANCELLED}, Refusal.CANCELLED, False),
    "issued at the source": (
        {"invoice": SourceInvoice(number="X1", date=date(2026, 11, 1))},
        Refusal.INVOICE_ELSEWHERE,
        False,
    ),
    "sums": ({"total_gross": 1999}, Refusal.AMOUNTS_INCONSISTENT, True),
    "no line": ({"lines": [a_line(quantity="0", line_gross=0)]}, Refusal.AMOUNTS_INCONSISTENT, True),
    "a rate of 0 that nothing explains": ({"lines": [a_line(tax_rate="0")]}, Refusal.TAX_RATE_UNKNOWN, True),
    "an absurd rate": ({"lines": [a_line(tax_rate="99.99")]}, Refusal.TAX_RATE_UNKNOWN, True),
    "tax where there is none": (
        {"lines": [a_line(tax_category=TaxCategory.EXPORT)]},
        Refusal.TAX_RATE_UNKNOWN,
        True,
    ),
    "a quantity of 0": ({"lines": [a_line(quantity="0")]}, Refusal.AMOUNTS_INCONSISTENT, True),
    "foreign currency": ({"currency": "CHF"}, Refusal.FOREIGN_CURRENCY, True),
    "no address above 250 EUR": (
        {"billing": None, "lines": [a_line(line_gross=25_001)]},
        Refusal.ADDRESS_INCOMPLETE,
        True,
    ),
    "nobody at all": ({"billing": None, "buyer": Buyer()}, Refusal.ADDRESS_INCOMPLETE, True),
    "reverse charge without a VAT id": (
        {"vat_mode": VatMode.REVERSE_CHARGE, "lines": [a_line(tax_rate="0")], "buyer": BUSINESS},
        Refusal.VAT_ID_MISSING,
        True,
    ),
    "within the EU without a VAT id": (
        {"vat_mode": VatMode.INTRA_EU, "lines": [a_line(tax_rate="0")], "buyer": BUSINESS},
        Refusal.VAT_ID_MISSING,
        True,
    ),
    "shipped on a day that nobody told": (
        {"paid_at": None, "state": State.SHIPPED, "payment_method": PaymentMethod.CARD},
        Refusal.SUPPLY_DATE_UNKNOWN,
        True,
    ),
}


@pytest.mark.parametrize(("fields", "why", "is_to_be_mended"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_cannot_be_invoiced_says_why_and_spends_no_number(books: Bookkeeping, fields, why, is_to_be_mended):
    order_id = await books.is_ordered(**fields)

    assert [await books.is_refused(order_id) for _ in range(3)] == [why] * 3

    assert await books.numbers() == []
    assert await books.every(NumberSeries) == []
    assert await books.notices() == ([("invoice_refused", why)] if is_to_be_mended else [])


async def test_a_seller_without_a_name_is_told_what_is_missing(books: Bookkeeping):
    await books.sets(name="", vat_id="")

    assert await books.is_refused(await books.is_ordered()) is Refusal.SELLER_INCOMPLETE
    assert await books.notices() == [("invoice_refused", "seller-incomplete")]


@pytest.mark.parametrize(
    ("cause", "detail", "why"),
    [
        (PaperCause.NO_GLYPH, "東", Refusal.CHARACTER_UNPRINTABLE),
        (PaperCause.INCOMPLETE, "seller/vat_id", Refusal.SELLER_INCOMPLETE),
        (PaperCause.INCOMPLETE, "buyer/address/name", Refusal.ADDRESS_INCOMPLETE),
        (PaperCause.UNKNOWN_COUNTRY, "XX", Refusal.ADDRESS_INCOMPLETE),
        (PaperCause.SUMS_INCONSISTENT, "BR-CO-15", Refusal.AMOUNTS_INCONSISTENT),
        (PaperCause.TAX_INCONSISTENT, "BR-O-11", Refusal.TAX_RATE_UNKNOWN),
        (PaperCause.NOT_CONFORMING, "6.2.3", Refusal.INVOICE_FAILED),
        (PaperCause.CRASHED, "", Refusal.INVOICE_FAILED),
        (PaperCause.TIMEOUT, "", Refusal.INVOICE_FAILED),
    ],
)
async def test_what_the_press_refuses_is_told_to_the_merchant_once(
    database: Database, tmp_path: Path, cause, detail, why
):
    async def refuses(_paper: Paper) -> None:
        raise PaperRefused(cause, detail)

    books = Bookkeeping(database, tmp_path, PretendPress(refuses))
    await books.opens()
    order_id = await books.is_ordered()

    assert [await books.is_refused(order_id) for _ in range(2)] == [why] * 2
    assert await books.numbers() == []
    assert await books.notices() == [("invoice_refused", why)]


async def test_what_no_paper_can_be_is_told_to_the_merchant(database: Database, tmp_path: Path):
    async def cannot(_paper: Paper) -> None:
        raise ValueError("a control character in taxes/0/reason")

    books = Bookkeeping(database, tmp_path, PretendPress(cannot))
    await books.opens()

    assert await books.is_refused(await books.is_ordered()) is Refusal.INVOICE_FAILED
    assert await books.notices() == [("invoice_refused", "invoice-failed")]


async def test_a_full_disk_issues_nothing(database: Database, tmp_path: Path):
    async def is_full(_paper: Paper) -> None:
        raise OSError(28, "No space left on device")

    books = Bookkeeping(database, tmp_path, PretendPress(is_full))
    await books.opens()

    assert await books.is_refused(await books.is_ordered()) is Refusal.INVOICE_FAILED
    assert await books.numbers() == []


async def test_a_source_that_reports_its_own_after_ours_is_told_to_the_merchant_once(books: Bookkeeping):
    invoice = await books.asks(await books.is_ordered())

    for updated in (NOON, NOON + timedelta(days=1)):
        theirs = SourceInvoice(number="X1", date=date(2026, 12, 2))
        await books.is_ordered(invoice=theirs, updated_at=updated, note=str(updated))

    assert [kind for kind, _ in await books.notices()] == ["invoice_reported_elsewhere"]
    assert [each.number for each in await books.every()] == [invoice.number]


# --- Taken back


async def test_a_cancellation_mirrors_its_invoice(books: Bookkeeping):
    order_id = await books.is_ordered()
    invoice = await books.asks(order_id)

    note = await books.takes_back(invoice)

    assert (note.number, note.kind, note.total_gross) == ("RE-2026-00002", "credit_note", -2000)
    assert (note.refers_to, note.cancels_id) == (invoice.id, invoice.id)
    there, back = (await books.snapshot(invoice)).paper, (await books.snapshot(note)).paper
    assert (back.kind, back.lines, back.taxes, back.totals) == (
        Kind.CANCELLATION,
        there.lines,
        there.taxes,
        there.totals,
    )
    assert back.refers_to is not None
    assert (back.refers_to.number, back.notes) == ("RE-2026-00001", ("falsche Adresse",))


async def test_after_a_cancellation_no_click_of_the_customers_makes_a_new_one_but_the_merchants_does(
    books: Bookkeeping,
):
    order_id = await books.is_ordered()
    await books.takes_back(await books.asks(order_id))

    assert await books.is_refused(order_id) is Refusal.INVOICE_ELSEWHERE
    again = await books.issues_by_hand(order_id)

    assert (again.number, again.generation) == ("RE-2026-00003", 2)
    assert (await books.asks(order_id)).id == again.id


async def test_the_merchant_issues_no_second_one_while_something_of_the_first_is_left(books: Bookkeeping):
    order_id = await books.is_ordered(lines=[a_line(quantity="2")])
    invoice = await books.issues_by_hand(order_id)

    for _ in range(2):
        with pytest.raises(Refused) as refused:
            await books.issues_by_hand(order_id)
        assert refused.value.refusal is Refusal.ALREADY_INVOICED
        if len(await books.numbers()) == 1:
            await books.takes_back(invoice, {"1": "1"})

    assert await books.numbers() == ["RE-2026-00001", "RE-2026-00002"]


async def test_simultaneous_clicks_of_the_merchants_issue_one(books: Bookkeeping):
    order_id = await books.is_ordered()

    came = await asyncio.gather(*(books.issues_by_hand(order_id) for _ in range(8)), return_exceptions=True)

    assert sum(isinstance(each, Refused) for each in came) == 7
    assert await books.numbers() == ["RE-2026-00001"]


async def test_nothing_is_taken_back_twice(books: Bookkeeping):
    invoice = await books.asks(await books.is_ordered())
    note = await books.takes_back(invoice)

    for what in (invoice, note):
        with pytest.raises(Conflict):
            await books.takes_back(what)

    assert len(await books.numbers()) == 2


async def test_after_a_refund_the_merchant_is_told_that_a_credit_note_is_due(books: Bookkeeping):
    payments = [
        an_imported_payment(2000, transaction_id="1"),
        an_imported_payment(500, transaction_id="2", kind=PaymentKind.REFUND),
    ]

    invoice = await books.asks(await books.is_ordered(payments=payments))

    (told,) = [entry for entry in await books.every(Activity) if entry.notice]
    assert (told.kind, told.details) == (
        "credit_note_due",
        {"number": invoice.number, "amount": 500, "currency": "EUR"},
    )


async def test_a_reason_that_nobody_can_see_is_none(books: Bookkeeping):
    invoice = await books.asks(await books.is_ordered())

    with pytest.raises(Invalid) as refused:
        await books.takes_back(invoice, reason="\u0007 \u200b")

    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("#/reason", "missing")]
    assert len(await books.numbers()) == 1


async def test_simultaneous_cancellations_issue_one(books: Bookkeeping):
    invoice = await books.asks(await books.is_ordered())

    came = await asyncio.gather(*(books.takes_back(invoice) for _ in range(8)), return_exceptions=True)

    assert sum(not isinstance(each, BaseException) for each in came) == 1
    assert sum(isinstance(each, Conflict) for each in came) == 7
    assert await books.numbers() == ["RE-2026-00001", "RE-2026-00002"]


async def test_credit_notes_may_have_a_series_of_their_own(books: Bookkeeping):
    await books.sets(credit_note_series="ST{year}/", credit_note_start=10)
    invoice = await books.asks(await books.is_ordered())

    await books.takes_back(invoice)

    assert await books.numbers() == ["RE-2026-00001", "ST2026/00010"]


async def test_lines_go_back_piece_by_piece_until_nothing_is_left(books: Bookkeeping):
    lines = [a_line(quantity="3", line_gross=1000), a_line(id="2", line_gross=500, tax_rate="7")]
    order_id = await books.is_ordered(lines=lines)
    invoice = await books.asks(order_id)

    first = await books.takes_back(invoice, {"1": "1"})
    with pytest.raises(Invalid) as refused:
        await books.takes_back(invoice, {"1": "2.5", "9": "1"})
    second = await books.takes_back(invoice, {"1": "2"})
    third = await books.takes_back(invoice)

    assert [note.total_gross for note in (first, second, third)] == [-333, -667, -500]
    assert [note.cancels_id for note in (first, second, third)] == [None, None, invoice.id]
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [
        ("#/lines/0/quantity", "out-of-range"),
        ("#/lines/1/line", "unknown-line"),
    ]
    assert {(await books.snapshot(note)).paper.kind for note in (first, second, third)} == {Kind.CORRECTION}
    assert await books.is_refused(order_id) is Refusal.INVOICE_ELSEWHERE
    assert (await books.issues_by_hand(order_id)).generation == 2


async def test_while_something_of_it_is_left_there_is_no_second_invoice(books: Bookkeeping):
    order_id = await books.is_ordered(lines=[a_line(quantity="2")])
    invoice = await books.asks(order_id)
    await books.takes_back(invoice, {"1": "1"})

    assert (await books.asks(order_id)).id == invoice.id


async def test_the_item_of_a_discounted_order_goes_back_with_its_discount(books: Bookkeeping):
    voucher = a_line(id="v", kind=LineKind.VOUCHER, title="Gutschein", line_gross=-500, tax_rate="0")
    invoice = await books.asks(await books.is_ordered(lines=[a_line(), voucher]))

    with pytest.raises(Invalid) as refused:
        await books.takes_back(invoice, {"1": "1"})
    note = await books.takes_back(invoice, {"1": "1", "v": "1"})

    assert [fault.code for fault in refused.value.faults] == ["more-than-left"]
    assert note.total_gross == -1500


async def test_goods_of_one_rate_go_back_with_a_voucher_that_two_rates_bore(books: Bookkeeping):
    book = a_line(id="2", line_gross=1000, tax_rate="7")
    voucher = a_line(id="v", kind=LineKind.VOUCHER, title="Gutschein", line_gross=-600, tax_rate="0")
    invoice = await books.asks(await books.is_ordered(lines=[a_line(), book, voucher]))

    with pytest.raises(Invalid) as refused:
        await books.takes_back(invoice, {"v": "1"})
    first = await books.takes_back(invoice, {"1": "1", "v": "1"})
    rest = await books.takes_back(invoice)

    assert [fault.code for fault in refused.value.faults] == ["less-than-nothing"]
    assert [note.total_gross for note in (first, rest)] == [-1400, -1000]
    assert [(g.rate, g.basis + g.tax) for g in (await books.snapshot(first)).paper.taxes] == [(1900, 1600), (700, -200)]
    assert rest.cancels_id == invoice.id


async def test_a_credit_note_about_nothing_spends_no_number(books: Bookkeeping):
    invoice = await books.asks(await books.is_ordered())

    with pytest.raises(Invalid) as refused:
        await books.takes_back(invoice, {"1": "0.000001"})

    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("#/lines", "nothing")]
    assert await books.numbers() == ["RE-2026-00001"]


async def test_a_source_that_reports_its_own_after_ours_was_cancelled_alarms_nobody(books: Bookkeeping):
    await books.takes_back(await books.asks(await books.is_ordered()))

    await books.is_ordered(invoice=SourceInvoice(number="X1", date=date(2026, 12, 2)), updated_at=NOON)

    assert await books.notices() == []


# --- What was known


async def test_the_customers_address_outlives_an_import(books: Bookkeeping, database: Database):
    order_id = await books.is_ordered()
    corrected = {name: "" for name in "company line2".split()} | {
        "name": "Erika Mustermann",
        "line1": "Neue Straße 1",
        "zip": "10115",
        "city": "Berlin",
        "country": "DE",
    }
    async with database.writing() as session:
        session.add(BillingCorrection(order_id=order_id, corrected_by="customer", corrected_at=NOON, **corrected))
    await books.is_ordered(billing=HOME, note="once more")

    invoice = await books.asks(order_id, ERIKA)

    assert (await books.snapshot(invoice)).paper.buyer.address.city == "Berlin"


async def test_a_corrected_country_decides_nothing_about_the_tax(books: Bookkeeping, database: Database):
    order_id = await books.is_ordered(
        vat_mode=VatMode.EXPORT, lines=[a_line(tax_rate="0")], buyer=Buyer(name="Max Mustermann")
    )
    abroad = dict.fromkeys("company line2".split(), "") | {
        "name": "Max Mustermann", "line1": "Bahnhofstrasse 1", "zip": "8001", "city": "Zürich", "country": "CH",
    }  # fmt: skip
    async with database.writing() as session:
        session.add(BillingCorrection(order_id=order_id, corrected_by="customer", corrected_at=NOON, **abroad))

    assert await books.is_refused(order_id) is Refusal.EXEMPTION_UNFOUNDED


async def test_payments_stand_on_the_invoice_as_they_came_in(books: Bookkeeping):
    payments = [
        an_imported_payment(500, transaction_id="1", at=berlin(2026, 11, 2)),
        an_imported_payment(1500, transaction_id="2", at=berlin(2026, 11, 5)),
    ]
    order_id = await books.is_ordered(paid_at=None, payments=payments, payment_method=PaymentMethod.PAYPAL)

    paper = (await books.snapshot(await books.asks(order_id))).paper

    assert [(receipt.on, receipt.amount, receipt.means) for receipt in paper.receipts] == [
        (date(2026, 11, 2), 500, "paypal"),
        (date(2026, 11, 5), 1500, "paypal"),
    ]
    assert (paper.totals.paid, paper.totals.due) == (2000, 0)


ON_ACCOUNT: dict[str, Any] = {
    "paid_at": None,
    "state": State.SHIPPED,
    "shipped_at": berlin(2026, 11, 4),
    "payment_method": PaymentMethod.INVOICE,
}


async def test_what_is_sold_on_account_is_due_on_its_invoice_by_the_day_that_was_told(books: Bookkeeping):
    came = an_imported_payment(500, at=berlin(2026, 11, 20))
    order_id = await books.is_ordered(**ON_ACCOUNT, due_at=berlin(2026, 12, 15), payments=[came])

    paper = (await books.snapshot(await books.issues_by_hand(order_id))).paper

    assert (paper.totals.gross, paper.totals.paid, paper.totals.due) == (2000, 500, 1500)
    assert (paper.due_on, paper.terms) == (date(2026, 12, 15), "")
    assert [(receipt.on, receipt.amount) for receipt in paper.receipts] == [(date(2026, 11, 20), 500)]


async def test_where_no_day_was_told_a_sentence_says_that_it_is_due(books: Bookkeeping):
    transferred = await books.issues_by_hand(await books.is_ordered("1", **ON_ACCOUNT))
    collected = ON_ACCOUNT | {"payment_method": PaymentMethod.CASH_ON_DELIVERY}
    on_delivery = await books.issues_by_hand(await books.is_ordered("2", **collected))

    papers = [(await books.snapshot(invoice)).paper for invoice in (transferred, on_delivery)]

    assert [(paper.totals.due, paper.due_on, paper.terms, paper.due_means) for paper in papers] == [
        (2000, None, "Der offene Betrag ist noch zu zahlen.", Means.BANK_TRANSFER),
        (2000, None, "Zahlbar bei der Zustellung.", Means.CASH),
    ]


async def test_what_takes_a_due_invoice_back_asks_for_no_payment(books: Bookkeeping):
    order_id = await books.is_ordered(**ON_ACCOUNT, due_at=berlin(2026, 12, 15))

    paper = (await books.snapshot(await books.takes_back(await books.issues_by_hand(order_id)))).paper

    assert (paper.totals.due, paper.due_on, paper.terms) == (0, None, "")


async def test_a_new_invoice_is_owed_although_a_credit_note_settled_the_one_before(
    books: Bookkeeping, database: Database
):
    order_id = await books.is_ordered(**ON_ACCOUNT)

    async def due() -> int:
        async with database.reading() as session:
            return (await order_facts.of_one(await session.get_one(Order, order_id), session)).due

    await books.takes_back(await books.issues_by_hand(order_id))
    assert await due() == 0
    await books.issues_by_hand(order_id)
    assert await due() == 2000


@pytest.mark.parametrize(
    ("provider", "agreed", "means"),
    [
        ("paypal", PaymentMethod.PREPAYMENT, "paypal"),
        ("bank_transfer", PaymentMethod.PAYPAL, "bank_transfer"),
        ("PayPal", None, "paypal"),
        ("a shop's own name", PaymentMethod.DIRECT_DEBIT, "direct_debit"),
        ("a shop's own name", None, "other"),
    ],
)
async def test_an_invoice_names_the_way_that_the_money_took_and_else_the_one_agreed_on(
    books: Bookkeeping, provider, agreed, means
):
    payment = an_imported_payment(2000, provider=provider, at=berlin(2026, 11, 5))
    order_id = await books.is_ordered(paid_at=None, payments=[payment], payment_method=agreed)

    paper = (await books.snapshot(await books.asks(order_id))).paper

    assert [receipt.means for receipt in paper.receipts] == [means]


async def test_more_than_the_total_paid_in_one_way_is_named_by_that_way(books: Bookkeeping):
    payments = [an_imported_payment(1500, provider="paypal", transaction_id=each) for each in "12"]
    order_id = await books.is_ordered(payments=payments, payment_method=PaymentMethod.PREPAYMENT)

    paper = (await books.snapshot(await books.asks(order_id))).paper

    assert [(receipt.amount, receipt.means) for receipt in paper.receipts] == [(2000, "paypal")]
