"""Mail addresses that a marketplace lends for one order, so that buyer and seller write through it.

Marketplaces forbid to lead their buyers elsewhere, and mails with links mostly get lost on the way.
"""

from __future__ import annotations

import re

RELAYS = re.compile(r"(^|\.)(marketplace\.amazon\.[a-z.]+|members\.ebay\.[a-z.]+|etsy\.com)$")


def is_relay(address: str) -> bool:
    return RELAYS.search(address.strip().rpartition("@")[2].lower()) is not None
