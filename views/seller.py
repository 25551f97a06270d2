"""The merchant as every page of theirs shows them: name, contact, legal links."""

from __future__ import annotations

import re
from dataclasses import dataclass

from portal.dossiers import SellerFacts
from views.sentences import Sentence, said
from views.wording import write_to


@dataclass(frozen=True, kw_only=True)
class LegalLink:
    label: Sentence
    url: str


@dataclass(frozen=True, kw_only=True)
class Seller:
    """`address` is where a click on "write to the shop" leads, empty where there is no such way."""

    name: str
    email: str
    phone: str
    dial: str
    address: str
    write: Sentence
    links: tuple[LegalLink, ...]

    @staticmethod
    def of(facts: SellerFacts, fallback: str = "") -> Seller:
        """`fallback` is a name for a merchant who has not given theirs yet."""
        name = facts.name or fallback
        dial = re.sub(r"[^\d+]", "", facts.phone)
        return Seller(
            name=name,
            email=facts.email,
            phone=facts.phone,
            dial=dial,
            address=f"mailto:{facts.email}" if facts.email else f"tel:{dial}" if dial else "",
            write=write_to(name) if facts.email else said("Call the shop"),
            links=_links(facts),
        )


def _links(facts: SellerFacts) -> tuple[LegalLink, ...]:
    known = (
        (said("Legal notice"), facts.imprint_url),
        (said("Privacy"), facts.privacy_url),
        (said("Terms"), facts.terms_url),
    )
    return tuple(LegalLink(label=label, url=url) for label, url in known if url)
