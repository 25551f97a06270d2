"""Automations in words: what they wait for, what they ask, what they do, and why they did nothing."""

from __future__ import annotations

from collections.abc import Mapping

from db.automations import Match, RunState, Trigger
from portal.actions import ActionKind
from portal.conditions import ConditionKind, Op
from portal.skips import Skip
from views.sentences import Sentence, counted, plain, said

TRIGGERS: Mapping[Trigger, Sentence] = {
    Trigger.ORDER_IMPORTED: said("An order comes in"),
    Trigger.ORDER_PAID: said("An order is paid, or comes in paid"),
    Trigger.STATE_CHANGED: said("The state of an order changes"),
    Trigger.PAYMENT_RECEIVED: said("A payment arrives"),
    Trigger.PAYMENT_REVERSED: said("A payment is taken back"),
    Trigger.INVOICE_CREATED: said("An invoice is there"),
    Trigger.ORDER_CANCELLED: said("An order is cancelled"),
    Trigger.FILE_DOWNLOADED: said("A file is downloaded"),
    Trigger.INVOICE_DOWNLOADED: said("A customer asks for the invoice"),
    Trigger.MANUAL: said("Only when I run it at an order"),
}
MATCHES: Mapping[Match, Sentence] = {
    Match.ALL: said("All conditions hold"),
    Match.ANY: said("One of the conditions holds"),
}
CONDITIONS: Mapping[ConditionKind, Sentence] = {
    ConditionKind.HAS_FILES: said("There is something to download"),
    ConditionKind.HAS_DIGITAL_LINE: said("Something digital was bought"),
    ConditionKind.STATE: said("State"),
    ConditionKind.PAYMENT_STATE: said("Payment state"),
    ConditionKind.SOURCE: said("Source"),
    ConditionKind.PLATFORM: said("Platform"),
    ConditionKind.SKU: said("Bought SKU"),
    ConditionKind.COUNTRY: said("Country of an address"),
    ConditionKind.LOCALE: said("Language of the order"),
    ConditionKind.TOTAL: said("Total of the order"),
    ConditionKind.PAYMENT_METHOD: said("Method of payment"),
    ConditionKind.TAG: said("Tag"),
    ConditionKind.BUYER_KIND: said("Kind of buyer"),
    ConditionKind.DUE: said("Amount still open"),
}
OPS: Mapping[Op, Sentence] = {
    Op.IN: said("is one of"),
    Op.NOT_IN: said("is none of"),
    Op.GTE: said("is at least"),
    Op.LTE: said("is at most"),
    Op.IS: said("is"),
}
ACTIONS: Mapping[ActionKind, Sentence] = {
    ActionKind.SEND_MESSAGE: said("Send a message"),
    ActionKind.CREATE_INVOICE: said("Create the invoice"),
    ActionKind.ADD_TAG: said("Add a tag"),
    ActionKind.REMOVE_TAG: said("Remove a tag"),
    ActionKind.SET_STATE: said("Set the state"),
    ActionKind.NOTIFY_MERCHANT: said("Notify me"),
}
SKIPS: Mapping[Skip, Sentence] = {
    Skip.SWITCHED_OFF: said("it is switched off"),
    Skip.NO_BASE_URL: said("TRESEN_BASE_URL is not set"),
    Skip.TRIGGER_CHANGED: said("the automation waits for something else by now"),
    Skip.NO_MAIL_SERVER: said("no mail server is set up"),
    Skip.ORDER_REMOVED: said("the order was removed"),
    Skip.ORDER_DEAD: said("the order is cancelled or refunded"),
    Skip.LOOP: said("automations set each other off again and again"),
    Skip.INITIAL_IMPORT: said("what would have set it off had happened long before it came in"),
    Skip.CONDITIONS: said("its conditions do not hold"),
    Skip.ALREADY_SENT: said("this message was sent for the order before"),
    Skip.NO_ADDRESS: said("the order has no mail address that can be used"),
    Skip.RELAY_ADDRESS: said("the mail address is one that a marketplace lends"),
    Skip.NO_TEMPLATE: said("the message is not there any more"),
    Skip.NOTHING_TO_DO: said("there was nothing to do"),
    Skip.NO_INVOICE: said("no invoice could be created"),
    Skip.DISCARDED: said("the automations were paused, and what was held has been dropped"),
}
STATES: Mapping[RunState, tuple[str, Sentence]] = {
    RunState.NEW: ("wait", said("Due now")),
    RunState.WAITING: ("wait", said("Waits")),
    RunState.HELD: ("wait", said("Paused")),
    RunState.DONE: ("ok", said("Ran")),
    RunState.SKIPPED: ("", said("Skipped")),
    RunState.FAILED: ("stop", said("Given up")),
}


def why(reason: str) -> Sentence:
    """A reason as it was noted, which an older or newer Tresen may have worded."""
    return SKIPS[Skip(reason)] if reason in set(Skip) else plain(reason)


def wait(minutes: int) -> Sentence:
    """A delay in its largest whole unit."""
    if minutes and minutes % 1440 == 0:
        return counted("after %(count)s day", "after %(count)s days", minutes // 1440)
    if minutes and minutes % 60 == 0:
        return counted("after %(count)s hour", "after %(count)s hours", minutes // 60)
    if minutes:
        return counted("after %(count)s minute", "after %(count)s minutes", minutes)
    return said("at once")
