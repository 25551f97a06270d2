"""The part of the history that speaks of where orders come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from views.admin.told import Told, in_their_words, text_of
from views.sentences import Sentence, counted, said


def _unread(told: Told) -> Sentence:
    count = told.get("count")
    return counted(
        "One order of %(name)s could not be taken over (%(orders)s): %(why)s",
        "%(count)s orders of %(name)s could not be taken over (%(orders)s): %(why)s",
        count if isinstance(count, int) else 1,
        name=text_of(told, "name"),
        orders=text_of(told, "orders"),
        why=text_of(told, "detail"),
    )


def _imported(told: Told) -> Sentence:
    return said(
        "%(name)s was imported: %(created)s new, %(updated)s changed, %(unchanged)s unchanged, %(failed)s not taken",
        **{name: text_of(told, name) for name in ("name", "created", "updated", "unchanged", "failed")},
    )


SENTENCES: Mapping[str, Callable[[Told], Sentence]] = {
    "source_added": lambda told: said("Source %(name)s connected", name=text_of(told, "name")),
    "source_changed": lambda told: said("Source %(name)s changed", name=text_of(told, "name")),
    "source_removed": lambda told: said("Source %(name)s removed", name=text_of(told, "name")),
    "source_failing": lambda told: said(
        "No orders can be fetched from %(name)s: %(why)s", name=text_of(told, "name"), why=in_their_words(told)
    ),
    "source_orders_unread": _unread,
    "csv_imported": _imported,
    "csv_file_removed": lambda told: said("The file %(name)s was removed", name=text_of(told, "name")),
    "csv_preset_kept": lambda told: said("Mapping %(name)s kept", name=text_of(told, "name")),
    "csv_preset_renamed": lambda told: said(
        "Mapping %(before)s is now called %(name)s", before=text_of(told, "before"), name=text_of(told, "name")
    ),
    "csv_preset_removed": lambda told: said("Mapping %(name)s deleted", name=text_of(told, "name")),
    "source_webhooks_registered": lambda told: said(
        "The shop of %(name)s reports changes by itself from now on", name=text_of(told, "name")
    ),
    "source_webhook_registration_failed": lambda told: said(
        "The service of %(name)s does not report changes by itself, it is asked every five minutes instead: %(why)s",
        name=text_of(told, "name"),
        why=text_of(told, "error"),
    ),
    "source_payment_reported": lambda told: said("%(name)s was told that money came in", name=text_of(told, "name")),
    "source_invoice_reported": lambda told: said(
        "%(name)s was told of invoice %(number)s", name=text_of(told, "name"), number=text_of(told, "number")
    ),
    "source_report_failed": lambda told: said(
        "The source of the order could not be told of a payment or an invoice: %(why)s", why=text_of(told, "error")
    ),
    "webhook_delivery_retried": lambda told: said(
        "What %(name)s had sent is tried once more", name=text_of(told, "name")
    ),
}
