"""The merchant's greeting: HTML that may hold placeholders, harmless whatever was typed and whoever bought."""

from __future__ import annotations

from collections.abc import Mapping

import nh3
from markupsafe import escape

from portal.placeholders import fill_text

PLACEHOLDERS = ("UserName", "OrderNumber", "Platform")
# No pictures: they would be asked of somebody else's server. No headings: the order is the page's heading.
TAGS = frozenset("a b blockquote br code em hr i li ol p s strong sub sup u ul".split())
ATTRIBUTES = {"a": {"href", "title"}}
SCHEMES = {"http", "https", "mailto", "tel"}
DEFAULT_GREETING = (
    "<p>Hallo {UserName},</p><p>vielen Dank für Ihre Bestellung. Hier finden Sie alles, was dazugehört.</p>"
)


def clean(greeting: str) -> str:
    """The greeting without anything that could act, load or lay out."""
    return nh3.clean(
        greeting,
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        url_schemes=set(SCHEMES),
        link_rel="noopener noreferrer nofollow",
    )


def fill(template_html: str, values: Mapping[str, str]) -> str:
    """Puts plain-text values into the greeting. An unknown placeholder stays as it was typed.

    Cleaned again afterwards: a value may have landed in a link, and what is stored may come from an older rule.
    """
    escaped = {name: str(escape(value)) for name, value in values.items()}
    return clean(fill_text(template_html, escaped))
