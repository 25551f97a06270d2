"""What has to be said of a source before its orders can be fetched, by kind."""

from __future__ import annotations

from collections.abc import Mapping

from db.sources import Source, SourceKind
from portal.sealed_options import Option, Options

PURPOSE = "source"
WEBHOOK_SECRET = "webhook_secret"  # noqa: S105 (the name of an option)
OPTIONS: Mapping[SourceKind, tuple[Option, ...]] = {
    SourceKind.API: (),
    SourceKind.CSV: (),
    SourceKind.BILLBEE: (
        Option("username"),
        Option("password", is_secret=True),
        Option("api_key", is_secret=True),
        Option(WEBHOOK_SECRET, is_secret=True, is_needed=False),
    ),
    # Without the key nothing is fetched, and webhooks alone bring orders.
    SourceKind.WOOCOMMERCE: (
        Option("base_url", names_reader=True),
        Option("consumer_key", is_needed=False),
        Option("consumer_secret", is_secret=True, is_needed=False),
        Option(WEBHOOK_SECRET, is_secret=True, is_needed=False),
    ),
}
FETCHED_WITH: Mapping[SourceKind, tuple[str, ...]] = {
    SourceKind.BILLBEE: ("username", "password", "api_key"),
    SourceKind.WOOCOMMERCE: ("consumer_key", "consumer_secret"),
}
SWITCHED_OFF = "This source is switched off, and takes no orders."


def of(kind: SourceKind) -> Options:
    return Options(PURPOSE, OPTIONS[kind])


def shown(row: Source) -> dict[str, str]:
    """What may be told of the options."""
    return of(row.kind).shown(row.options)


def set_secrets(row: Source) -> list[str]:
    """Which secrets are there, by name."""
    return of(row.kind).set_secrets(row.options)


def is_fetched(row: Source) -> bool:
    """Whether its orders can be asked for: by kind, and with a key. Others are brought."""
    needed = FETCHED_WITH.get(row.kind)
    return needed is not None and all(row.options.get(name) for name in needed)
