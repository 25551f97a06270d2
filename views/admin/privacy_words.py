"""The words for what is kept, what was removed, and what stays."""

from __future__ import annotations

from collections.abc import Mapping

from portal.retention_clocks import Clock
from portal.subjects import KeptKind
from views.sentences import Sentence, plain, said

CLOCKS: Mapping[str, Sentence] = {
    Clock.VISITS: said("Openings and addresses of visitors"),
    Clock.WORK: said("Calls of services and finished jobs"),
    Clock.RUNS: said("Runs of automations"),
    Clock.MESSAGES: said("Mails"),
    Clock.ORDERS: said("Buyers of orders"),
    Clock.WAIVERS: said("Proof of consents"),
}
KEPT: Mapping[KeptKind, Sentence] = {
    KeptKind.INVOICE: said("Invoice"),
    KeptKind.CREDIT_NOTE: said("Credit note"),
    KeptKind.PAYMENT: said("Payment"),
    KeptKind.WAIVER: said("Proof of the consent"),
}
REASONS: Mapping[KeptKind, Sentence] = {
    KeptKind.INVOICE: said("§ 147 (3) AO, § 14b (1) UStG: eight years"),
    KeptKind.CREDIT_NOTE: said("§ 147 (3) AO, § 14b (1) UStG: eight years"),
    KeptKind.PAYMENT: said("§ 147 (3) AO: eight years"),
    KeptKind.WAIVER: said("Art. 17 (3) (e) GDPR: defence of legal claims"),
}
REMOVED: Mapping[str, Sentence] = {
    "order": said("Orders that name no buyer any more"),
    "address": said("Addresses"),
    "billing_correction": said("Corrections of addresses"),
    "order_tag": said("Tags"),
    "link_observation": said("Openings of the portal link"),
    "message": said("Mails"),
    "outbox": said("Waiting jobs"),
    "webhook_delivery": said("Calls of services"),
    "source_fault": said("Reports of sources"),
    "csv_report_row": said("Lines of import reports"),
    "csv_file": said("Imported files"),
}
FOUND: Mapping[str, Sentence] = {
    "invoice": said("Invoices"),
    "payment": said("Payments"),
    "waiver": said("Consents"),
    "download": said("Downloads"),
    "message": said("Mails"),
}


def counted(counts: Mapping[str, object], words: Mapping[str, Sentence]) -> tuple[tuple[Sentence, int], ...]:
    """In the order of the words, and only what there was."""
    found = {name: count for name, count in counts.items() if isinstance(count, int) and count}
    names = [*(name for name in words if name in found), *(name for name in found if name not in words)]
    return tuple((words.get(name) or plain(name), found[name]) for name in names)
