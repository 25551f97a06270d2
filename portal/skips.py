"""Why an automation was turned away."""

from __future__ import annotations

from enum import StrEnum


class Skip(StrEnum):
    """Why an automation, or one of its actions, did nothing."""

    SWITCHED_OFF = "switched-off"
    NO_BASE_URL = "no-base-url"
    TRIGGER_CHANGED = "trigger-changed"
    NO_MAIL_SERVER = "no-mail-server"
    ORDER_REMOVED = "order-removed"
    ORDER_DEAD = "order-dead"
    LOOP = "loop"
    INITIAL_IMPORT = "initial-import"
    CONDITIONS = "conditions"
    ALREADY_SENT = "already-sent"
    NO_ADDRESS = "no-address"
    RELAY_ADDRESS = "relay-address"
    NO_TEMPLATE = "no-template"
    NOTHING_TO_DO = "nothing-to-do"
    NO_INVOICE = "no-invoice"
    DISCARDED = "discarded"
