"""What Billbee says of an order becomes the canonical one, with all that its answers allow themselves."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from db.orders import BuyerKind, LineKind, OrderKind, PaymentMethod, State, TaxCategory, VatMode
from db.payments import PaymentKind
from integrations import billbee
from integrations.billbee import Account, BillbeeRefused, Order
from integrations.tolerant import NotUnderstood, parsed
from portal import imported
from portal.imported import ImportedOrder

BERLIN = ZoneInfo("Europe/Berlin")
HERE = Account(zone=BERLIN)


def an_item(**told: object) -> dict[str, object]:
    item = {"BillbeeId": 900000000000001, "Quantity": 1.0, "TotalPrice": 10.0, "TaxIndex": 1}
    return item | {"Product": {"Title": "Schnitt Ida", "SKU": "PDF-IDA", "IsDigital": True}} | told


def an_order(*items: dict[str, object], **told: object) -> dict[str, object]:
    """As one comes: most of what nobody filled in is null."""
    base: dict[str, object] = {
        "BillBeeOrderId": 300000000000042,
        "Id": None,
        "OrderNumber": None,
        "State": 1,
        "VatMode": 0,
        "CreatedAt": "2026-10-20T09:15:00",
        "PayedAt": None,
        "InvoiceNumber": None,
        "InvoiceAddress": {"FirstName": "Erika", "LastName": "Mustermann", "Email": "erika@example.org"},
        "Buyer": None,
        "Customer": None,
        "TotalCost": 10.0,
        "ShippingCost": 0.0,
        "Currency": "EUR",
        "TaxRate1": 19.0,
        "TaxRate2": 7.0,
        "OrderItems": list(items) or [an_item()],
        "Payments": [],
        "PaidAmount": 0.0,
    }
    return base | told


def told(order: dict[str, object]) -> Order:
    return billbee.order(parsed(msgspec.json.encode(order)))


def mapped(order: dict[str, object], account: Account = HERE) -> ImportedOrder:
    return billbee.to_order(told(order), account)


# --- What identifies an order


def test_an_order_that_was_typed_in_has_billbees_number_for_everything():
    order = an_order()

    assert billbee.external_id(told(order)) == "300000000000042"
    assert mapped(order).number == "300000000000042"


def test_the_number_is_the_shops_where_it_has_one():
    assert mapped(an_order(Id="E-1", OrderNumber="5001")).number == "5001"
    assert mapped(an_order(Id="E-1")).number == "E-1"


# --- States


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (1, State.ORDERED),
        (2, State.CONFIRMED),
        (3, State.PAID),
        (4, State.SHIPPED),
        (5, State.COMPLAINT),
        (6, State.DELETED),
        (7, State.COMPLETED),
        (8, State.CANCELLED),
        (9, State.COMPLETED),
        (10, State.COMPLETED),
        (11, State.ORDERED),
        (12, State.ORDERED),
        (13, State.PACKED),
        (14, State.OFFERED),
        (15, State.ORDERED),
        (16, State.IN_FULFILMENT),
        (17, State.RETURNED),
    ],
)
def test_every_state_has_its_name(number, state):
    assert mapped(an_order(State=number)).state is state


def test_a_state_that_billbee_invents_tomorrow_is_unknown_and_says_its_number():
    order = mapped(an_order(State=18))

    assert (order.state, order.custom["billbee_state"]) == (State.UNKNOWN, "18")


@pytest.mark.parametrize(("number", "level"), [(1, 0), (15, 0), (11, 1), (12, 2)])
def test_a_reminder_is_friendly_and_a_dunning_counts(number, level):
    assert mapped(an_order(State=number)).dunning_level == level


def test_an_archived_order_says_since_when_and_one_taken_out_again_does_not():
    changed = {"State": 9, "LastModifiedAt": "2026-11-01T12:00:00"}

    assert mapped(an_order(**changed)).archived_at == datetime(2026, 11, 1, 11, tzinfo=UTC)
    assert mapped(an_order(ArchivedAt="2026-11-02T12:00:00")).archived_at is not None
    assert mapped(an_order(ArchivedAt="2026-11-02T12:00:00", RestoredAt="2026-11-03T12:00:00")).archived_at is None


# --- Money


def test_the_total_includes_shipping():
    order = mapped(an_order(TotalCost=14.9, ShippingCost=4.9))

    assert [(line.kind, line.line_gross) for line in order.lines] == [(LineKind.ITEM, 1000), (LineKind.SHIPPING, 490)]
    assert imported.amounts_consistent(order)


def test_a_total_without_the_shipping_is_flagged_and_not_guessed_at():
    assert not imported.amounts_consistent(mapped(an_order(TotalCost=10.0, ShippingCost=4.9)))


def test_an_adjustment_is_a_line_where_the_total_holds_it():
    with_it = mapped(an_order(TotalCost=8.0, AdjustmentCost=-2.0, AdjustmentReason="Kulanz"))
    without = mapped(an_order(TotalCost=10.0, AdjustmentCost=-2.0))

    assert [(line.kind, line.title, line.line_gross) for line in with_it.lines[1:]] == [
        (LineKind.DISCOUNT, "Kulanz", -200)
    ]
    assert imported.amounts_consistent(with_it)
    assert len(without.lines) == 1


def test_the_rebate_difference_says_nothing_that_counts():
    assert mapped(an_order(RebateDifference=114.24)) == mapped(an_order())


def test_a_rebate_is_what_the_line_cost_before():
    line = mapped(an_order(an_item(Quantity=2, UnrebatedTotalPrice=12.5, Discount=20.0))).lines[0]

    assert (line.discount_gross, line.unit_gross, line.line_gross) == (250, 625, 1000)


@pytest.mark.parametrize(
    ("index", "rate", "category"),
    [(0, "0.00", TaxCategory.EXEMPT), (1, "19.00", TaxCategory.STANDARD), (2, "7.00", TaxCategory.STANDARD)],
)
def test_a_line_points_at_one_of_two_rates_or_is_free(index, rate, category):
    line = mapped(an_order(an_item(TaxIndex=index))).lines[0]

    assert (line.tax_rate, line.tax_category) == (rate, category)


def test_a_tax_of_25_decimals_is_read_to_the_last_and_gives_the_rate_where_no_index_does():
    body = msgspec.json.encode(an_order(an_item(TaxIndex=None, TaxAmount="#")))
    order = billbee.order(parsed(body.replace(b'"#"', b"1.5966386554621848739495798319")))

    assert str(order.order_items[0].tax_amount) == "1.5966386554621848739495798319"
    assert billbee.to_order(order, HERE).lines[0].tax_rate == "19.00"


@pytest.mark.parametrize(
    ("number", "mode", "category"),
    [
        (1, VatMode.SMALL_BUSINESS, TaxCategory.EXEMPT),
        (2, VatMode.INTRA_EU, TaxCategory.INTRA_EU),
        (3, VatMode.EXPORT, TaxCategory.EXPORT),
        (4, VatMode.MARGIN, TaxCategory.EXEMPT),
    ],
)
def test_without_vat_no_line_tells_a_rate(number, mode, category):
    order = mapped(an_order(VatMode=number, TotalCost=14.9, ShippingCost=4.9))

    assert order.vat_mode is mode
    assert {(line.tax_rate, line.tax_category) for line in order.lines} == {("0.00", category)}


def test_a_mode_nobody_knows_is_kept_for_the_merchant_to_see():
    assert mapped(an_order(VatMode=5)).custom["billbee_vat_mode"] == "5"


def test_a_coupon_is_a_means_of_payment_and_a_rebate_lowers_what_is_taxed():
    coupon = an_item(BillbeeId=2, TotalPrice=-3.0, IsCoupon=True)
    rebate = an_item(BillbeeId=3, TotalPrice=-1.0, IsDiscount=True)

    order = mapped(an_order(an_item(), coupon, rebate, TotalCost=6.0))

    assert [(line.kind, line.tax_category, line.tax_rate) for line in order.lines[1:]] == [
        (LineKind.VOUCHER, TaxCategory.OUTSIDE_SCOPE, "0.00"),
        (LineKind.DISCOUNT, TaxCategory.STANDARD, "19.00"),
    ]


def test_the_day_of_payment_counts_even_where_no_money_is_listed():
    order = mapped(an_order(PayedAt="2026-10-21T00:00:00"))

    assert order.paid_at == datetime(2026, 10, 20, 22, tzinfo=UTC)
    assert order.payments == []


def test_a_sum_without_payments_is_a_payment():
    assert [payment.amount for payment in mapped(an_order(PaidAmount=4.0)).payments] == [400]


def test_payments_are_known_by_paypals_id_where_they_are_paypals_and_negative_ones_went_back():
    capture = {"TransactionId": "8AB123", "PayDate": "2026-10-20T09:16:30"}
    paypal = capture | {"BillbeeId": 1, "PaymentType": 3, "PayValue": 10.0}
    through_mollie = capture | {"BillbeeId": 2, "PaymentType": 112, "PayValue": 1.0}
    back = {"BillbeeId": 3, "PaymentType": 1, "PayValue": -2.5}
    empty = {"BillbeeId": 4, "PaymentType": 1, "PayValue": 0.0}

    order = mapped(an_order(Payments=[paypal, through_mollie, back, empty]))

    assert [(each.provider, each.transaction_id, each.kind, each.amount) for each in order.payments] == [
        ("paypal", "8AB123", PaymentKind.PAYMENT, 1000),
        ("billbee", "8AB123", PaymentKind.PAYMENT, 100),
        ("billbee", "payment-3", PaymentKind.REFUND, 250),
    ]


@pytest.mark.parametrize(
    ("number", "method"),
    [
        (1, PaymentMethod.BANK_TRANSFER),
        (2, PaymentMethod.CASH_ON_DELIVERY),
        (3, PaymentMethod.PAYPAL),
        (22, PaymentMethod.OTHER),
        (25, PaymentMethod.INVOICE),
        (26, PaymentMethod.INVOICE),
        (59, PaymentMethod.PREPAYMENT),
        (97, PaymentMethod.MARKETPLACE),
        (150, PaymentMethod.OTHER),
        (None, None),
    ],
)
def test_the_way_of_paying_is_known_by_its_number(number, method):
    assert mapped(an_order(PaymentMethod=number)).payment_method is method


def test_a_quantity_that_is_hardly_any_has_no_price_of_one():
    body = msgspec.json.encode(an_order(an_item(Quantity="#"))).replace(b'"#"', b"1e-30")

    assert billbee.to_order(billbee.order(parsed(body)), HERE).lines[0].quantity == "0"


# --- Cancellations


STORNO = {"TotalCost": -10.0, "BillBeeParentOrderId": 300000000000041}


def test_a_cancellation_is_a_credit_that_names_its_order():
    credit = mapped(an_order(an_item(Quantity=-1.0, TotalPrice=-10.0), **STORNO))

    assert (credit.kind, credit.refers_to, credit.total_gross) == (OrderKind.CREDIT, "300000000000041", -1000)
    assert (credit.state, credit.lines[0].quantity) == (State.ORDERED, "-1")
    assert imported.faults(credit) == []


def test_a_cancellation_that_names_its_order_by_the_shops_id_is_led_to_billbees():
    storno = an_order(an_item(TotalPrice=-10.0), TotalCost=-10.0, IsCancelationFor="E-1")

    assert mapped(storno, Account(zone=BERLIN, known={"E-1": "300000000000040"})).refers_to == "300000000000040"
    assert mapped(storno).refers_to == "E-1"


def test_what_asks_for_money_is_an_order_whatever_it_was_split_from():
    order = mapped(an_order(BillBeeParentOrderId=7, IsCancelationFor="E-1"))

    assert (order.kind, order.refers_to) == (OrderKind.ORDER, None)


def test_a_free_order_is_cancelled_by_a_twin_that_costs_nothing_either():
    free = an_item(TotalPrice=0.0)

    assert mapped(an_order(free, TotalCost=0.0, IsCancelationFor="E-1")).kind is OrderKind.CREDIT
    assert mapped(an_order(free, TotalCost=0.0, BillBeeParentOrderId=7)).kind is OrderKind.ORDER


# --- Dates


def test_dates_without_offset_are_the_merchants_own():
    assert mapped(an_order()).ordered_at == datetime(2026, 10, 20, 7, 15, tzinfo=UTC)
    assert mapped(an_order(), Account(zone=ZoneInfo("Europe/London"))).ordered_at.hour == 8


def test_dates_with_offset_keep_it_and_year_one_is_no_date():
    order = mapped(an_order(CreatedAt="2026-10-20T09:15:00+00:00", ShippedAt="0001-01-01T00:00:00"))

    assert (order.ordered_at.hour, order.shipped_at) == (9, None)


def test_an_order_without_any_date_is_told_with_its_place():
    with pytest.raises(NotUnderstood) as refused:
        mapped(an_order(CreatedAt=None))

    assert refused.value.where == "$.CreatedAt"


# --- Invoice, waiver, people


def test_an_invoice_number_has_three_parts():
    parts = {"InvoiceNumberPrefix": "RE-", "InvoiceNumber": 83, "InvoiceNumberPostfix": "-26"}
    invoice = mapped(an_order(**parts, InvoiceDate="2026-10-31T23:30:00")).invoice

    assert invoice is not None
    assert (invoice.number, invoice.date) == ("RE-83-26", date(2026, 10, 31))


def test_an_invoice_without_its_day_still_keeps_a_second_one_away():
    invoice = mapped(an_order(InvoiceNumber=83)).invoice

    assert invoice is not None
    assert invoice.date == date(2026, 10, 20)


def test_a_prefix_alone_is_no_invoice():
    assert mapped(an_order(InvoiceNumberPrefix="RE-")).invoice is None


def test_the_right_of_withdrawal_that_was_given_up_in_the_shop_is_a_waiver_without_an_invented_time():
    waiver = mapped(an_order(AcceptLossOfReturnRight=True)).waiver

    assert waiver is not None
    assert (waiver.accepted, waiver.at, waiver.text) == (True, None, None)
    assert mapped(an_order(AcceptLossOfReturnRight=False)).waiver is None


def test_where_the_buyer_is_missing_the_address_knows_and_at_last_the_customer():
    company = {"Company": "Musterstadt", "FirstName": None}
    customer = {"Name": "Max Mustermann", "Email": "max@example.org", "Number": 23, "Type": 1}

    known = mapped(an_order()).buyer
    order = mapped(an_order(InvoiceAddress=company, Customer=customer)).buyer

    assert (known.name, known.email, known.kind) == ("Erika Mustermann", "erika@example.org", BuyerKind.CONSUMER)
    assert (order.name, order.company, order.email) == ("Max Mustermann", "Musterstadt", "max@example.org")
    assert (order.customer_number, order.kind) == ("23", BuyerKind.BUSINESS)


def test_a_street_has_its_number_and_a_country_its_two_letters():
    street = {
        "Street": "Heidestraße",
        "HouseNumber": "17",
        "NameAddition": "Hof",
        "Line2": "2. OG",
        "Country": "Germany",
    }
    billing = mapped(an_order(InvoiceAddress=street | {"CountryISO2": "de"})).billing

    assert billing is not None
    assert (billing.line1, billing.line2, billing.country) == ("Heidestraße 17", "Hof, 2. OG", "DE")


def test_what_was_chosen_of_an_article_stands_in_its_title():
    item = an_item(Attributes=[{"Name": "Größe", "Value": "M"}, {"Name": "Farbe", "Value": None}])

    assert mapped(an_order(item)).lines[0].title == "Schnitt Ida (Größe: M)"


def test_platform_and_language_are_written_as_customers_know_them():
    order = mapped(an_order(Seller={"Platform": "ebay", "BillbeeShopName": "Nähwerk"}, LanguageCode="EN"))

    assert (order.platform, order.shop_name, order.locale) == ("eBay", "Nähwerk", "en")
    assert mapped(an_order(Seller={"Platform": "etsy"}, LanguageCode="DE")).platform == "Etsy"
    assert mapped(an_order(LanguageCode="DE")).locale == "de-DE"


# --- Answers


def envelope(**told: object) -> bytes:
    base = {"Paging": {"Page": 2, "TotalPages": 3, "TotalRows": 130, "PageSize": 50}, "ErrorCode": 0, "Data": []}
    return msgspec.json.encode(base | told)


def test_a_page_says_where_it_stands_and_one_order_that_nobody_understands_hides_no_other():
    page = billbee.page(envelope(Data=[{"nonsense": True}, an_order()]))

    assert (page.number, page.last, len(page.orders)) == (2, 3, 2)
    with pytest.raises(NotUnderstood):
        billbee.order(page.orders[0])
    assert billbee.external_id(billbee.order(page.orders[1])) == "300000000000042"


def test_an_error_is_an_error_with_http_200_too():
    with pytest.raises(BillbeeRefused) as refused:
        billbee.page(envelope(ErrorCode=17, ErrorMessage=None, ErrorDescription="APIServiceNotBooked", Data=None))

    assert (refused.value.code, refused.value.why) == (17, "APIServiceNotBooked")


def test_a_single_order_comes_in_an_envelope_too():
    assert billbee.single(envelope(Paging=None, Data=an_order(OrderNumber="5001"))).order_number == "5001"


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"ErrorCode": 0}', b'{"ErrorCode": 0, "Data": {}}'])
def test_an_answer_in_another_shape_is_not_understood(body):
    with pytest.raises(NotUnderstood):
        billbee.page(body)
