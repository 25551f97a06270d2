"""Whether an automation is meant for an order: each condition by itself, and all or any of them together."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from db.automations import Match
from db.orders import BuyerKind, PaymentMethod, State
from portal.conditions import Condition, ConditionKind, Op, failing, faults, holds
from portal.situations import Situation
from tests.views.orders import a_dossier, a_file


def a_condition(kind: str, op: str, value: bool | int | str | list[str]) -> Condition:
    return Condition(kind=ConditionKind(kind), op=Op(op), value=value)


def seen(**facts: Any) -> Situation:
    """Order facts by name; `tags`, `countries`, `has_files`, `platform`, `locale` and `source` as they are."""
    own = {name: facts.pop(name) for name in ("platform", "locale", "source") if name in facts}
    around: dict[str, Any] = {"tags": frozenset(), "countries": frozenset(), "has_files": False}
    around |= {name: facts.pop(name) for name in list(facts) if name in around}
    dossier = a_dossier(files=[a_file()])
    return Situation(dossier=replace(dossier, order=replace(dossier.order, **facts), **own), **around)


@pytest.mark.parametrize(
    ("condition", "facts", "fits"),
    [
        (("has_files", "is", True), {"has_files": True}, True),
        (("has_files", "is", False), {"has_files": True}, False),
        (("state", "in", ["paid", "shipped"]), {"state": State.SHIPPED}, True),
        (("state", "not_in", ["paid", "shipped"]), {"state": State.SHIPPED}, False),
        (("state", "is", "ordered"), {"state": State.ORDERED}, True),
        (("platform", "in", ["etsy"]), {"platform": "Etsy"}, True),
        (("source", "in", ["etsy"]), {"source": "billbee"}, False),
        (("country", "in", ["AT", "CH"]), {"countries": frozenset({"AT"})}, True),
        (("country", "not_in", ["AT"]), {"countries": frozenset()}, True),
        (("locale", "in", ["de"]), {"locale": "de-AT"}, True),
        (("locale", "in", ["de-DE"]), {"locale": "de-AT"}, False),
        (("tag", "in", ["vip"]), {"tags": frozenset({"VIP"})}, True),
        (("total", "gte", 1000), {"total": 1000}, True),
        (("total", "lte", 999), {"total": 1000}, False),
        (("due", "is", 0), {"paid_at": None, "total": 0}, True),
        (("payment_method", "in", ["invoice"]), {"payment_method": PaymentMethod.INVOICE}, True),
        (("payment_method", "in", ["invoice"]), {"payment_method": None}, False),
        (("buyer_kind", "is", "business"), {"buyer_kind": BuyerKind.BUSINESS}, True),
    ],
)
def test_a_condition_is_asked_of_the_order(condition, facts, fits):
    assert holds(a_condition(*condition), seen(**facts)) is fits


def test_all_have_to_hold_or_any():
    here, there = a_condition("tag", "in", ["a"]), a_condition("tag", "in", ["b"])
    tagged = seen(tags=frozenset({"b"}))

    assert failing([here, there], Match.ALL, tagged) is here
    assert failing([here, there], Match.ANY, tagged) is None
    assert failing([here], Match.ANY, tagged) is here


@pytest.mark.parametrize("match", Match)
def test_without_conditions_it_is_meant_for_every_order(match):
    assert failing([], match, seen()) is None


@pytest.mark.parametrize(
    ("condition", "pointer"),
    [
        (("has_files", "in", True), "#/conditions/0/op"),
        (("has_files", "is", "yes"), "#/conditions/0/value"),
        (("total", "gte", True), "#/conditions/0/value"),
        (("total", "gte", -1), "#/conditions/0/value"),
        (("state", "in", ["payed"]), "#/conditions/0/value"),
        (("tag", "in", []), "#/conditions/0/value"),
        (("tag", "in", 4), "#/conditions/0/value"),
        (("sku", "gte", "A"), "#/conditions/0/op"),
    ],
)
def test_what_makes_no_sense_is_named_at_its_place(condition, pointer):
    assert [fault.pointer for fault in faults([a_condition(*condition)])] == [pointer]
