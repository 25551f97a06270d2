"""Orders as a shop would send them; a test says only what matters."""

from __future__ import annotations

Json = dict[str, object]


def an_order(**changes: object) -> Json:
    """A paid order of one PDF for 24,90 €."""
    order: Json = {
        "number": "1001",
        "platform": "Etsy",
        "state": "ordered",
        "ordered_at": "2026-10-25T01:30:11Z",
        "currency": "EUR",
        "buyer": {"name": "Erika Mustermann", "email": "erika@example.org"},
        "lines": [a_line()],
        "total_gross": 2490,
    }
    return {**order, **changes}


def a_line(**changes: object) -> Json:
    line: Json = {"id": "1", "title": "Schnittmuster", "sku": "PDF-BENTE", "line_gross": 2490, "tax_rate": "19.00"}
    return {**line, **changes}


def a_payment(**changes: object) -> Json:
    payment: Json = {
        "provider": "paypal",
        "transaction_id": "8AB1",
        "amount": 2490,
        "currency": "EUR",
        "at": "2026-10-25T01:31:02Z",
    }
    return {**payment, **changes}


def codes(answer: Json) -> dict[str, str]:
    """JSON pointer → code, of a problem."""
    errors = answer["errors"]
    assert isinstance(errors, list)
    return {error["pointer"]: error["code"] for error in errors}
