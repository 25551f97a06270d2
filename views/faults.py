"""What a wrong entry is told: what fits, with an example, in the reader's language."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import inspect

from portal.refusals import Fault
from views.sentences import Sentence, counted, said

SERIES = said("Letters without accents, digits and - _ / . fit here, and {year} once, such as RE-{year}-.")
# By field name, where the type alone does not say what is meant.
EXAMPLES = {
    "email": said("Please enter a mail address such as hallo@example.org."),
    "from_address": said("Please enter a mail address such as hallo@example.org."),
    "country": said("Please enter two capital letters such as DE."),
    "accent_colour": said("Please enter a colour such as #0d596d."),
    "imprint_url": said("Please enter a whole address such as https://example.org/imprint."),
    "privacy_url": said("Please enter a whole address such as https://example.org/privacy."),
    "terms_url": said("Please enter a whole address such as https://example.org/terms."),
    "client_id": said("A client ID has no blanks and no umlauts. Copy it once more from PayPal."),
    "client_secret": said(
        "A client secret has no blanks and no umlauts. Copy it once more from PayPal."
    ),
    "invoice_series": SERIES,
    "credit_note_series": SERIES,
    "image": said("This image is not there any more."),
    "smtp_host": said("Please enter a server name such as mail.example.org."),
    "timezone": said("Please name a zone such as Europe/Berlin."),
}
NO_NAME = said("Please enter a name.")
# By code, where that says more.
BY_CODE = {
    "iban-shape": said("This is no IBAN: two letters, two digits, then the account. A German one has 22 characters."),
    "iban-check-digits": said("The check digits of this IBAN do not fit: part of it is mistyped."),
    "bic-shape": said("A BIC has 8 or 11 letters and digits, such as BYLADEM1001."),
    "vat-id-country": said("A VAT identification number begins with the two letters of a country, such as DE."),
    "vat-id-shape": said("Numbers of this country look otherwise. A German one is DE and nine digits."),
    "fixed": said("This series has begun, and its numbers go on: where it began cannot be changed."),
    "series-meet": said("Numbers of this series could be those of another one that is in use. Let it begin otherwise."),
    "vat-id-check-digit": said("The check digit of this number does not fit: one of its digits is mistyped."),
}
UNFIT = said("This does not fit here.")


def told_of(faults: Sequence[Fault]) -> dict[str, Sentence]:
    """What only a look at the whole could find, by field name."""
    named = {fault.pointer.removeprefix("#/").partition("/")[0]: fault.code for fault in faults}
    return {name: BY_CODE.get(code) or EXAMPLES.get(name, UNFIT) for name, code in named.items()}


def advice(name: str, kind: inspect.Type, code: str, typed: str) -> Sentence:
    """`kind` and `code` as the API's check found them."""
    match kind, code:
        case inspect.UnionType(types=types), "too-long":
            return advice(name, _besides_null(types), code, typed)
        case inspect.UnionType(), _ if name in EXAMPLES:
            return EXAMPLES[name]
        case inspect.UnionType(types=types), _:
            return _or_empty(_besides_null(types))
        case inspect.Metadata(type=inner), _:
            return advice(name, inner, code, typed)
        case inspect.IntType() | inspect.FloatType(), _:
            return _number(kind)
        case inspect.StrType(max_length=int(most)), "too-long":
            return too_long(len(typed), most)
        case inspect.StrType(), "too-short":
            return said("Please enter something here.")
        case _:
            return EXAMPLES.get(name, UNFIT)


def too_long(length: int, most: int) -> Sentence:
    return counted(
        "At most %(most)s characters fit here; this is %(count)s.",
        "At most %(most)s characters fit here; these are %(count)s.",
        length,
        most=most,
    )


def unfit_name(name: str, most: int) -> Sentence | None:
    """Why nothing can bear that name, or None."""
    if not name:
        return NO_NAME
    return too_long(len(name), most) if len(name) > most else None


def _besides_null(types: Sequence[inspect.Type]) -> inspect.Type:
    return next(each for each in types if not isinstance(each, inspect.NoneType))


def _or_empty(kind: inspect.Type) -> Sentence:
    match kind:
        case inspect.IntType(ge=int(low), le=int(high)):
            return said(
                "Please enter a whole number from %(low)s to %(high)s, or leave this empty.", low=low, high=high
            )
        case _:
            return UNFIT


def _number(kind: inspect.Type) -> Sentence:
    match kind:
        case inspect.IntType(ge=int(low), le=int(high)):
            return said("Please enter a whole number from %(low)s to %(high)s.", low=low, high=high)
        case inspect.FloatType(ge=int() | float() as low, le=int() | float() as high):
            return said("Please enter a number from %(low)s to %(high)s.", low=str(int(low)), high=str(int(high)))
        case _:
            return UNFIT
