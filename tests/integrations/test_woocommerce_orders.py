"""What WooCommerce says of an order becomes the canonical one: to the cent, and paid only where it is paid."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest

from db.orders import BuyerKind, LineKind, PaymentMethod, State, TaxCategory
from db.payments import PaymentKind
from integrations import amounts, woocommerce
from integrations.tolerant import NotUnderstood, Words, parsed, shaped
from integrations.woocommerce import Details, Product, Refund, Shop
from portal import imported
from portal.imported import ImportedLine, ImportedOrder

SHOP, NOTHING_MORE = Shop(name="Nähwerk"), Details()
ABSURD = [{"rate_id": each, "rate_percent": "9e11", "compound": True} for each in (1, 2, 3)]
GERMAN_RATES = [{"rate_id": 1, "rate_percent": 19}, {"rate_id": 2, "rate_percent": 7}]


def an_item(**told: object) -> dict[str, object]:
    item = {"id": 11, "name": "Kleid Ida", "product_id": 5, "quantity": 1, "sku": "KLEID", "taxes": []}
    return item | {"total": "10.00", "total_tax": "0.00"} | told


def taxed(net: str, tax: str, rate: int = 1, **told: object) -> dict[str, object]:
    return an_item(total=net, total_tax=tax, taxes=[{"id": rate, "total": tax}], **told)


def an_order(*items: dict[str, object], **told: object) -> dict[str, object]:
    base: dict[str, object] = {
        "id": 4711,
        "number": "A-4711",
        "status": "processing",
        "currency": "EUR",
        "total": "10.00",
        "date_created_gmt": "2026-10-25T00:30:00",
        "date_paid_gmt": None,
        "billing": {"first_name": "Erika", "last_name": "Mustermann", "email": "erika@example.org", "country": "de"},
        "line_items": list(items) or [an_item()],
        "tax_lines": GERMAN_RATES,
    }
    return base | told


def mapped(order: dict[str, object], shop: Shop = SHOP, details: Details = NOTHING_MORE) -> ImportedOrder:
    found = woocommerce.to_order(woocommerce.read(msgspec.json.encode(order)), shop, details)
    assert found is not None
    return found


def line(order: dict[str, object], details: Details = NOTHING_MORE) -> ImportedLine:
    return mapped(order, details=details).lines[0]


PAID = {"date_paid_gmt": "2026-10-25T01:00:00", "payment_method": "ppcp-gateway", "transaction_id": "8AB123"}


# --- Amounts and tax


def test_a_line_is_worth_its_net_total_and_its_tax_even_where_prices_include_tax():
    assert line(an_order(taxed("9.25", "0.65", 2), total="9.90", prices_include_tax=True)).line_gross == 990


def test_a_rate_is_the_one_that_the_orders_tax_line_names():
    order = mapped(an_order(taxed("9.25", "0.65", 2), taxed("20.92", "3.98", id=12), total="34.80"))

    assert [line.tax_rate for line in order.lines] == ["7.00", "19.00"]
    assert imported.amounts_consistent(order)


def test_several_rates_on_one_line_add_up_and_a_compound_one_goes_on_top():
    rates = [{"rate_id": 1, "rate_percent": "5"}, {"rate_id": 2, "rate_percent": "9.975", "compound": True}]
    item = an_item(taxes=[{"id": 1, "total": "0.5"}, {"id": 2, "total": "1.047375"}], total_tax="1.55")

    assert line(an_order(item, tax_lines=rates)).tax_rate == "15.47"


@pytest.mark.parametrize(
    ("net", "tax", "rate"),
    [
        ("9.25", "0.65", "7"),
        ("20.92", "3.98", "19"),
        ("6.00", "0.45", "7.5"),
        ("0.00", "0.00", "0"),
        ("5.00", "0", "0"),
    ],
)
def test_without_a_told_rate_it_is_the_plainest_one_that_the_amounts_allow(net, tax, rate):
    assert amounts.implied_rate(Decimal(net), Decimal(tax)) == Decimal(rate)


def test_a_line_without_any_tax_claims_no_reason_for_it():
    found = line(an_order())

    assert (found.tax_rate, found.tax_category) == ("0.00", TaxCategory.STANDARD)


def test_a_line_at_a_told_rate_of_nothing_is_zero_rated():
    zero = [{"rate_id": 9, "rate_percent": 0}]

    assert line(an_order(an_item(taxes=[{"id": 9, "total": "0"}]), tax_lines=zero)).tax_category is TaxCategory.ZERO


@pytest.mark.parametrize(
    ("currency", "total", "minor"), [("JPY", "500.00", 500), ("KWD", "2.000", 2000), ("EUR", "2", 200)]
)
def test_amounts_count_the_minor_unit_of_their_currency(currency, total, minor):
    assert mapped(an_order(an_item(total=total), currency=currency, total=total)).total_gross == minor


def test_a_coupon_lowers_the_items_and_is_no_line_of_its_own():
    item = taxed("8.40", "1.60", subtotal="16.81", subtotal_tax="3.19", quantity=2)
    order = mapped(an_order(item, coupon_lines=[{"code": "HERBST", "discount": "8.41"}]))

    assert [(each.line_gross, each.discount_gross, each.unit_gross) for each in order.lines] == [(1000, 1000, 1000)]
    assert order.custom["woocommerce_coupons"] == "HERBST"


def test_fees_and_shipping_are_lines_and_a_negative_fee_is_a_discount():
    order = mapped(
        an_order(
            total="12.90",
            shipping_lines=[{"id": 20, "method_title": "DHL Paket", "total": "4.90", "total_tax": "0.00"}],
            fee_lines=[{"id": 30, "name": "Treuerabatt", "total": "-3.00"}, {"id": 31, "name": "Karte", "total": "1"}],
        )
    )

    assert [(each.kind, each.line_gross) for each in order.lines[1:]] == [
        (LineKind.SHIPPING, 490),
        (LineKind.DISCOUNT, -300),
        (LineKind.FEE, 100),
    ]
    assert imported.amounts_consistent(order)


def test_shipping_that_is_told_by_its_sum_alone_is_a_line_too():
    assert mapped(an_order(total="14.00", shipping_total="4.00")).lines[1].line_gross == 400


def test_a_cent_that_rounding_lost_goes_to_the_largest_line():
    order = mapped(an_order(an_item(total="3.33"), an_item(id=12, total="6.66"), total="10.00"))

    assert [each.line_gross for each in order.lines] == [333, 667]


def test_what_rounding_does_not_explain_stays_for_the_flag():
    assert not imported.amounts_consistent(mapped(an_order(total="9.00")))


def test_half_a_metre_is_half_a_metre_and_the_price_that_is_a_float_is_not_read():
    found = line(an_order(an_item(quantity=1.5, price=6.666666666667)))

    assert (found.quantity, found.unit_gross, found.line_gross) == ("1.5", None, 1000)


# --- What is paid


def test_cash_on_delivery_is_processed_but_not_paid():
    order = mapped(an_order(payment_method="cod"))

    assert (order.state, order.paid_at, order.payments) == (State.CONFIRMED, None, [])
    assert order.payment_method is PaymentMethod.CASH_ON_DELIVERY


def test_processing_with_a_day_of_payment_is_paid_in_full():
    order = mapped(an_order(**PAID))

    assert (order.state, order.paid_at) == (State.PAID, datetime(2026, 10, 25, 1, tzinfo=UTC))
    assert [(p.provider, p.transaction_id, p.amount) for p in order.payments] == [("paypal", "8AB123", 1000)]


def test_completed_is_paid_even_without_a_day_of_payment():
    order = mapped(an_order(status="completed", date_completed_gmt="2026-10-26T08:00:00"))

    assert order.paid_at == datetime(2026, 10, 26, 8, tzinfo=UTC)
    assert [(p.provider, p.transaction_id) for p in order.payments] == [("woocommerce", "order-4711")]


@pytest.mark.parametrize("status", ["pending", "failed"])
def test_a_payment_that_failed_did_not_happen_whatever_date_is_left(status):
    order = mapped(an_order(status=status, **PAID))

    assert (order.state, order.paid_at, order.payments) == (State.ORDERED, None, [])


def test_refunds_are_negative_texts_and_leave_the_status_alone():
    order = mapped(an_order(status="completed", refunds=[{"id": 9, "total": "-2.50"}], **PAID))

    assert [(p.transaction_id, p.amount) for p in order.payments if p.kind is PaymentKind.REFUND] == [("9", 250)]
    assert order.state is State.COMPLETED


def test_refunded_means_all_of_it_even_where_the_refunds_do_not_say_so():
    order = mapped(an_order(status="refunded", refunds=[{"id": 9, "total": "-2.50"}], **PAID))

    assert sum(p.amount for p in order.payments if p.kind is PaymentKind.REFUND) == 1000
    assert order.state is State.CANCELLED


def test_refunds_told_one_by_one_bring_their_day_and_what_was_taken_back():
    body = b"""{"id": 9, "date_created_gmt": "2026-11-01T10:00:00", "line_items":
        [{"id": 77, "quantity": -2, "meta_data": [{"key": "_refunded_item_id", "value": "11"}]}]}"""
    details = Details(refunds=[shaped(parsed(body), Refund)])

    order = mapped(an_order(an_item(quantity=3), refunds=[{"id": 9, "total": "-2.50"}], **PAID), details=details)

    assert order.lines[0].refunded_quantity == "2"
    assert order.payments[1].at == datetime(2026, 11, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("gateway", "method"),
    [
        ("bacs", PaymentMethod.PREPAYMENT),
        ("ppcp-gateway", PaymentMethod.PAYPAL),
        ("ppcp-credit-card-gateway", PaymentMethod.CARD),
        ("stripe_sepa", PaymentMethod.DIRECT_DEBIT),
        ("german_market_purchase_on_account", PaymentMethod.INVOICE),
        ("something-new", PaymentMethod.OTHER),
        ("", None),
    ],
)
def test_the_way_of_paying_is_known_by_its_gateway(gateway, method):
    assert mapped(an_order(payment_method=gateway)).payment_method is method


# --- States, dates, people


@pytest.mark.parametrize("status", ["draft", "auto-draft", "checkout-draft"])
def test_a_draft_is_no_order(status):
    assert woocommerce.to_order(woocommerce.read(msgspec.json.encode(an_order(status=status))), Shop()) is None


def test_what_lies_in_the_trash_is_deleted():
    assert mapped(an_order(status="trash")).state is State.DELETED


def test_a_plugins_status_is_what_the_merchant_says_and_else_an_order():
    shop = Shop(states={"versendet": State.SHIPPED})

    assert mapped(an_order(status="versendet"), shop).state is State.SHIPPED
    assert mapped(an_order(status="in-der-druckerei"), shop).state is State.ORDERED


def test_only_the_time_in_gmt_counts_for_local_ones_come_twice_in_october():
    order = mapped(an_order(date_created="2026-10-25T02:30:00", date_created_gmt="2026-10-25T01:30:00"))

    assert order.ordered_at == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_an_order_without_any_date_is_told_with_its_place():
    with pytest.raises(NotUnderstood) as refused:
        mapped(an_order(date_created_gmt=None))

    assert refused.value.where == "$.date_created_gmt"


def test_titles_are_read_as_the_page_shows_them():
    assert line(an_order(an_item(name="Rock &amp; Bluse &ndash; rot"))).title == "Rock & Bluse – rot"


def test_a_guest_has_no_customer_number():
    assert mapped(an_order(customer_id=0)).buyer.customer_number == ""
    assert mapped(an_order(customer_id=42)).buyer.customer_number == "42"


def test_a_company_is_a_business_only_with_a_vat_id():
    billing = {"company": "c/o Möller", "first_name": "Erika"}
    vat = [{"key": "_billing_vat_number", "value": "DE123456788"}]

    assert mapped(an_order(billing=billing)).buyer.kind is BuyerKind.CONSUMER
    assert mapped(an_order(billing=billing, meta_data=vat)).buyer.kind is BuyerKind.BUSINESS


def test_an_address_nobody_typed_is_none_and_a_country_is_written_large():
    order = mapped(an_order(shipping={"first_name": "", "country": ""}))

    assert order.shipping is None
    assert order.billing is not None
    assert order.billing.country == "DE"


@pytest.mark.parametrize(
    ("product", "digital"),
    [
        (Product(id=Words("5"), downloadable=True, virtual=True), True),
        (Product(id=Words("5")), False),
        (Product(id=Words("5"), virtual=True), None),
        (Product(id=Words("6"), downloadable=True), None),
    ],
)
def test_what_is_a_file_is_told_by_the_product_alone(product, digital):
    assert line(an_order(), details=Details(products={product.id: product})).digital is digital


def test_a_variation_speaks_before_its_product():
    products = {"5": Product(id=Words("5")), "6": Product(id=Words("6"), downloadable=True)}

    assert line(an_order(an_item(variation_id=6)), details=Details(products=products)).digital is True


# --- What others get wrong


def test_a_title_without_end_is_cut_and_no_reason_to_lose_the_order():
    assert len(line(an_order(an_item(name="x" * 20_000))).title) == 10_000


def test_ids_that_come_twice_are_told_apart():
    order = mapped(an_order(an_item(total="5"), an_item(total="5")))

    assert [each.id for each in order.lines] == ["11", "11#2"]


@pytest.mark.parametrize(
    ("told", "where"),
    [
        ({"currency": "XXQ"}, "$.currency"),
        ({"total": "NaN"}, "$.total"),
        ({"total": "1e40"}, "$.total"),
        ({"line_items": [{"name": "without id"}]}, "$.line_items[0]"),
        ({"date_paid_gmt": "yesterday"}, "$.date_paid_gmt"),
        ({"line_items": [an_item(taxes=[{"id": n, "total": "1"} for n in (1, 2, 3)])], "tax_lines": ABSURD}, "$"),
    ],
)
def test_what_is_no_order_is_refused_with_its_place(told, where):
    with pytest.raises(NotUnderstood) as refused:
        mapped(an_order(**told))

    assert refused.value.where == where


@pytest.mark.parametrize("body", [b"webhook_id=7", b"\xff", b"[" * 100_000, b'{"id": 7}'])
def test_a_body_that_is_no_order_is_refused(body):
    with pytest.raises(NotUnderstood):
        woocommerce.read(body)
