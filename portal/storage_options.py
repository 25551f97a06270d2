"""What has to be said of a storage before it can be opened, by kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from db.storages import Storage, StorageKind
from portal.refusals import Fault
from portal.sealed_options import Option, Options
from portal.vault import Vault

PURPOSE = "storage"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 (the name of an option)
ROOT = Option("root", is_needed=False)
# `refresh_token` is needed to open a storage, not to write it down: it comes when the merchant agrees at the service.
GRANTED = (
    Option("client_id", names_reader=True),
    Option("client_secret", is_secret=True),
    Option(REFRESH_TOKEN, is_secret=True, is_needed=False),
    ROOT,
)
OPTIONS: Mapping[StorageKind, tuple[Option, ...]] = {
    StorageKind.LOCAL: (ROOT,),
    StorageKind.S3: (
        Option("endpoint", names_reader=True),
        Option("region", is_needed=False),
        Option("bucket"),
        Option("prefix", is_needed=False),
        Option("access_key_id"),
        Option("secret_access_key", is_secret=True),
    ),
    StorageKind.WEBDAV: (
        Option("endpoint", names_reader=True),
        Option("username"),
        Option("password", is_secret=True),
        ROOT,
    ),
    StorageKind.DROPBOX: GRANTED,
    StorageKind.GDRIVE: GRANTED,
    StorageKind.ONEDRIVE: GRANTED,
}


def of(kind: StorageKind) -> Options:
    return Options(PURPOSE, OPTIONS[kind])


def secrets_of(kind: StorageKind) -> frozenset[str]:
    return of(kind).secrets


def shown(row: Storage) -> dict[str, str]:
    """What may be told of the options."""
    return of(row.kind).shown(row.options)


def set_secrets(row: Storage) -> list[str]:
    """Which secrets are there, by name."""
    return of(row.kind).set_secrets(row.options)


def faults(kind: StorageKind, options: Mapping[str, str]) -> Iterator[Fault]:
    """Every wrong place that can be seen without opening the storage."""
    return of(kind).faults(options)


def merged(row: Storage, given: Mapping[str, str], vault: Vault) -> dict[str, str]:
    """The options as they shall be, secrets readable. Raises portal.vault.Unreadable."""
    return of(row.kind).merged(row.options, given, vault)


def sealed(kind: StorageKind, options: Mapping[str, str], vault: Vault) -> dict[str, str]:
    """As they are stored."""
    return of(kind).sealed(options, vault)


def opened(kind: StorageKind, options: Mapping[str, str], vault: Vault) -> dict[str, str]:
    """As a storage takes them. Raises portal.vault.Unreadable."""
    return of(kind).opened(options, vault)
