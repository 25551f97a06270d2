"""The form in which customers correct their billing address before there is an invoice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from portal import billing_corrections
from portal.billing_addresses import BillingAddress
from portal.dossiers import Dossier
from portal.refusals import Fault
from views.sentences import Sentence, said

COMPLAINTS = {
    "missing": said("This is needed on an invoice."),
    "unknown-country": said("Please choose a country."),
    "other-country": said("The country cannot be changed here, because it decides about the tax. Please ask the shop."),
    "unprintable": said("This has characters that cannot be printed, such as emoji."),
    "too-long": said("This is too long for an address."),
}


@dataclass(frozen=True)
class TypedAddress:
    """What came with a form that could not be taken, and what was wrong with it."""

    address: BillingAddress
    faults: Sequence[Fault]


@dataclass(frozen=True, kw_only=True)
class AddressForm:
    """`errors` by field name; the form stands open where there are any."""

    action: str
    address: BillingAddress
    errors: Mapping[str, Sentence] = field(default_factory=dict)

    @staticmethod
    def of(dossier: Dossier, path: str, typed: TypedAddress | None = None) -> AddressForm | None:
        """None where nothing can be corrected."""
        if dossier.billing is None or billing_corrections.refusal(dossier):
            return None
        return AddressForm.filled(f"{path}/billing-address", dossier.billing, typed)

    @staticmethod
    def filled(action: str, address: BillingAddress, typed: TypedAddress | None) -> AddressForm:
        """With what was typed, if something was, else with the address that counts."""
        if typed is None:
            return AddressForm(action=action, address=address)
        errors = {fault.pointer.removeprefix("#/"): COMPLAINTS[fault.code] for fault in typed.faults}
        return AddressForm(action=action, address=typed.address, errors=errors)
