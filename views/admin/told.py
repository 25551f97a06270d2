"""What the history's rows hold, read the same way for every kind of thing that happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portal.refusals import Refusal
from views.admin.order_words import REASONS
from views.format import Money
from views.sentences import Sentence, plain

Told = Mapping[str, object]


def text_of(told: Told, name: str) -> str:
    value = told.get(name, "")
    return value if isinstance(value, str) else str(value)


def count_of(told: Told) -> int:
    count = told.get("count")
    return count if isinstance(count, int) else 1


def amount_of(told: Told) -> Money | str:
    amount, currency = told.get("amount"), text_of(told, "currency")
    return Money(amount, currency) if isinstance(amount, int) and currency else text_of(told, "amount")


def in_their_words(told: Told) -> str:
    """What a service or a program said, in its own words, or in ours for them."""
    return text_of(told, "detail") or text_of(told, "error") or text_of(told, "reason")


def provider_name(told: Told) -> str:
    new = told.get("new")
    name = new.get("name") if isinstance(new, dict) else None
    return str(name) if name else text_of(told, "name") or f"#{text_of(told, 'provider')}"


def reason_of(told: Told) -> Sentence:
    text = text_of(told, "refusal")
    return REASONS[Refusal(text)] if text in set(Refusal) else plain(text)


def fixed(sentence: Sentence) -> Callable[[Told], Sentence]:
    return lambda _told: sentence
