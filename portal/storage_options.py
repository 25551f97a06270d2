"""What has to be said of a storage before it can be opened, by kind. Secrets go in sealed and never come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from db.storages import Storage, StorageKind
from portal.refusals import Fault
from portal.vault import Vault

PURPOSE = "storage"


@dataclass(frozen=True)
class Option:
    """`names_reader`: whoever is named here gets to read the secrets, so that another name needs them anew."""

    name: str
    is_secret: bool = False
    is_needed: bool = True
    names_reader: bool = False


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
    StorageKind.LOCAL: (Option("root"),),
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


def secrets_of(kind: StorageKind) -> frozenset[str]:
    return frozenset(option.name for option in OPTIONS[kind] if option.is_secret)


def shown(row: Storage) -> dict[str, str]:
    """What may be told of the options."""
    return {name: value for name, value in row.options.items() if name not in secrets_of(row.kind)}


def set_secrets(row: Storage) -> list[str]:
    """Which secrets are there, by name."""
    return sorted(name for name in secrets_of(row.kind) if row.options.get(name))


def faults(kind: StorageKind, options: Mapping[str, str]) -> Iterator[Fault]:
    """Every wrong place that can be seen without opening the storage."""
    known = {option.name for option in OPTIONS[kind]}
    for name in options.keys() - known:
        yield Fault(f"#/options/{name}", "unknown-option", f"Known are {', '.join(sorted(known))}.")
    for option in OPTIONS[kind]:
        value = options.get(option.name, "")
        if not value.isprintable():
            yield Fault(f"#/options/{option.name}", "unprintable", "There are characters in it that nobody can see.")
        elif option.is_needed and not value.strip() and kind is not StorageKind.LOCAL:
            yield Fault(f"#/options/{option.name}", "missing", "This is needed.")


def merged(row: Storage, given: Mapping[str, str], vault: Vault) -> dict[str, str]:
    """The options as they shall be, secrets readable: one that is not named stays, unless another would get to read it.

    Raises portal.vault.Unreadable.
    """
    if any(option.names_reader and _differs(option, row, given) for option in OPTIONS[row.kind]):
        return dict(given)
    kept = {name: row.options[name] for name in set_secrets(row) if name not in given}
    return {**opened(row.kind, kept, vault), **given}


def _differs(option: Option, row: Storage, given: Mapping[str, str]) -> bool:
    return given.get(option.name, "") != row.options.get(option.name, "")


def sealed(kind: StorageKind, options: Mapping[str, str], vault: Vault) -> dict[str, str]:
    """As they are stored: what is empty is left out."""
    secret = secrets_of(kind)
    return {name: vault.sealed(PURPOSE, value) if name in secret else value for name, value in options.items() if value}


def opened(kind: StorageKind, options: Mapping[str, str], vault: Vault) -> dict[str, str]:
    """As a storage takes them. Raises portal.vault.Unreadable."""
    secret = secrets_of(kind)
    return {name: vault.opened(PURPOSE, value) if name in secret else value for name, value in options.items()}
