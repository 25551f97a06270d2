"""Where the customer says yes or no: plain pages on the stand-in's own origin, behind one more redirect."""

from __future__ import annotations

from html import escape
from urllib.parse import quote, urlencode

from litestar import Response, get, post
from litestar.datastructures import State
from litestar.response import Redirect

from demo.paypal_stand_in.checkout import AnyRequest
from demo.paypal_stand_in.hooks import Hooks
from demo.paypal_stand_in.ledger import Ledger, ToldOrder

PAGE = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><link rel="icon" href="data:,"></head>
<body><main><h1>{title}</h1><p>{note}</p><p>{brand}: <strong>{amount}</strong> ({label}) {funding}</p>
<form method="post"><button name="answer" value="yes">{yes}</button>
<button name="answer" value="no">{no}</button></form>
</main></body></html>"""
WORDS = {
    "de": (
        "PayPal zum Ausprobieren",
        "Hier wird kein Geld bewegt: Diese Seite steht für PayPal, auf diesem Rechner allein.",
        "Jetzt bezahlen",
        "Abbrechen und zurück",
    ),
    "en": (
        "PayPal to try things out",
        "No money is moved here: this page stands in for PayPal, on this machine alone.",
        "Pay now",
        "Cancel and return",
    ),
}


@get("/checkoutnow")
async def start(request: AnyRequest) -> Redirect:
    """PayPal leads on, too: a browser that counts hops has two to count."""
    return Redirect(f"/webapps/approval?{urlencode(dict(request.query_params))}", status_code=302)


@get("/webapps/approval", media_type="text/html")
async def show(request: AnyRequest, state: State) -> Response[str]:
    order = _order(request, state.ledger)
    if order is None:
        return Response("<!doctype html><title>404</title>", status_code=404, media_type="text/html")
    locale = str(order.context.get("locale", "de-DE"))
    title, note, yes, no = WORDS["en" if locale.startswith("en") else "de"]
    amount = order.unit["amount"]
    text = PAGE.format(
        language=escape(locale),
        title=title,
        note=note,
        brand=escape(str(order.context.get("brand_name", ""))),
        amount=escape(f"{amount['value']} {amount['currency_code']}"),  # type: ignore[index]
        label=escape(str(order.unit["invoice_id"])),
        funding=escape(request.query_params.get("fundingSource", "")),
        yes=yes,
        no=no,
    )
    return Response(text, media_type="text/html")


@post("/webapps/approval", status_code=303)
async def decide(request: AnyRequest, state: State) -> Redirect | Response[str]:
    ledger: Ledger = state.ledger
    hooks: Hooks = state.hooks
    order = _order(request, ledger)
    if order is None:
        return Response("<!doctype html><title>404</title>", status_code=404, media_type="text/html")
    if (await request.form()).get("answer") != "yes":
        return Redirect(back(order, "cancel_url"), status_code=303)
    approve(order, hooks)
    return Redirect(f"{back(order, 'return_url')}&PayerID=QYR5Z8XDVJNXQ", status_code=303)


def approve(order: ToldOrder, hooks: Hooks) -> None:
    if order.status == "PAYER_ACTION_REQUIRED":
        order.status = "APPROVED"
        hooks.about_order(order)


def back(order: ToldOrder, name: str) -> str:
    """The shop's address with the order's id, as PayPal appends it."""
    url = str(order.context[name])
    return f"{url}{'&' if '?' in url else '?'}token={quote(order.id)}"


def _order(request: AnyRequest, ledger: Ledger) -> ToldOrder | None:
    return ledger.orders.get(request.query_params.get("token", ""))
