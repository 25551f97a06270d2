"""The few marks that the handbook is written in, as HTML: headings, paragraphs, lists, pictures; bold, italics, code.

The texts are our own and lie beside the templates, one file for each tab and language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

from markupsafe import Markup, escape

from views.assets import ASSETS

FOLDER = Path(__file__).parent / "handbook"
PICTURE = re.compile(r"!\[([^\]]*)\]\(([a-z_]+\.png)\)")
NUMBERED = re.compile(r"\d+\. ")
INLINE = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*([^*]+)\*\*"), r"<b>\1</b>"),
    (re.compile(r"\*([^*]+)\*"), r"<em>\1</em>"),
)


@cache
def read(topic: str, language: str) -> tuple[str, Markup]:
    """The title and the rest of a page, such as `files` in `de`."""
    first, _, rest = (FOLDER / language / f"{topic}.md").read_text(encoding="utf-8").partition("\n")
    return first.removeprefix("# "), Markup("\n").join(_blocks(rest))


def _blocks(text: str) -> Iterator[Markup]:
    for kind, lines in groupby(filter(None, text.splitlines()), _kind):
        if kind in ("ul", "ol"):
            items = (_inline(NUMBERED.sub("", line, 1).removeprefix("- ")) for line in lines)
            yield Markup("<{0}>{1}</{0}>").format(kind, Markup("").join(Markup("<li>{}</li>").format(i) for i in items))
        else:
            yield from (_block(kind, line) for line in lines)


def _kind(line: str) -> str:
    if line.startswith("## "):
        return "h2"
    if NUMBERED.match(line):
        return "ol"
    return "ul" if line.startswith("- ") else "p"


def _block(kind: str, line: str) -> Markup:
    if found := PICTURE.fullmatch(line):
        address = ASSETS.address_of(f"handbook/{found[2]}")
        return Markup('<p><img src="{}" alt="{}" loading="lazy"></p>').format(address, found[1])
    return Markup("<{0}>{1}</{0}>").format(kind, _inline(line.removeprefix("## ")))


def _inline(line: str) -> Markup:
    html = str(escape(line))
    for mark, element in INLINE:
        html = mark.sub(element, html)
    return Markup(html)  # noqa: S704 (escaped above; the elements are ours)
