"""What a form says of a correction, read by the rules of the API, and told line by line where it does not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from portal.credit_notes import NewCreditNote
from portal.refusals import Fault, Invalid
from routes.api.body import converted
from views.admin.order_invoices import (
    CHOOSE_LINES,
    MORE_THAN_LEFT,
    NO_QUANTITY,
    NO_REASON,
    NOT_LEFT,
    TypedCorrection,
)
from views.sentences import Sentence

MOST_LINES = 500
LONGEST_QUANTITY, LONGEST_REASON = 40, 2000


def typed_of(action: str, texts: Mapping[str, str]) -> TypedCorrection:
    """`action` is `…/invoices/{id}/credit-notes`."""
    invoice_id = action.split("/")[-2]
    is_complete = texts.get("scope") != "lines"
    reason = texts.get(f"{'cancel' if is_complete else 'part'}-reason-{invoice_id}", "")
    return TypedCorrection(
        invoice_id=int(invoice_id),
        is_complete=is_complete,
        reason=reason.strip()[:LONGEST_REASON],
        quantities={} if is_complete else dict(_quantities(texts)),
    )


def _quantities(texts: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """Line and quantity, as far as one was typed."""
    given = [(texts.get(f"line.{n}", ""), texts.get(f"quantity.{n}", "").strip()) for n in range(MOST_LINES)]
    return [(line, quantity[:LONGEST_QUANTITY]) for line, quantity in given if line and quantity]


def wanted_of(typed: TypedCorrection) -> NewCreditNote:
    """Raises Invalid."""
    lines = [{"line": line, "quantity": quantity.replace(",", ".")} for line, quantity in typed.quantities.items()]
    if not typed.is_complete and not lines:
        raise Invalid(Fault("#/lines", "too-short", "Name a line."))
    return converted(NewCreditNote, {"lines": None if typed.is_complete else lines, "reason": typed.reason})


def with_faults(typed: TypedCorrection, faults: Sequence[Fault]) -> TypedCorrection:
    """The same with what does not fit, each where it was typed."""
    lines = list(typed.quantities)
    return replace(typed, wrong=dict(_told(fault, lines) for fault in faults))


def _told(fault: Fault, lines: Sequence[str]) -> tuple[str, Sentence]:
    match fault.pointer.removeprefix("#/").split("/"):
        case ["reason"]:
            return "reason", NO_REASON
        case ["lines", place, *_] if place.isdecimal() and int(place) < len(lines):
            return f"line {lines[int(place)]}", NOT_LEFT if fault.code == "unknown-line" else NO_QUANTITY
        case _:
            return "lines", MORE_THAN_LEFT if fault.code == "more-than-left" else CHOOSE_LINES
