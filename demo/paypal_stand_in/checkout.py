"""Orders, captures and refunds, as PayPal's Orders v2 and Payments v2 answer."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TypeAlias

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from demo.paypal_stand_in.answers import answer, refused
from demo.paypal_stand_in.hooks import Hooks
from demo.paypal_stand_in.ledger import Json, Ledger, ToldOrder, new_id, now

AnyRequest: TypeAlias = Request[object, object, State]
Answer: TypeAlias = Response[Json | None]
VALUE = re.compile(r"[0-9]+(\.[0-9]{1,2})?")
MARK = re.compile(r"[A-Za-z0-9._,-]{1,127}")
STATUSES = {"COMPLETED", "PENDING", "DECLINED"}


def stopped(request: AnyRequest, ledger: Ledger) -> Answer | None:
    """What PayPal looks at before it looks at anything else."""
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if token not in ledger.tokens:
        return refused(401)
    if request.method == "POST" and request.headers.get("Content-Type", "") != "application/json":
        return refused(415)
    return None


@post("/v2/checkout/orders", status_code=200)
async def create_order(request: AnyRequest, state: State) -> Answer:
    ledger: Ledger = state.ledger
    if stop := stopped(request, ledger):
        return stop
    key = request.headers.get("PayPal-Request-Id", "")
    if not key:
        return refused(400, "PAYPAL_REQUEST_ID_REQUIRED")
    if known := ledger.answers.get(("create", key)):
        return answer(*known)
    wanted = _json(await request.body())
    if fault := _wrong(wanted):
        return refused(*fault)
    order = ToldOrder(id=new_id(), created_at=now(), wanted=wanted)
    ledger.orders[order.id] = order
    told: Json = {
        "id": order.id,
        "status": order.status,
        "payment_source": {"paypal": {}},
        "links": [
            _link("self", f"{ledger.origin}/v2/checkout/orders/{order.id}"),
            _link("payer-action", f"{ledger.origin}/checkoutnow?token={order.id}"),
        ],
    }
    ledger.answers["create", key] = (200, told)
    return answer(200, told)


def _wrong(wanted: Json) -> tuple[int, str, str] | None:
    try:
        unit = wanted["purchase_units"][0]  # type: ignore[index]
        context = wanted["payment_source"]["paypal"]["experience_context"]  # type: ignore[index]
        value, mark = str(unit["amount"]["value"]), str(unit["custom_id"])
        if not all(str(context[name]).startswith("http") for name in ("return_url", "cancel_url")):
            return 400, "INVALID_PARAMETER_SYNTAX", "/payment_source/paypal/experience_context/return_url"
    except (KeyError, IndexError, TypeError):
        return 400, "MISSING_REQUIRED_PARAMETER", "/purchase_units"
    if not VALUE.fullmatch(value) or Decimal(value) <= 0:
        return 422, "DECIMAL_PRECISION", "/purchase_units/@reference_id=='default'/amount/value"
    return None if MARK.fullmatch(mark) else (400, "INVALID_PARAMETER_SYNTAX", "/purchase_units/0/custom_id")


@get("/v2/checkout/orders/{order_id:str}")
async def show_order(order_id: FromPath[str], request: AnyRequest, state: State) -> Answer:
    ledger: Ledger = state.ledger
    if stop := stopped(request, ledger):
        return stop
    order = ledger.orders.get(order_id)
    return answer(200, representation(order, ledger)) if order else refused(404, "INVALID_RESOURCE_ID")


def representation(order: ToldOrder, ledger: Ledger) -> Json:
    payments: Json = {}
    if order.capture:
        payments["captures"] = [order.capture]
    if order.refunds:
        payments["refunds"] = order.refunds
    unit: Json = {name: order.unit[name] for name in ("reference_id", "amount", "custom_id", "invoice_id")}
    return {
        "id": order.id,
        "intent": "CAPTURE",
        "status": order.status,
        "create_time": order.created_at,
        "payment_source": {"paypal": {"email_address": "buyer@example.org", "account_id": "QYR5Z8XDVJNXQ"}},
        "purchase_units": [unit | ({"payments": payments} if payments else {})],
        "links": [_link("self", f"{ledger.origin}/v2/checkout/orders/{order.id}")],
    }


@post("/v2/checkout/orders/{order_id:str}/capture", status_code=201)
async def capture_order(order_id: FromPath[str], request: AnyRequest, state: State) -> Answer:
    ledger: Ledger = state.ledger
    hooks: Hooks = state.hooks
    if stop := stopped(request, ledger):
        return stop
    order = ledger.orders.get(order_id)
    if order is None:
        return refused(404, "INVALID_RESOURCE_ID")
    if (key := request.headers.get("PayPal-Request-Id", "")) and (known := ledger.answers.get(("capture", key))):
        return answer(200, known[1])
    if order.capture:
        return refused(422, "ORDER_ALREADY_CAPTURED")
    if order.status != "APPROVED":
        return refused(422, "ORDER_NOT_APPROVED")
    if ledger.capture_as not in STATUSES:
        return refused(422, ledger.capture_as)
    capture(order, ledger)
    told = representation(order, ledger)
    ledger.answers["capture", key] = (201, told)
    hooks.about_capture(order)
    return answer(201, told)


def capture(order: ToldOrder, ledger: Ledger) -> None:
    """Takes the money, perhaps long after it was asked for."""
    amount: Json = dict(order.unit["amount"])  # type: ignore[call-overload]
    if ledger.captured_value:
        amount["value"] = ledger.captured_value
    order.status = "COMPLETED"
    order.capture = {
        "id": new_id(),
        "status": ledger.capture_as,
        "amount": amount,
        "final_capture": True,
        "custom_id": order.unit["custom_id"],
        "invoice_id": order.unit["invoice_id"],
        "create_time": now(),
        "update_time": now(),
    }
    if ledger.capture_as == "PENDING":
        order.capture["status_details"] = {"reason": "PENDING_REVIEW"}


@post("/v2/payments/captures/{capture_id:str}/refund", status_code=201)
async def refund_capture(capture_id: FromPath[str], request: AnyRequest, state: State) -> Answer:
    ledger: Ledger = state.ledger
    hooks: Hooks = state.hooks
    if stop := stopped(request, ledger):
        return stop
    key = request.headers.get("PayPal-Request-Id", "")
    if key and (known := ledger.answers.get(("refund", key))):
        return answer(200, known[1])
    order = ledger.by_capture(capture_id)
    if order is None or order.capture is None:
        return refused(404, "INVALID_RESOURCE_ID")
    if order.capture["status"] == "PENDING":
        return refused(422, "PENDING_CAPTURE")
    body = _json(await request.body())
    wanted = body.get("amount")
    value = Decimal(str(wanted["value"])) if isinstance(wanted, dict) else left(order)
    if left(order) == 0:
        return refused(422, "CAPTURE_FULLY_REFUNDED")
    if value > left(order):
        return refused(422, "REFUND_AMOUNT_EXCEEDED")
    told = refund(order, value, ledger, hooks, str(body.get("custom_id", "")))
    ledger.answers["refund", key] = (201, told)
    return answer(201, told)


def refund(order: ToldOrder, value: Decimal, ledger: Ledger, hooks: Hooks, mark: str = "") -> Json:
    """What a merchant can also do at PayPal itself; then it bears the payment's own mark."""
    assert order.capture is not None  # noqa: S101 (asked by all callers)
    currency = order.unit["amount"]["currency_code"]  # type: ignore[index]
    told: Json = {
        "id": new_id(),
        "status": ledger.refund_as,
        "amount": {"currency_code": currency, "value": f"{value:.2f}"},
        "custom_id": mark or order.unit["custom_id"],
        "create_time": now(),
        "links": [_link("up", f"{ledger.origin}/v2/payments/captures/{order.capture['id']}")],
    }
    order.refunds.append(told)
    if ledger.refund_as == "COMPLETED":
        order.capture["status"] = "PARTIALLY_REFUNDED" if left(order) else "REFUNDED"
        hooks.about_refund(order, told)
    return told


def left(order: ToldOrder) -> Decimal:
    """What of the capture was not refunded yet."""
    assert order.capture is not None  # noqa: S101 (asked by all callers)
    gone = (_value(each) for each in order.refunds if each["status"] in ("COMPLETED", "PENDING"))
    return _value(order.capture) - sum(gone, Decimal(0))


def _value(told: Json) -> Decimal:
    amount = told["amount"]
    return Decimal(str(amount["value"])) if isinstance(amount, dict) else Decimal(0)


def _link(rel: str, href: str) -> Json:
    return {"href": href, "rel": rel, "method": "GET"}


def _json(body: bytes) -> Json:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
