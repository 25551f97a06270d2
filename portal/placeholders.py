"""`{UserName}` and its like in texts that the merchant writes. An unknown one stays as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

PLACEHOLDER = re.compile(r"\{([A-Za-z][A-Za-z0-9]*)\}")
# What its writer may have meant as one: anything short between braces, or a brace that nothing closes.
BRACED = re.compile(r"\{[^{}\n<>]{1,40}\}|\{\w{0,40}")
STAMP = ("UserName", "OrderNumber", "OrderDate", "Platform")


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """Plain text in, plain text out. A value that looks like a placeholder is not filled again."""
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def unknown(text: str, known: Collection[str]) -> tuple[str, ...]:
    """What stands in braces and that nothing will fill, braces and all, each once, in the order of the text.

    Of `{UserName` without an end the word is told, or the brace alone.
    """
    found = (match[0] for match in BRACED.finditer(text))
    return tuple(dict.fromkeys(braced for braced in found if braced[1:-1] not in known or braced[-1] != "}"))
