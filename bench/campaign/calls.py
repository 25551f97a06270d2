"""`python -m bench.campaign calls 300`: every call of the API with what its schema allows, and with what it does not.

The served OpenAPI document says what there is. No answer may be of status 500 or above, and each that refuses is a
problem document that names what is wrong.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias
from urllib.parse import quote

import httpx
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bench.campaign.customers import order
from bench.campaign.grounds import Grounds, furnish, laid_out, served
from bench.campaign.schemas import Json, Schemas
from demo.paypal_stand_in import standing_in

METHODS = ("get", "put", "post", "patch", "delete")
PLACE = re.compile(r"\{([^}]+)\}")
# What is asked of others would leave this machine, or take its time.
SKIPPED = re.compile(r"/(checks|entries|webhooks|runs|tests)$")
Drawn: TypeAlias = "tuple[str, Mapping[str, str], Json | bytes | None]"


def fine(number: int) -> bool:
    """`number` drawn requests for each call; whether none was answered wrongly."""
    with TemporaryDirectory(prefix="tresen-calls-") as scratch, standing_in() as paypal:
        grounds = laid_out(Path(scratch) / "data", TRESEN_PAYPAL_API_BASE=paypal.ledger.origin)
        with served(grounds), grounds.shop() as shop:
            furnish(grounds)
            for each in range(1, 4):
                shop.put(f"/orders/shop/{each}", json=order(each, paid=True)).raise_for_status()
            return _answered(grounds, shop, number)


def _answered(grounds: Grounds, shop: httpx.Client, number: int) -> bool:
    document = shop.get(f"{grounds.base}/api/openapi.json").raise_for_status().json()
    dice = int(os.environ.get("SEED", "0")) or time.time_ns() % 10**9
    print(f"Dice: {dice}", flush=True)
    tried, schemas = Tried(shop, grounds.base), Schemas(document)
    for path, calls in sorted(document["paths"].items()):
        for method in METHODS:
            if method in calls and not SKIPPED.search(path):
                _try(
                    partial(tried.send, method, f"{method} {path}", schemas.media_type(calls[method])),
                    _drawn(path, calls[method], schemas),
                    number,
                    dice,
                )
    statuses, wrong = tried.statuses, tried.wrong
    print(f"{statuses.total()} requests: {dict(sorted(statuses.items()))}")
    for name, sentence in wrong.items():
        print(f"WRONG: {name}: {sentence}")
    print("Nothing was wrong." if not wrong else f"{len(wrong)} calls were wrong.", flush=True)
    return not wrong


@dataclass
class Tried:
    """Sends what was drawn, counts what came back, and keeps the first wrong answer of each call."""

    shop: httpx.Client
    base: str
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, name: str, media_type: str, drawn: Drawn) -> None:
        path, query, body = drawn
        address = f"{self.base}{path}"
        if isinstance(body, bytes):
            answer = self.shop.request(
                method, address, params=query, content=body, headers={"Content-Type": media_type}
            )
        else:
            answer = self.shop.request(method, address, params=query, json=body)
        self.statuses[answer.status_code] += 1
        if fault := _fault(answer):
            self.wrong.setdefault(name, f"{fault}; {path} {query} {str(body)[:600]} → {answer.text[:300]}")


def _fault(answer: httpx.Response) -> str | None:
    if answer.status_code >= 500 and answer.status_code != 503:
        return f"status {answer.status_code}"
    if answer.status_code >= 400 and answer.headers.get("content-type") != "application/problem+json":
        return f"{answer.status_code} is no problem document, but {answer.headers.get('content-type')}"
    return None


def _try(call: Callable[[Drawn], None], drawn: st.SearchStrategy[Drawn], number: int, dice: int) -> None:
    @seed(dice)
    @settings(
        max_examples=number,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(drawn)
    def each(request: Drawn) -> None:
        call(request)

    each()


def _drawn(path: str, call: Mapping[str, Json], schemas: Schemas) -> st.SearchStrategy[Drawn]:
    names = {name: schemas.names() for name in PLACE.findall(path)}

    def filled(given: Mapping[str, str]) -> str:
        return PLACE.sub(lambda found: quote(given[found[1]], safe="") or "-", path)

    return st.tuples(st.fixed_dictionaries(names).map(filled), schemas.query(call), schemas.body(call))
