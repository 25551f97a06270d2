"""What has to be said of something before it can be reached. Secrets go in sealed and never come out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from portal.refusals import Fault
from portal.vault import Vault

Given = Annotated[dict[str, Annotated[str, Meta(max_length=2000)]], Meta(max_length=50)]


class OptionsRefused(Exception):
    """These options cannot work; `option` is the faulty one, the text says what to do."""

    def __init__(self, option: str, detail: str) -> None:
        super().__init__(detail)
        self.option = option


@dataclass(frozen=True)
class Option:
    """`names_reader`: whoever is named here gets to read the secrets, so that another name needs them anew."""

    name: str
    is_secret: bool = False
    is_needed: bool = True
    names_reader: bool = False


@dataclass(frozen=True)
class Options:
    """The options of one kind of thing; `purpose` is what the vault seals them for."""

    purpose: str
    asked: Sequence[Option]

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(option.name for option in self.asked if option.is_secret)

    def shown(self, stored: Mapping[str, str]) -> dict[str, str]:
        """What may be told of the options."""
        return {name: value for name, value in stored.items() if name not in self.secrets}

    def set_secrets(self, stored: Mapping[str, str]) -> list[str]:
        """Which secrets are there, by name."""
        return sorted(name for name in self.secrets if stored.get(name))

    def faults(self, options: Mapping[str, str]) -> Iterator[Fault]:
        """Every wrong place that can be seen without reaching anybody."""
        known = {option.name for option in self.asked}
        for name in options.keys() - known:
            detail = f"Known are {', '.join(sorted(known))}." if known else "This kind has none."
            yield Fault(f"#/options/{name}", "unknown-option", detail)
        for option in self.asked:
            value = options.get(option.name, "")
            if not value.isprintable():
                yield Fault(
                    f"#/options/{option.name}", "unprintable", "There are characters in it that nobody can see."
                )
            elif option.is_needed and not value.strip():
                yield Fault(f"#/options/{option.name}", "missing", "This is needed.")

    def merged(self, stored: Mapping[str, str], given: Mapping[str, str], vault: Vault) -> dict[str, str]:
        """The options as they shall be, secrets readable. One that is not named stays, unless another would read it.

        Raises portal.vault.Unreadable.
        """
        if any(option.names_reader and _differs(option, stored, given) for option in self.asked):
            return dict(given)
        kept = {name: stored[name] for name in self.set_secrets(stored) if name not in given}
        return {**self.opened(kept, vault), **given}

    def sealed(self, options: Mapping[str, str], vault: Vault) -> dict[str, str]:
        """As they are stored: what is empty is left out."""
        return {
            name: vault.sealed(self.purpose, value) if name in self.secrets else value
            for name, value in options.items()
            if value
        }

    def opened(self, stored: Mapping[str, str], vault: Vault) -> dict[str, str]:
        """As they are used. Raises portal.vault.Unreadable."""
        return {
            name: vault.opened(self.purpose, value) if name in self.secrets else value for name, value in stored.items()
        }


def _differs(option: Option, stored: Mapping[str, str], given: Mapping[str, str]) -> bool:
    return given.get(option.name, "") != stored.get(option.name, "")
