"""`{UserName}` and its like in texts that the merchant writes. An unknown one stays as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

PLACEHOLDER = re.compile(r"\{([A-Za-z][A-Za-z0-9]*)\}")
STAMP = ("UserName", "OrderNumber", "OrderDate", "Platform")


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """Plain text in, plain text out. A value that looks like a placeholder is not filled again."""
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def unknown(text: str, known: Collection[str]) -> tuple[str, ...]:
    """Names in braces that nothing will fill, each once, in the order of the text."""
    named = (match[1] for match in PLACEHOLDER.finditer(text))
    return tuple(dict.fromkeys(name for name in named if name not in known))
