"""`{UserName}` and its like in texts that the merchant writes. An unknown one stays as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping

PLACEHOLDER = re.compile(r"\{([A-Za-z][A-Za-z0-9]*)\}")


def fill_text(text: str, values: Mapping[str, str]) -> str:
    """Plain text in, plain text out. A value that looks like a placeholder is not filled again."""
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)
