"""Where every order stands in the list and by which words it is found. Triggers keep it true: no write can forget it.

The words lie folded in `text`, and the index `order_search_index` (FTS5, trigrams without positions) says which
rows hold three letters in a row. That finds any part of a number or a name; what it finds is compared with `text`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Join,
    TextClause,
    and_,
    bindparam,
    func,
    join,
    literal_column,
    table,
    text,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base
from db.orders import State

MOST_WORDS = 8
MOST_TRIGRAMS = 8  # of one word: more cost more than they rule out
LONGEST_QUERY = 200
MERGED_AT_ONCE = 200  # pages
GAP = "\n\n"  # before every word in `text`, so that one or two letters are a trigram, too: that of a beginning
UMLAUTS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "ae", "Ö": "oe", "Ü": "ue", "ẞ": "ss"}
# Letters with marks, and those that stand for them. The migrations hold the same list in SQL.
MARKED = {
    "a": "àáâãåāăą", "c": "çćč", "d": "ďđ", "e": "èéêëēėęě", "g": "ğģ", "i": "ìíîïīįı", "k": "ķ", "l": "ĺļľł",
    "n": "ñńņň", "o": "òóôõøōő", "r": "ŕř", "s": "śşš", "t": "ţťț", "u": "ùúûūůűų", "y": "ýÿ", "z": "źżž",
}  # fmt: skip
PLAIN = str.maketrans(
    {sign: letter for letter, signs in MARKED.items() for sign in signs + signs.upper() if not sign.isascii()} | UMLAUTS
)
ASCII_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class OrderSearch(Base, kw_only=True):
    """`place` orders by time: seconds of `ordered_at` × 2³⁰ + id. `payment_state` is that of portal.orders."""

    __tablename__ = "order_search"
    __table_args__ = (
        Index("ix_order_search_place", "place", unique=True),
        Index("ix_order_search_state", "state", "place"),
        Index("ix_order_search_payment_state", "payment_state", "place"),
        Index("ix_order_search_source", "source_id", "place"),
    )
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), primary_key=True, autoincrement=False)
    place: Mapped[int]
    source_id: Mapped[int]
    state: Mapped[State]
    payment_state: Mapped[str]
    text: Mapped[str]


def folded(words: str) -> str:
    """As `text` holds them: small letters without marks, umlauts written out."""
    return unicodedata.normalize("NFC", words).translate(PLAIN).translate(ASCII_LOWER)


def words_of(query: str) -> list[str]:
    """What is looked for, whatever somebody typed; empty where it is nothing."""
    typed = re.sub(r"[\0-\x1f\ud800-\udfff]", " ", query[:LONGEST_QUERY])
    return [folded(word) for word in typed.split()][:MOST_WORDS]


def holds(words: Sequence[str]) -> ColumnElement[bool]:
    """Every word stands in `text`."""
    return and_(*(func.instr(OrderSearch.text, needle) > 0 for needle in _needles(words)))


def may_hold(words: Sequence[str]) -> TextClause:
    """What the index is asked: for all orders that hold the words, and a few besides. See `joined`."""
    trigrams = sorted({trigram for needle in _needles(words) for trigram in _telling(needle)})
    asked = " AND ".join('"' + trigram.replace('"', '""') + '"' for trigram in trigrams)
    return text("order_search_index MATCH :trigrams").bindparams(bindparam("trigrams", asked))


def joined() -> Join:
    """Index and table, in this order: the plus keeps SQLite from asking the index once for every order."""
    index = table("order_search_index")
    return join(index, OrderSearch, OrderSearch.order_id == literal_column("+order_search_index.rowid"))


async def merge_a_little(session: AsyncSession, is_first: bool) -> bool:
    """Writes a part of the index anew without what was deleted from it; whether there is more to do.

    A negative number of pages makes all of it one piece, step by step (FTS5, section 6.7).
    """
    changes = text("SELECT total_changes()")
    before = await session.scalar(changes) or 0
    pages = -MERGED_AT_ONCE if is_first else MERGED_AT_ONCE
    merging = text("INSERT INTO order_search_index (order_search_index, rank) VALUES ('merge', :pages)")
    await session.execute(merging, {"pages": pages})
    return (await session.scalar(changes) or 0) - before >= 2


def _needles(words: Sequence[str]) -> list[str]:
    return [word if len(word) > 2 else GAP + word for word in words]


def _telling(needle: str) -> Iterator[str]:
    """Trigrams of a word, spread evenly. The same few providers stand behind the @ of most addresses."""
    local, at, _ = needle.partition("@")
    told = local if at and len(local) > 4 else needle
    last = len(told) - 3
    for number in range(min(last + 1, MOST_TRIGRAMS)):
        start = number if last < MOST_TRIGRAMS else number * last // (MOST_TRIGRAMS - 1)
        yield told[start : start + 3]
